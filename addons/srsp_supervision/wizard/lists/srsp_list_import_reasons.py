from odoo import models

from ...tools.workbook_reader import MOST_ROWS


class SrspListImport(models.TransientModel):
    """Why a workbook, or a cell of it, will not do: the reader's reasons as sentences that name the way out."""

    _inherit = "srsp.list.import"

    def _explain(self, reason):
        """A reason of ``RowError`` as a sentence that names the way out."""
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
            "missing_column": self.env._(
                "The column is missing: export the list and use that."
            ),
            "unknown_column": self.env._(
                "The list has no such column: remove it, or correct its heading."
            ),
            "duplicate_column": self.env._("The column is there twice: remove one."),
        }[reason]

    def _explain_twice(self, number):
        return self.env._(
            "Row %(row)s has this code too: give each line a code of its own.",
            row=number,
        )

    def _explain_file(self, error):
        sentences = {
            "not_a_workbook": self.env._("This is not a workbook: save it as .xlsx."),
            "old_or_locked": self.env._(
                "This workbook has a password, or is of the old kind (.xls): save it as .xlsx without a password."
            ),
            "too_large": self.env._(
                "This workbook is too large: keep the list alone in it."
            ),
            "too_many_rows": self.env._(
                "A list has at most %(count)s lines: remove what lies below.",
                count=MOST_ROWS,
            ),
            "formula_error": self.env._(
                "The formula in cell %(cell)s has no result: replace it by its value.",
                cell=error.place,
            ),
            "empty_sheet": self.env._("The workbook is empty: choose another one."),
            "no_header": self.env._(
                "No row holds the headings of the list: export the list and use that workbook."
            ),
        }
        return sentences[error.reason]
