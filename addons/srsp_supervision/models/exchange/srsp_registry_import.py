import logging

import psycopg2
import psycopg2.errors

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...tools.workbook import WorkbookError

_logger = logging.getLogger(__name__)
WORKING = ("checking", "importing")
MOST_ATTEMPTS = 2  # at an import that the server is too short of time for
MOST_MEETINGS = 3  # with other people's changes to the same rows
MEETINGS = (
    psycopg2.OperationalError,
    psycopg2.errors.UniqueViolation,
    psycopg2.errors.ForeignKeyViolation,
)


class SrspRegistryImport(models.Model):
    """One file for a registry: columns mapped, checked as a whole, then imported in one transaction.

    ``draft`` → (``checking``) → ``checked`` → (``importing``) → ``done``, or ``failed`` when the file cannot be read. A
    scheduled action does the work in the name of ``user_id``. The state moves with the work's own transaction: a
    server that dies leaves ``checking`` or ``importing`` behind, and the next one begins anew, once. How far it is,
    PostgreSQL knows by the name of the working connection.

    An empty cell changes nothing; a row that will not do is left out and reported.
    """

    _name = "srsp.registry.import"
    _description = "Import into a registry"
    _inherit = ["srsp.guard.mixin", "mail.thread"]
    _order = "id desc"
    _rec_name = "file_name"
    _guarded_fields = (
        "state",
        "user_id",
        "company_id",
        "attempts",
        "message",
        "header_row",
        "row_count",
        "created_count",
        "updated_count",
        "unchanged_count",
        "proposed_count",
        "bad_count",
        "missing_count",
        "missing_target_ids",
        "change_ids",
        "error_ids",
        "error_note",
        "error_file",
        "error_file_name",
        "finished_on",
    )

    kind = fields.Selection(
        [("target", "Entities and targets"), ("inspector", "Inspectors")],
        "Registry",
        required=True,
        default="target",
    )
    source = fields.Char(
        required=True,
        help="Where the file comes from, e.g. the credit platform. Its columns are remembered by this name.",
    )
    # Not for who only reads: a file may hold identity numbers that the screen masks.
    file = fields.Binary(
        attachment=True, groups="srsp_supervision.group_division_officer"
    )
    file_name = fields.Char()
    is_full = fields.Boolean(
        "Whole Registry",
        help="The file holds every target of its sectors: those missing from it are listed afterwards.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
    )
    user_id = fields.Many2one(
        "res.users",
        "By",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("checking", "Being checked"),
            ("checked", "Checked"),
            ("importing", "Being imported"),
            ("done", "Done"),
            ("failed", "Failed"),
        ],
        required=True,
        default="draft",
        readonly=True,
    )
    progress = fields.Integer(compute="_compute_progress", help="Per cent")
    attempts = fields.Integer(readonly=True, help="Runs that were begun.")
    message = fields.Char(readonly=True, help="Why it failed, or what came of it.")
    header_row = fields.Integer("Row of the Headings", readonly=True)
    column_ids = fields.One2many("srsp.registry.import.column", "import_id", "Columns")
    row_count = fields.Integer("Rows", readonly=True)
    created_count = fields.Integer("New", readonly=True)
    updated_count = fields.Integer("Changed", readonly=True)
    unchanged_count = fields.Integer("Unchanged", readonly=True)
    proposed_count = fields.Integer(
        "Proposed as Key Targets",
        readonly=True,
        help="The registry of key targets decides on them.",
    )
    bad_count = fields.Integer("Bad Rows", readonly=True)
    missing_count = fields.Integer("Missing from the File", readonly=True)
    change_ids = fields.One2many(
        "srsp.registry.import.change", "import_id", "What Changes", readonly=True
    )
    error_ids = fields.One2many(
        "srsp.registry.import.error", "import_id", "Bad Cells", readonly=True
    )
    error_note = fields.Char(readonly=True)
    error_file = fields.Binary(
        "Bad Rows as a Workbook",
        attachment=True,
        readonly=True,
        groups="srsp_supervision.group_division_officer",
    )
    error_file_name = fields.Char(readonly=True)
    missing_target_ids = fields.Many2many(
        "srsp.target",
        "srsp_registry_import_missing_rel",
        "import_id",
        "target_id",
        "Missing Targets",
        readonly=True,
    )
    finished_on = fields.Datetime(readonly=True)

    def _compute_progress(self):
        """The work's connection is called ``srsp_import/<id>/<per cent>`` while it lasts."""
        self.env.cr.execute(
            "SELECT application_name FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'srsp_import/%'"
        )
        found = [name.split("/")[1:] for [name] in self.env.cr.fetchall()]
        known = {int(import_id): int(percent) for import_id, percent in found}
        for record in self:
            done = 100 if record.state in ("checked", "done") else 0
            record.progress = known.get(record.id, done)

    @api.model_create_multi
    def create(self, vals_list):
        imports = super().create(vals_list)
        for record, vals in zip(imports, vals_list, strict=True):
            if vals.get("file", False) is not False:
                record._read_header()
        return imports

    def write(self, vals):
        given = {"kind", "source", "file", "is_full", "column_ids"} & vals.keys()
        if given and not self.env.su:
            self._check_state("draft", "checked", "failed")
        result = super().write(vals)
        if given and not self.env.su:
            self.sudo().state = "draft"
        if given & {"kind", "source", "file"}:
            self.filtered(
                lambda r: "file" in vals or r._find_attachment()
            )._read_header()
        return result

    def _fail(self, message):
        self.sudo().write({"state": "failed", "message": message, "attempts": 0})

    def _check_may_import(self):
        """Raise unless the user may create what the file would create."""
        model = {"target": "srsp.target", "inspector": "srsp.inspector"}
        for record in self:
            self.env[model[record.kind]].check_access("create")
            if record.user_id != self.env.user:
                raise AccessError(
                    self.env._(
                        "“%(name)s” is imported by %(user)s alone.",
                        name=record.display_name,
                        user=record.user_id.sudo().name,
                    )
                )

    def action_check(self):
        """Check the file as a whole; nothing is changed."""
        self._queue("checking", "draft", "checked", "failed")

    def action_import(self):
        self._queue("importing", "checked")

    def _queue(self, state, *before):
        self._check_may_import()
        self._check_state(*before)
        self._check_columns()
        self.sudo().write({"state": state, "message": False, "attempts": 0})
        self.env.ref("srsp_supervision.ir_cron_registry_import").sudo()._trigger()

    @api.model
    def _cron_run(self):
        waiting = self.search([("state", "in", WORKING)], order="id")
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=len(waiting))
        for record in waiting:
            record.with_context(lang=record.user_id.lang)._run_safely()
            progress._commit_progress(1)

    def _run_safely(self):
        """Run; what goes wrong ends this import and no other."""
        if not self._begin():
            return
        for _again in range(MOST_MEETINGS):
            try:
                if self._lock_working():
                    self._run()
                return
            except MEETINGS as error:
                # Somebody changed the same rows meanwhile: look again.
                self.env.cr.rollback()
                _logger.info("import %s meets other changes: %s", self.id, error)
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("import %s failed", self.id)
                known = isinstance(error, UserError)
                self._fail(
                    str(error)
                    if known
                    else self.env._("The import failed; see the log.")
                )
                return
        self._fail(self.env._("The registry is being changed: try again later."))

    def _begin(self):
        """Tell whether to run, and leave word of it first: a run that is cut off takes back all but this."""
        if not self._lock_working():
            return False
        if self.attempts == MOST_ATTEMPTS:
            self._fail(
                self.env._(
                    "The work was cut off %(count)s times before its end, and nothing was changed. A file of this size"
                    " needs more time: the administrator raises limit_time_real_cron in the server's configuration.",
                    count=MOST_ATTEMPTS,
                )
            )
            return False
        self.attempts += 1
        self.env["ir.cron"]._commit_progress()
        return True

    def _lock_working(self):
        return bool(self.try_lock_for_update().filtered(lambda r: r.state in WORKING))

    def _run(self):
        """Check the file, and import it when that is what was asked for, in the name of the user."""
        self.ensure_one()
        record = self.with_user(self.user_id).with_company(self.company_id)
        record = record.with_context(
            lang=self.user_id.lang,
            tz=self.user_id.tz,
            allowed_company_ids=self.company_id.ids,
        )
        # Rights may have gone since the button was pressed, and attributes.
        record._check_may_import()
        record._check_columns()
        self.env.flush_all()
        try:
            with record._open_table() as table:
                record._stage(table)
                record._check_rows()
                if self.state == "importing":
                    record._import_rows()
                record._finish(table)
        except WorkbookError as error:
            self._fail(record._describe_file_error(error))
        self.env.invalidate_all()
        self._set_progress(None)

    def _set_progress(self, percent):
        """Show how far the work is. Takes effect at once, whatever becomes of the transaction."""
        name = "odoo" if percent is None else f"srsp_import/{self.id}/{int(percent)}"
        self.env.cr.execute("SELECT set_config('application_name', %s, true)", [name])
