import base64
from typing import Any, NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...actions import get_dialog_action, get_notification
from ...models.lists.row_parser import RowParser
from ...tools.workbook import WorkbookError, clean_text
from ...tools.workbook_reader import MAX_ROWS, RowError, read_list

MAX_SHOWN_ROWS = 200


class Step(NamedTuple):
    """What a row does to the draft. ``row`` is its number in the sheet, ``says`` its cells; ``line`` may be empty."""

    kind: str  # added, changed, retired
    line: models.BaseModel
    row: int = 0
    says: dict[str, Any] | None = None
    vals: dict[str, Any] | None = None


class SrspListImport(models.TransientModel):
    """Takes a version's lines from a workbook of the shape that the export has.

    The whole file is tried out first, with the user's own rights, by the very writes that would import it, and
    taken back: every bad row is shown with its reason, and nothing is written while there is one. Lines are
    matched by their code; lines that the file lacks are taken out, those that the user may change.
    """

    _name = "srsp.list.import"
    _description = "Import of a supervision list"
    _inherit = ["srsp.wizard.mixin"]

    list_id = fields.Many2one(
        "srsp.list", required=True, readonly=True, ondelete="cascade"
    )
    file = fields.Binary("Workbook", attachment=False)
    file_name = fields.Char()
    step = fields.Selection(
        [
            ("choose", "Choose a workbook"),
            ("mend", "Fix the workbook"),
            ("check", "Review the changes"),
        ],
        default="choose",
        required=True,
        readonly=True,
    )
    seen = fields.Json(readonly=True)  # what the user was shown: problems, changes …
    is_stale = fields.Boolean(readonly=True)  # the list moved after it was shown
    body = fields.Html(compute="_compute_body", sanitize=False)

    @api.depends("seen")
    def _compute_body(self):
        for wizard in self:
            wizard.body = wizard.seen and self.env["ir.qweb"]._render(
                "srsp_supervision.srsp_list_import_table",
                {"seen": wizard.seen, "shown": MAX_SHOWN_ROWS},
            )

    def action_export_workbook(self):
        return self.list_id.action_export_workbook()

    def action_check(self):
        """Try the file out and show what it would do, or what is wrong with it."""
        self.ensure_one()
        self._show(*self._examine())
        return self._reopen()

    def action_confirm(self):
        """Do what was shown; if the list has changed meanwhile, show what it would do now."""
        self.ensure_one()
        seen = self.seen
        problems, steps, unchanged = self._examine()
        self._show(problems, steps, unchanged)
        if problems or self.seen != seen:
            self.is_stale = True
            return self._reopen()
        if self._apply(steps):
            raise UserError(self.env._("The list has just been changed: try again."))
        message = self.env._("%(count)s lines were imported.", count=len(steps))
        close = {"type": "ir.actions.act_window_close"}
        return get_notification("success", message, next=close)

    @api.model
    def _open(self, version):
        return self.create({"list_id": version.id})._reopen()

    def _reopen(self):
        return get_dialog_action(self, self.env._("Import a Workbook"))

    def _show(self, problems, steps, unchanged):
        self.seen = {
            "problems": [problem._asdict() for problem in problems],
            "changes": [self._prepare_shown(step) for step in steps],
            "unchanged": unchanged,
            "labels": self.list_id._get_change_labels(),
        }
        self.step = "mend" if problems else "check"
        self.is_stale = False

    def _examine(self):
        """Return ([RowError], [Step], number of unchanged lines); the reasons are sentences."""
        version = self.list_id
        version.check_access("read")
        version._check_open()
        sheet = self._read_file()
        problems = [
            error._replace(reason=self._explain(error.reason)) for error in sheet.errors
        ]
        bad = {problem.row for problem in problems}
        if sheet.header_row in bad:
            return problems, [], 0
        found, steps, unchanged = self._plan(sheet.rows, bad)
        problems += found
        bad |= {problem.row for problem in found}
        with self.env.cr.savepoint() as savepoint:
            problems += self._apply([step for step in steps if step.row not in bad])
            savepoint.rollback()
        return sorted(problems, key=lambda problem: problem.row), steps, unchanged

    def _read_file(self):
        if not self.file:
            raise UserError(self.env._("Choose a workbook first."))
        try:
            sheet = read_list(
                base64.b64decode(self.with_context(bin_size=False).file),
                self.list_id._get_sheet_layout(),
                aliases=self.list_id._get_sheet_aliases(),
            )
        except WorkbookError as error:
            registries = self.env["srsp.registry.import"]
            raise UserError(
                self._explain(error.reason, error.place)
                or registries._describe_file_error(error)
            )
        if not sheet.rows:
            raise UserError(
                self.env._("There is no line under the headings of the workbook.")
            )
        return sheet

    def _plan(self, rows, bad):
        """Return (problems, steps, number of unchanged lines) of the rows that could be read: all but ``bad``."""
        version = self.list_id
        lines = version._get_readable_lines()
        by_code = {clean_text(line.code): line for line in lines}
        parser = RowParser(lines, version.company_id)
        labels = {column.name: column.label for column in version._get_sheet_layout()}
        problems, steps, rows_by_code = [], [], {}
        for number, row in rows:
            code = row["code"]
            twin = rows_by_code.setdefault(code, number)
            if number in bad:
                continue
            line = by_code.get(code, lines.browse())
            vals, found = parser.parse(line, row)
            if code and twin != number:
                reason = self.env._(
                    "Row %(row)s has this code too: give each line a different code.",
                    row=twin,
                )
                found.append(("code", reason))
            if vals and not found:
                found = self._check_division(line, vals)
            problems += [
                RowError(number, labels[name], str(row[name] or ""), reason)
                for name, reason in found
            ]
            if vals:
                kind = "changed" if line else "added"
                steps.append(Step(kind, line, number, row, vals))
        kept = lines.filtered(lambda line: clean_text(line.code) in rows_by_code)
        unchanged = len(kept) - sum(step.kind == "changed" for step in steps)
        gone = (lines - kept).filtered("is_editable")
        retired = [Step("retired", line) for line in gone]
        return problems, retired + steps, unchanged

    def _check_division(self, line, vals):
        """[("division_id", why)] when the row belongs to a part that the user may not change now."""
        version = self.list_id
        new = self.env["srsp.division"].browse(vals.get("division_id"))
        for division in line.division_id | new:
            if not version._is_editable(division):
                reason = self.env._(
                    "You cannot edit the part of %(division)s: remove this row, or ask the policy division to open "
                    "the part.",
                    division=division.name,
                )
                return [("division_id", reason)]
        return []

    def _apply(self, steps):
        """Write the steps with the user's own rights; return the problems of those that a rule refused."""
        version = self.list_id
        # Mail goes out by its queue: what is only tried out sends none.
        lines = version._get_lines()[:0].with_context(mail_notify_force_send=False)
        problems = []
        for step in steps:
            try:
                with self.env.cr.savepoint():
                    if step.kind == "retired":
                        step.line.with_env(lines.env).unlink()
                    elif step.kind == "changed":
                        step.line.with_env(lines.env).write(step.vals)
                    else:
                        lines.create({**step.vals, "list_id": version.id})
            except UserError as error:
                name = step.line.display_name if step.kind == "retired" else ""
                problems.append(RowError(step.row, name, "", str(error)))
        return problems

    def _prepare_shown(self, step):
        """A step as the table shows it: {kind, row, name, fields: [[label, before, after]]}."""
        version, name, fields = self.list_id, step.line.display_name, []
        if step.kind == "added":
            name = f"{step.says['code']} {step.says['name']}"
        elif step.kind == "changed":
            before = step.line._get_row()
            for column in version._get_sheet_layout():
                if column.name in step.vals:
                    says = before[column.name], step.says[column.name]
                    values = ["" if value is None else value for value in says]
                    fields.append([column.label, *map(version._format_cell, values)])
        return {"kind": step.kind, "row": step.row, "name": name, "fields": fields}

    def _explain(self, reason, place=""):
        """A reason of ``RowError`` or ``WorkbookError`` as a sentence; None for those that registries explain."""
        return {
            "not_a_number": self.env._("This is not a percentage: write e.g. 5%."),
            "not_an_integer": self.env._("This is not a whole number: write e.g. 2."),
            "not_text": self.env._(
                "The cell holds a date or a logical value: format it as text and type it again."
            ),
            "too_long": self.env._("The text is longer than a cell holds: shorten it."),
            "merged_cell": self.env._(
                "Merged cells hide values: unmerge them and fill in each row."
            ),
            "hidden_row": self.env._(
                "The sheet hides this row, for example by a filter: show all rows, and remove those that do not belong."
            ),
            "missing_column": self.env._(
                "The column is missing: export the list and use that."
            ),
            "unknown_column": self.env._(
                "The list has no such column: remove it, or correct its heading."
            ),
            "duplicate_column": self.env._("The column is there twice: remove one."),
            "not_a_workbook": self.env._("This is not a workbook: save it as .xlsx."),
            "too_large": self.env._(
                "This workbook is too large: keep only the list in it."
            ),
            "too_many_rows": self.env._(
                "A list has at most %(count)s lines: remove the extra lines.",
                count=MAX_ROWS,
            ),
            "formula_error": self.env._(
                "The formula in cell %(cell)s has no result: replace it by its value.",
                cell=place,
            ),
            "no_header": self.env._(
                "No row holds the headings of the list: export the list and use that workbook."
            ),
        }.get(reason)
