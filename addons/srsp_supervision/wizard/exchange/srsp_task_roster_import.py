import base64
import hashlib
import tempfile

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.translate import LazyTranslate

from ...actions import get_dialog_action
from ...models.exchange.srsp_registry_import import MAX_HEADER_ROW
from ...models.exchange.srsp_registry_import_report import REASONS as CELL_REASONS
from ...models.exchange.srsp_registry_table import (
    TARGET_COLUMNS,
    columns_of,
    translate,
)
from ...tools import clock
from ...tools.sql import copy_rows
from ...tools.tables import open_table
from ...tools.tables.cells import CellError, Field, convert, normalise
from ...tools.workbook import WorkbookError

_lt = LazyTranslate(__name__)
MAX_PROBLEMS = 200
COLUMNS = [
    columns_of("roster")("code", _lt("Target Code"), most=64),
    *(c for c in TARGET_COLUMNS if c.name in ("uscc", "permit_number")),
]
REASONS = {
    "missing": _lt("neither target code nor credit code"),
    "unknown": _lt(
        "not in the registry: enter it there first, or have the list corrected"
    ),
    "other_permit": _lt(
        "in the registry, but not with this credit code or permit number"
    ),
    "foreign_sector": _lt(
        "a target of a sector that no item of this task belongs to: add the item, or leave it out"
    ),
    "cancelled": _lt("removed from the registry: have the list corrected"),
    "ambiguous": _lt(
        "several targets of this entity fit: enter the permit number or the target code"
    ),
    "duplicate": _lt("the same target as in row %(other)s"),
}
MATCH = """
CREATE TEMP TABLE srsp_roster_match ON COMMIT DROP AS
WITH candidate AS (
    SELECT r.row, t.id, t.sector_id = ANY(%(sectors)s) AS fits, t.state != 'cancelled' AS here,
           (r.uscc IS NULL OR r.uscc = e.uscc) AND (r.permit_number IS NULL OR r.permit_number = t.permit_number)
               IS TRUE AS agrees
      FROM srsp_roster_row r
      JOIN srsp_target t ON t.code = r.code AND t.company_id = %(company)s
      JOIN srsp_entity e ON e.id = t.entity_id
     UNION ALL
    SELECT r.row, t.id, t.sector_id = ANY(%(sectors)s), t.state != 'cancelled',
           (r.permit_number IS NULL OR r.permit_number = t.permit_number) IS TRUE
      FROM srsp_roster_row r
      JOIN srsp_entity e ON e.uscc = r.uscc AND e.company_id = %(company)s
      JOIN srsp_target t ON t.entity_id = e.id
     WHERE r.code IS NULL
), told AS (
    SELECT r.row, count(c.id) AS known, count(c.id) FILTER (WHERE c.agrees) AS agreeing,
           count(c.id) FILTER (WHERE c.agrees AND c.fits) AS fitting,
           count(c.id) FILTER (WHERE c.agrees AND c.fits AND c.here) AS good,
           min(c.id) FILTER (WHERE c.agrees AND c.fits AND c.here) AS target_id
      FROM srsp_roster_row r LEFT JOIN candidate c ON c.row = r.row GROUP BY r.row
), found AS (
    SELECT told.row, CASE WHEN good = 1 THEN target_id END AS target_id,
           CASE WHEN r.code IS NULL AND r.uscc IS NULL THEN 'missing' WHEN known = 0 THEN 'unknown'
                WHEN agreeing = 0 THEN 'other_permit' WHEN fitting = 0 THEN 'foreign_sector'
                WHEN good = 0 THEN 'cancelled' WHEN good > 1 THEN 'ambiguous' END AS reason
      FROM told JOIN srsp_roster_row r ON r.row = told.row
)
SELECT row, target_id, first AS other,
       CASE WHEN row != first THEN 'duplicate' ELSE reason END AS reason
  FROM (SELECT *, CASE WHEN target_id IS NULL THEN row
                       ELSE min(row) OVER (PARTITION BY target_id) END AS first FROM found) every
"""
PROBLEMS = """
SELECT row, name, coalesce(CASE name WHEN 'code' THEN code WHEN 'uscc' THEN uscc ELSE permit_number END, '') AS value,
       reason, other
  FROM (SELECT m.row, m.reason, m.other, r.code, r.uscc, r.permit_number,
               CASE WHEN m.reason = 'other_permit' AND r.permit_number IS NOT NULL THEN 'permit_number'
                    WHEN m.reason = 'other_permit' OR r.code IS NULL AND r.uscc IS NOT NULL THEN 'uscc'
                    ELSE 'code' END AS name
          FROM srsp_roster_match m JOIN srsp_roster_row r ON r.row = m.row
         WHERE m.reason IS NOT NULL AND m.row != ALL(%(marked)s)) bad
"""


