import base64
import tempfile

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.identity import mask_all
from ...tools.registry_sheet import SheetWriter
from .srsp_registry_import_words import FILE_REASONS, REASONS

MOST_SHOWN = 1_000  # bad cells on the form
HEADINGS_SHOWN = 10
MOST_BAD_ROWS = 50_000  # in the workbook of bad rows


class SrspRegistryImportError(models.Model):
    """A cell of an import that will not do; at most ``MOST_SHOWN`` are kept, the workbook has more."""

    _name = "srsp.registry.import.error"
    _description = "Bad cell of an import"
    _order = "row, id"
    _rec_name = "reason"

    import_id = fields.Many2one(
        "srsp.registry.import", required=True, index=True, ondelete="cascade"
    )
    row = fields.Integer(readonly=True)
    label = fields.Char("Column", readonly=True)
    value = fields.Char(readonly=True)
    reason = fields.Text(readonly=True)


class SrspRegistryImport(models.Model):
    _inherit = "srsp.registry.import"

    @api.model
    def _describe_file_error(self, error):
        reason = FILE_REASONS.get(
            getattr(error, "reason", ""), FILE_REASONS["not_a_workbook"]
        )
        text = reason._translate(self.env.lang or "en_US")
        return text % {"place": getattr(error, "place", "")}

    def _check_rows(self):
        if self.kind == "target":
            self._match_targets()
            self._check_targets()
            self._show_changes()
        else:
            self._check_inspectors()
        self.sudo()._count_rows()
        self._set_progress(65)

    def _import_rows(self):
        if self.kind == "target":
            self._import_targets()
        else:
            self._import_inspectors()

    def _count_rows(self):
        """Set the counts, as they are before anything is imported."""
        self.env.cr.execute(
            """
            SELECT (SELECT count(DISTINCT row) FROM (SELECT row FROM srsp_import_row
                    UNION SELECT row FROM srsp_import_error) every),
                   (SELECT count(DISTINCT row) FROM srsp_import_error),
                   count(*) FILTER (WHERE target_id IS NULL),
                   count(*) FILTER (WHERE target_id IS NOT NULL AND (target_moves OR entity_moves)),
                   count(*) FILTER (WHERE target_id IS NOT NULL AND NOT (target_moves OR entity_moves))
              FROM srsp_import_good
            """
        )
        names = (
            "row_count bad_count created_count updated_count unchanged_count".split()
        )
        self.write(dict(zip(names, self.env.cr.fetchone())))
        self.proposed_count = self._count_proposed()
        self.missing_count = self._find_missing()

    def _count_proposed(self):
        """How many targets the file proposes for the registry of key targets."""
        if self.kind != "target":
            return 0
        self.env.cr.execute("SELECT count(*) FROM srsp_import_good WHERE proposes")
        [count] = self.env.cr.fetchone()
        return count

    def _finish(self, table):
        """Keep the report; say in one note what came of it."""
        record = self.sudo()
        record._keep_errors(table)
        imported = record.state == "importing"
        record.write(
            {
                "state": "done" if imported else "checked",
                "message": self._get_summary(imported),
                "finished_on": fields.Datetime.now(),
            }
        )
        record._message_log(body=record.message)
        if imported and record.kind == "target":
            self.env.ref("srsp_supervision.ir_cron_count_registries").sudo()._trigger()

    def _get_summary(self, imported):
        text = self._get_outcome(imported)
        if self.proposed_count:
            text += " " + self.env._(
                "Proposed for the registry of key targets: %(count)s.",
                count=self.proposed_count,
            )
        if self.is_full and self.bad_count:
            text += " " + self.env._(
                "What is missing from the file was not looked for: mend the bad rows first."
            )
        elif self.is_full and not imported:
            text += " " + self.env._(
                "Import it to record that its targets were seen today."
            )
        ignored = [c.label for c in self.column_ids if not c._get_name()]
        if ignored:
            text += " " + self.env._(
                "Columns not imported: %(headings)s.",
                headings=", ".join(ignored[:HEADINGS_SHOWN])
                + (" …" if len(ignored) > HEADINGS_SHOWN else ""),
            )
        return text

    def _get_outcome(self, imported):
        counts = {
            "created": self.created_count,
            "updated": self.updated_count,
            "unchanged": self.unchanged_count,
            "bad": self.bad_count,
        }
        if not (
            self.created_count
            or self.updated_count
            or self.proposed_count
            or self.bad_count
        ):
            return self.env._(
                "Nothing to change: all %(unchanged)s rows say what the registry says.",
                **counts,
            )
        if imported:
            return self.env._(
                "Imported: %(created)s new, %(updated)s changed, %(unchanged)s unchanged; %(bad)s bad rows left out.",
                **counts,
            )
        return self.env._(
            "Checked, nothing changed yet: %(created)s new, %(updated)s to change, %(unchanged)s unchanged,"
            " %(bad)s bad rows.",
            **counts,
        )

    def _describe(self, reason, value, other):
        """A reason as a sentence in the user's language."""
        if reason == "refused":  # a message of the registry itself
            return value
        text = REASONS[reason]._translate(self.env.lang or "en_US")
        return text % {"other": other}

    def _keep_errors(self, table):
        self.error_ids.unlink()
        self.write({"error_note": False, "error_file": False, "error_file_name": False})
        if not self.bad_count:
            return
        labels = {
            c.name: c.label._translate(self.env.lang or "en_US")
            for c in self._get_columns(self.kind)
        }
        self.env.cr.execute(
            'SELECT row, "column", value, reason, other FROM srsp_import_error'
            " WHERE row IN (SELECT DISTINCT row FROM srsp_import_error ORDER BY row LIMIT %s)"
            ' ORDER BY row, "column", reason',
            [MOST_BAD_ROWS],
        )
        shown, reasons = [], {}
        for row, name, value, reason, other in self.env.cr.fetchall():
            label, text = labels.get(name, ""), self._describe(reason, value, other)
            reasons.setdefault(row, []).append(f"{label}: {text}" if label else text)
            if len(shown) < MOST_SHOWN:
                shown.append(
                    {
                        "import_id": self.id,
                        "row": row,
                        "label": label,
                        "value": value and mask_all(value),
                        "reason": text,
                    }
                )
        self.env["srsp.registry.import.error"].create(shown)
        self.error_note = self._get_error_note(len(shown))
        self._write_error_file(table, reasons)

    def _get_error_note(self, shown):
        """What of the bad rows is not to be seen, or nothing."""
        self.env.cr.execute("SELECT count(*) FROM srsp_import_error")
        [count] = self.env.cr.fetchone()
        notes = []
        if count > shown:
            notes.append(
                self.env._(
                    "The first %(shown)s of %(count)s bad cells are shown.",
                    shown=shown,
                    count=count,
                )
            )
        if self.bad_count > MOST_BAD_ROWS:
            notes.append(
                self.env._(
                    "The workbook holds the first %(shown)s of %(count)s bad rows: mend those and check again.",
                    shown=MOST_BAD_ROWS,
                    count=self.bad_count,
                )
            )
        return " ".join(notes)

    def _write_error_file(self, table, reasons):
        """The bad rows as they stand in the file, with what is wrong in a last column: mend them and import that."""
        width = max(self.column_ids.mapped("position"), default=0) + 1
        with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
            with SheetWriter(file.name) as sheet:
                for block in table.blocks():
                    for number, cells in enumerate(block.rows, block.first):
                        if number == self.header_row:
                            sheet.add_header(
                                [*_widen(cells, width), self.env._("What is wrong")]
                            )
                        elif number in reasons:
                            sheet.add_row(
                                [*_widen(cells, width), "; ".join(reasons.pop(number))]
                            )
            file.seek(0)
            self.write(
                {
                    "error_file": base64.b64encode(file.read()),
                    "error_file_name": self.env._(
                        "Bad rows of %(file)s.xlsx", file=self.file_name or self.id
                    ),
                }
            )

    def _cancel_missing(self, reason):
        """Remove the listed targets from the registry by their state; for ``srsp.reason``."""
        self._check_may_import()
        self._check_state("done")
        targets = self.missing_target_ids.with_env(self.env)
        targets = targets.filtered(lambda target: target.state != "cancelled")
        targets.write({"state": "cancelled", "state_reason": reason})
        record = self.sudo()
        record.message_post(
            body=self.env._(
                "%(count)s targets missing from the file were removed: %(reason)s",
                count=len(targets),
                reason=reason,
            )
        )
        record.write({"missing_target_ids": False, "missing_count": 0})

    def action_cancel_missing(self):
        self.ensure_one()
        self._check_may_import()
        self._check_state("done")
        if not self.missing_target_ids:
            raise UserError(self.env._("Nothing is missing from the file."))
        return self.env["srsp.reason"]._open(self, "import_cancel_missing")

    def action_keep_missing(self):
        """Leave the listed targets in the registry."""
        self._check_may_import()
        self._check_state("done")
        self.sudo().write({"missing_target_ids": False, "missing_count": 0})


def _widen(cells, width):
    return [*cells, *[""] * (width - len(cells))]
