"""The report of an import: its messages, its lines, and what is written when it finishes."""

import base64
import tempfile

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from ...tools.identity import mask_all
from ...tools.tables.writer import SheetWriter
from .srsp_registry_table import translate

_lt = LazyTranslate(__name__)
MAX_SHOWN = 1_000  # bad cells on the form
MAX_CHANGES = 50  # on the form
MAX_HEADINGS = 50  # of columns that are not imported
MAX_BAD_ROWS = 50_000  # in the workbook of bad rows
REASONS = {
    "missing": _lt("no value entered"),
    "too_long": _lt("the text is too long"),
    "not_text": _lt(
        "a date or yes/no instead of text: format the cell as text and type it again"
    ),
    "not_a_date": _lt("not a date: enter a real date, or text such as 2026-03-20"),
    "not_a_number": _lt("not a number"),
    "not_whole": _lt("not a whole number"),
    "no_attribute": _lt("the sector of this row does not have this attribute"),
    "out_of_range": _lt(
        "out of range: latitude must be at most 90 and longitude at most 180 degrees"
    ),
    "unknown_value": _lt("not one of the known values"),
    "unknown_sector": _lt("no such sector"),
    "unknown_division": _lt("no such division"),
    "foreign_sector": _lt("a sector of another division"),
    "other_division": _lt("another division is responsible for the sector"),
    "bad_credit_code": _lt(
        "not a valid credit code: 18 digits and capital letters, the last one a check digit"
    ),
    "identity_number": _lt(
        "an identity number, which others would read: leave it out, or enter that of a natural person on the"
        " entity's form, where it is masked"
    ),
    "phone": _lt(
        "a telephone number, which others would read: enter it in the columns of the contact"
    ),
    "formula": _lt("a formula: paste its value"),
    "formula_error": _lt("the formula returns an error"),
    "merged_cell": _lt(
        "merged cells: unmerge them, every cell must have its own value"
    ),
    "hidden_row": _lt(
        "hidden in the sheet, for example by a filter: show all rows if it belongs to the registry"
    ),
    "encoding": _lt("bytes that are not valid characters"),
    "broken_quotes": _lt("unclosed quotation marks"),
    "extra_cells": _lt("more cells than the maximum number of columns"),
    "duplicate": _lt("the same entry as in row %(other)s"),
    "conflict": _lt("differs from row %(other)s of the same entity"),
    "not_exact": _lt(
        "the spreadsheet has lost the last digits of a number: format the cell as text and type it again"
    ),
    "unknown_code": _lt("no target has this code: leave it empty to add one"),
    "torn_codes": _lt("the codes of this row belong to different entities"),
    "other_sector": _lt(
        "the target with this code belongs to another sector, which cannot be changed"
    ),
    "permit_taken": _lt("another target of the entity has this permit"),
    "permit_to_add": _lt(
        "this target of the entity has no permit number yet: to add it, enter the target's code too"
    ),
    "code_known": _lt("an entity of this name has this credit code: enter it"),
    "code_in_row": _lt(
        "in row %(other)s an entity of this name has this credit code: enter it here too"
    ),
    "code_claimed": _lt("row %(other)s gives this credit code to another entity"),
    "code_to_add": _lt(
        "the entity with this code has the same name and no credit code yet: to add it, enter the entity's code too"
    ),
    "ambiguous_entity": _lt("several entities have this name: enter the entity's code"),
    "unknown_entity": _lt("no entity has this code: leave it empty to add one"),
    "unknown_target": _lt(
        "no target in a registry of yours has this code: to add one, give its name and sector"
    ),
    "missing_reason": _lt("a reason is required"),
    "key_listed": _lt(
        "already listed in the registry of key targets, and can only be delisted there: leave the cell "
        "empty"
    ),
    "key_reworded": _lt(
        "already listed in the registry of key targets for another reason: leave the cell empty"
    ),
    "person_with_code": _lt(
        "a natural person must not have a credit code: it would be published"
    ),
    "identity_kept": _lt(
        "the entity has an identity number, so it must remain a natural person"
    ),
    "open_visit": _lt(
        "a visit is open: close it before name, kind or credit code of the entity change"
    ),
    "foreign_entity": _lt(
        "the entity is in another division's registry too, which maintains its data"
    ),
    "foreign_division": _lt("not one of your divisions"),
    "reserved": _lt(
        "pool and division of an inspector can only be changed by the administrator"
    ),
    "own_entry": _lt("your own entry: another person maintains it"),
    "half_certificate": _lt("a certificate must have a number and an expiry date"),
    "line_break": _lt("a tab or a line break: type it in one line"),
    "unknown_region": _lt(
        "not in the register of regions: enter name or code as registered, or have the region added "
        "there (Configuration, Regions)"
    ),
    "ambiguous_region": _lt(
        "several regions have this name: enter the code, or put the name of the parent region before it"
    ),
    "unknown_qualification": _lt(
        "not in the register of qualifications: enter its name as registered, or have it added there "
        "(Configuration, Qualifications)"
    ),
    "unknown_item": _lt("no such item in the list in force: enter its code"),
    "unknown_tag": _lt(
        "no such tag: enter its name as registered, or have it added there (Configuration, Tags)"
    ),
    "ambiguous_word": _lt("several have this name: enter the code"),
    "archived_sector": _lt("the sector is archived: nothing is added to its registry"),
    "same_name": _lt(
        "a natural person of this name is known with another address: enter the entity's code, or add a second person"
        " on the entity's form"
    ),
    "older_class": _lt(
        "the registry has a class of a later date: leave class and date empty, or correct the date"
    ),
    "future_day": _lt("the date is in the future"),
}
# How to fill in a column, by its kind.
NOTES = {
    "text": _lt("Text without anybody's identity or telephone number."),
    "phone": _lt("Text without any identity number."),
    "credit_code": _lt(
        "18 digits and capital letters (GB 32100-2015); leave it empty where there is none."
    ),
    "date": _lt("A date, e.g. 2026-03-20."),
    "until": _lt("A date, e.g. 2026-03-20; 长期 or 9999-12-31 where there is no end."),
    "region": _lt("Name or code of a region, e.g. 350102."),
    "latitude": _lt("Degrees north, e.g. 26.074508."),
    "longitude": _lt("Degrees east, e.g. 119.296494."),
    "choice": _lt("One of the values in the list."),
    "flag": _lt("Yes or no."),
    "whole": _lt("A whole number."),
    "number": _lt("A number."),
    "sector": _lt("Name or code of a sector."),
    "sectors": _lt("Names or codes of sectors, separated by commas."),
    "regions": _lt("Names or codes of regions, separated by commas."),
    "qualifications": _lt("Names of qualifications, separated by commas."),
    "items": _lt("Codes of items in force, separated by commas; empty: all."),
    "tags": _lt("Names of tags, separated by commas."),
    "division": _lt("Name or code of a division."),
}
NOTES["last_day"] = NOTES["until"]
# What a file is that holds no table, or holds it in a form that is not read: ``place`` of ``other_format``.
FORMATS = {
    "document": _lt("a text document"),
    "page": _lt("a web page (HTML)"),
    "pdf": _lt("a PDF document"),
    "picture": _lt("a picture"),
    "presentation": _lt("a presentation"),
    "sylk": _lt("a SYLK table (.slk)"),
    "xlsb": _lt("a binary Excel workbook (.xlsb)"),
    "xml": _lt("an XML file, such as an Excel 2003 XML table"),
}
FILE_REASONS = {
    "not_a_workbook": _lt(
        "It is neither a workbook (.xlsx, .xls, .ods) nor text (.csv), or it is damaged."
    ),
    "other_format": _lt(
        "It is %(place)s: bring its table into a spreadsheet program and save it there as an Excel workbook (.xlsx)."
    ),
    "archive": _lt(
        "It is an archive of files (.zip, .rar, .7z): unpack it and choose the workbook in it."
    ),
    "locked": _lt("It has a password: open it and save it without one."),
    "large_xls": _lt(
        "It is an .xls workbook of more than %(place)s MB: save it as .xlsx."
    ),
    "macro": _lt("It contains macros: save it as .xlsx without macros."),
    "too_large": _lt(
        "It is packed so tightly that unpacking it might fill the server."
    ),
    "too_wide": _lt("It has cells beyond the 200th column."),
    "gap": _lt("There is a gap of thousands of rows before row %(place)s."),
    "empty_sheet": _lt("The first sheet is empty."),
    "no_rows": _lt("There is no row under the headings."),
    "second_sheet": _lt(
        "Sheet “%(place)s” is filled too, and only the first one is read: put its rows below the others, or hide it if"
        " it has none. More than a million rows are imported as text (.csv)."
    ),
    "encoding": _lt("It is text in an unknown encoding: save it as UTF-8 or GB18030."),
}


