from odoo import models

from ...tools import paper
from ...tools.paper import Paragraph

# Columns of the print: percent of its width, the field that gives the heading, what stands below it in the cell.
COLUMNS = {
    "item": (
        (13, "name", ("code", "category", "level", "sector_id", "power_list_code")),
        (18, "legal_basis_ids", ("repealed_basis",)),
        (8, "inspecting_body", ("division_id",)),
        (7, "target", ()),
        (25, "content", ("materials",)),
        (18, "standard", ("officer_qualification", "qualification_ids")),
        (7, "method_ids", ()),
        (5, "ratio", ("ratio_reason",)),
        (8, "frequency", ("frequency_reason", "annual_visit_cap")),
    ),
    "duty": (
        (28, "name", ("code",)),
        (38, "legal_basis_ids", ("repealed_basis",)),
        (14, "division_id", ()),
        (23, "cooperating_division_ids", ()),
    ),
}
NUMBER_WIDTH = 4  # percent; the columns share the rest
STYLES = {"name": "name", "repealed_basis": "warning"}


class SrspList(models.Model):
    """A version as it hangs on the notice board."""

    _inherit = "srsp.list"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def _get_paper_columns(self):
        """(percent of the width, heading) of every column, the running number first."""
        fields = self._get_lines()._fields
        columns = COLUMNS[self.kind]
        share = (100 - NUMBER_WIDTH) / sum(width for width, _name, _more in columns)
        return [(NUMBER_WIDTH, self.env._("No."))] + [
            (width * share, fields[name]._description_string(self.env))
            for width, name, _more in columns
        ]

    def _get_paper_facts(self):
        """What stands under the title, a phrase each."""
        count = len(self._get_readable_lines())
        return [
            self.env._("Version %(version)s", version=self.version),
            *self._get_approval_facts(),
            self.env._("%(count)s lines", count=count),
        ]

    def _get_paper_warning(self):
        """An empty string for what is in force."""
        state = self._fields["state"].convert_to_export(self.state, self)
        warning = self.env._("%(state)s, not in force", state=state)
        return "" if self.is_in_force else warning

    def _get_page_label(self, number, count):
        return self.env._("Page %(number)s of %(count)s", number=number, count=count)

    def _get_paper_pages(self):
        """The lines that the user may read, page by page: [[[cell, …], …], …], a cell being its paragraphs."""
        widths = [width for width, _heading in self._get_paper_columns()]
        rows = [
            [[Paragraph(str(number))], *self._get_paper_cells(line)]
            for number, line in enumerate(self._get_readable_lines(), 1)
        ]
        return paper.paginate(rows, widths)

    def _get_paper_cells(self, line):
        row = {**line._get_row(), "repealed_basis": line.repealed_basis}
        row["legal_basis_ids"] = row["legal_basis_ids"].replace("；", "\n")
        cells = []
        for _width, name, more in COLUMNS[self.kind]:
            cell = [Paragraph(self._format_cell(row[name]), STYLES.get(name, ""))]
            for other in filter(row.get, more):
                text = self.env._(
                    "%(label)s: %(text)s",
                    label=line._fields[other]._description_string(self.env),
                    text=self._format_cell(row[other]),
                )
                cell.append(Paragraph(text, STYLES.get(other, "more")))
            cells.append(cell)
        return cells