class SrspTaskRosterImport(models.TransientModel):
    """Takes over a list that a higher authority has drawn and sent down (.xlsx or .csv), whole or not at all.

    A row names its target by target code, or by credit code and, where an entity has several, permit number.
    Every bad row is shown with its reason. A list taken over earlier is replaced.
    """

    _name = "srsp.task.roster.import"
    _description = "Import of a list from a higher authority"
    _inherit = ["srsp.wizard.mixin"]

    task_id = fields.Many2one(
        "srsp.task", required=True, readonly=True, ondelete="cascade"
    )
    authority = fields.Char("Drawn By", required=True)
    document = fields.Char("Document Number", required=True)
    issued_on = fields.Date(required=True)
    file = fields.Binary("List File", required=True, attachment=False)
    file_name = fields.Char()
    problems = fields.Json(readonly=True)  # [{row, label, value, reason}], the first
    problem_count = fields.Integer(readonly=True)
    body = fields.Html(compute="_compute_body", sanitize=False)

    @api.constrains("authority", "document")
    def _check_source(self):
        for wizard in self:
            if not wizard.authority.strip() or not wizard.document.strip():
                raise ValidationError(
                    self.env._(
                        "Enter who drew the list and the number of the document with which it was issued: both are "
                        "published."
                    )
                )

    @api.depends("problems")
    def _compute_body(self):
        for wizard in self:
            wizard.body = wizard.problems and self.env["ir.qweb"]._render(
                "srsp_supervision.srsp_task_roster_import_problems",
                {"problems": wizard.problems, "count": wizard.problem_count},
            )

    def action_confirm(self):
        """Take the list over, or show every row that will not do."""
        self.ensure_one()
        task = self.task_id
        task._check_roster_open()
        task.sudo().lock_for_update()
        if self.issued_on > clock.today():
            raise UserError(
                self.env._("The issue date of the document is in the future.")
            )
        data = base64.b64decode(self.with_context(bin_size=False).file)
        problems = self._examine(data)
        self.problems, self.problem_count = problems[:MAX_PROBLEMS], len(problems)
        if problems:
            return get_dialog_action(self, self.env._("Import a List"))
        self._take_over(data)
        task._forget_approval()
        return {"type": "ir.actions.act_window_close"}

    def _examine(self, data):
        """Bring the file's rows into temporary tables; return what is wrong: [{row, label, value, reason}]."""
        self.env.flush_all()
        self.env.cr.execute("DROP TABLE IF EXISTS srsp_roster_row, srsp_roster_match")
        self.env.cr.execute(
            "CREATE TEMP TABLE srsp_roster_row (row integer PRIMARY KEY, code varchar, uscc varchar,"
            " permit_number varchar) ON COMMIT DROP"
        )
        errors = self._stage(data)
        self.env.cr.execute("ANALYZE srsp_roster_row")
        task = self.task_id.sudo()
        self.env.cr.execute(
            MATCH, {"sectors": task.sector_ids.ids, "company": task.company_id.id}
        )
        marked = sorted({error.row for error in errors})
        self.env.cr.execute(PROBLEMS, {"marked": marked})
        errors += [CellError(*row) for row in self.env.cr.fetchall()]
        return [self._prepare_problem(error) for error in sorted(errors)]

    def _stage(self, data):
        """Copy the rows under the headings into ``srsp_roster_row``; return what is wrong with single cells."""
        errors, layout, header, found = [], None, 0, False
        try:
            with tempfile.NamedTemporaryFile() as file:
                file.write(data)
                file.flush()
                for block in open_table(file.name).blocks():
                    if layout is None:
                        layout, header = self._find_layout(block)
                        names = ["row", *(field.name for field in layout)]
                    good, bad = convert(block, layout, header)
                    copy_rows(self.env.cr, "srsp_roster_row", names, good)
                    errors += bad
                    found = found or bool(good or bad)
        except WorkbookError as error:
            reader = self.env["srsp.registry.import"].sudo()
            raise UserError(reader._describe_file_error(error)) from error
        if not found:
            raise UserError(self.env._("There is no row under the headings."))
        return errors

    def _find_layout(self, block):
        """Return ([Field], number of the row with the headings) of the file's first block."""
        table = self.env["srsp.registry.table"]
        known = table._get_headings(COLUMNS)
        for number, row in enumerate(block.rows[:MAX_HEADER_ROW], block.first):
            places = {}
            for place, label in enumerate(row):
                places.setdefault(known.get(normalise(label)), place)
            if "code" in places or "uscc" in places:
                layout = [
                    Field(c.name, places[c.name], table._make_converter(c))
                    for c in COLUMNS
                    if c.name in places
                ]
                return layout, number
        raise UserError(
            self.env._(
                "No row holds the headings: the list needs a column “%(code)s” or “%(uscc)s”.",
                **{name: self._get_label(name) for name in ("code", "uscc")},
            )
        )

    def _get_label(self, name):
        labels = {c.name: translate(self.env, c.label) for c in COLUMNS}
        return labels.get(name, "")

    def _prepare_problem(self, error):
        reason = REASONS.get(error.reason) or CELL_REASONS[error.reason]
        return {
            "row": error.row,
            "label": self._get_label(error.column),
            "value": error.value,
            "reason": translate(self.env, reason) % {"other": error.other},
        }

    def _take_over(self, data):
        """Make the rows the task's list, in place of one taken over earlier."""
        task = self.task_id.sudo()
        self.env.cr.execute(
            "DELETE FROM srsp_task_roster WHERE task_id = %s", [task.id]
        )
        self.env.cr.execute(
            """INSERT INTO srsp_task_roster (task_id, company_id, target_id, row)
               SELECT %s, %s, target_id, row FROM srsp_roster_match ORDER BY row""",
            [task.id, task.company_id.id],
        )
        count = self.env.cr.rowcount
        self.env["srsp.task.roster"].invalidate_model()
        self.env["srsp.target"].invalidate_model(["roster_ids"])
        task.invalidate_recordset(["roster_ids", "roster_count", "target_count"])
        digest = hashlib.sha256(data).hexdigest()
        task.write(
            {
                "external_authority": self.authority.strip(),
                "external_document": self.document.strip(),
                "external_issued_on": self.issued_on,
                "external_file": base64.b64encode(data),
                "external_file_name": self.file_name,
                "external_digest_hex": digest,
            }
        )
        task.message_post(
            body=self.env._(
                "Imported %(document)s of %(authority)s: %(count)s targets, SHA-256 %(digest)s",
                document=self.document,
                authority=self.authority,
                count=count,
                digest=digest,
            )
        )