class SrspRegistryImportError(models.Model):
    """A bad cell of an import; at most ``MAX_SHOWN`` are kept, the workbook has more."""

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


class SrspRegistryImportChange(models.Model):
    """A value that an import changes; the form shows the first ``MAX_CHANGES``."""

    _name = "srsp.registry.import.change"
    _description = "Change by an import"
    _order = "row, id"
    _rec_name = "label"

    import_id = fields.Many2one(
        "srsp.registry.import", required=True, index=True, ondelete="cascade"
    )
    row = fields.Integer(readonly=True)
    code = fields.Char(
        readonly=True, help="Code of the target or, if there is none, of the entity."
    )
    label = fields.Char("Column", readonly=True)
    old = fields.Char("Before", readonly=True)
    new = fields.Char("After", readonly=True)


class SrspRegistryImport(models.Model):
    """The report: bad cells on the form and in a workbook, and a note with the outcome."""

    _inherit = "srsp.registry.import"

    @api.model
    def _describe_file_error(self, error):
        """Return why a file cannot be read, in words: a ``WorkbookError``, or StopIteration for one without rows."""
        reason = getattr(error, "reason", "")
        text = FILE_REASONS.get(reason, FILE_REASONS["not_a_workbook"])
        place = getattr(error, "place", "")
        if reason == "other_format":
            place = translate(self.env, FORMATS[place])
        return translate(self.env, text) % {"place": place}

    def _finish(self, file):
        """Store the report, and post the outcome in a note."""
        record = self.sudo()
        record._keep_errors(file)
        imported = record.state == "importing"
        record.write(
            {
                "state": "done" if imported else "checked",
                "message": self._get_summary(imported),
                "finished_on": fields.Datetime.now(),
            }
        )
        record._message_log(body=record.message)

    def _get_summary(self, imported):
        text = self._get_outcome(imported)
        if self.proposed_count:
            text += " " + self.env._(
                "Proposed for the registry of key targets: %(count)s.",
                count=self.proposed_count,
            )
        if self.is_full and self.bad_count:
            text += " " + self.env._(
                "Targets missing from the file were not searched for: correct the bad rows first."
            )
        elif self.is_full and not imported:
            text += " " + self.env._(
                "Import it to record that its targets were verified today."
            )
        ignored = [c.label for c in self.column_ids if not c._get_name()]
        if ignored:
            text += " " + self.env._(
                "Columns not imported: %(headings)s.",
                headings=", ".join(ignored[:MAX_HEADINGS])
                + (" …" if len(ignored) > MAX_HEADINGS else ""),
            )
        return text

    def _get_outcome(self, imported):
        names = ("unchanged", "created", "updated", "proposed", "bad")
        counts = {name: self[f"{name}_count"] for name in names}
        if not any(counts[name] for name in names[1:]):
            return self.env._(
                "Nothing to change: all %(unchanged)s rows match the registry.",
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

    def _keep_errors(self, file):
        self.error_ids.unlink()
        self.write({"error_note": False, "error_file": False, "error_file_name": False})
        self.env.cr.execute(
            "SELECT count(*) FROM srsp_import_error WHERE reason = 'hidden_row'"
        )
        [self.hidden_count] = self.env.cr.fetchone()
        if not self.bad_count:
            return
        labels = self._get_table()._get_labels()
        self.env.cr.execute(
            'SELECT row, "column", value, reason, other FROM srsp_import_error'
            " WHERE row IN (SELECT DISTINCT row FROM srsp_import_error ORDER BY row LIMIT %s)"
            ' ORDER BY row, "column", reason',
            [MAX_BAD_ROWS],
        )
        shown, reasons = [], {}
        for row, name, value, reason, other in self.env.cr.fetchall():
            label = labels.get(name, "")
            text = value  # "refused": a message of the registry itself
            if reason in REASONS:
                text = translate(self.env, REASONS[reason]) % {"other": other}
            reasons.setdefault(row, []).append(f"{label}: {text}" if label else text)
            if len(shown) < MAX_SHOWN:
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
        self._write_error_file(file, reasons)

    def _get_error_note(self, shown):
        """Return how many bad cells and rows are not shown, as a sentence, or an empty text."""
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
        if self.bad_count > MAX_BAD_ROWS:
            notes.append(
                self.env._(
                    "The workbook holds the first %(shown)s of %(count)s bad rows: correct them and check again.",
                    shown=MAX_BAD_ROWS,
                    count=self.bad_count,
                )
            )
        return " ".join(notes)

    def _write_error_file(self, file, reasons):
        """Store a workbook of the bad rows as they are in the file, with their reasons in a last column."""
        headings = {column.position: column.label for column in self.column_ids}
        width = max(headings, default=0) + 1
        labels = [headings.get(at, "") for at in range(width)]
        with tempfile.NamedTemporaryFile(suffix=".xlsx") as copy:
            with SheetWriter(copy.name) as sheet:
                sheet.add_header([*labels, self.env._("Error reason")])
                for block in file.blocks():
                    for number, cells in enumerate(block.rows, block.first):
                        if number in reasons:
                            padding = [""] * (width - len(cells))
                            note = "; ".join(reasons.pop(number))
                            sheet.add_row([*cells, *padding, note])
            copy.seek(0)
            self.write(
                {
                    "error_file": base64.b64encode(copy.read()),
                    "error_file_name": self.env._(
                        "Bad rows of %(file)s.xlsx", file=self.file_name or self.id
                    ),
                }
            )
