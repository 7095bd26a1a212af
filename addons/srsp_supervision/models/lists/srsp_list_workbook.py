from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...tools import workbook

COLUMN_KINDS = {"float": workbook.RATIO, "integer": workbook.INTEGER}


class SrspList(models.Model):
    """A version as a workbook: what goes to the notice board, and what divisions work on away from the system."""

    _inherit = "srsp.list"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def action_export_workbook(self):
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/srsp/list/{self.id}/workbook",
            "target": "download",
        }

    def action_import_workbook(self):
        self.ensure_one()
        return self.env["srsp.list.import"]._open(self)

    def _export_workbook(self):
        """The lines of the version that the user may read, as the bytes of a workbook in the user's language."""
        self.ensure_one()
        self.check_access("read")
        return self._write_workbook(
            title=self._get_kind_label(),
            subtitle_lines=self._get_sheet_subtitle(),
            columns=self._get_sheet_layout(),
            rows=[line._get_sheet_row() for line in self._get_readable_lines()],
        )

    @api.model
    def _write_workbook(self, **content):
        """The bytes of the workbook into which ``tools.workbook.write_list`` typesets ``content``."""
        try:
            return workbook.write_list(**content)
        except workbook.WorkbookError as error:
            raise UserError(
                self.env._(
                    "A text exceeds the maximum length of a workbook cell: row and column %(place)s. Shorten it "
                    "first.",
                    place=error.place,
                )
            ) from error

    def _get_workbook_name(self):
        """The name of the file, without a character that a file's name cannot have."""
        return self.env._(
            "%(kind)s-version %(version)s.xlsx",
            kind=self._get_kind_label(),
            version=self.version,
        ).replace("/", "-")

    def _get_sheet_subtitle(self):
        """The lines under the title: whose list it is, what approved it, and since when it holds."""
        version = self.env._(
            "%(bureau)s · version %(version)s · %(state)s",
            bureau=self.company_id.name,
            version=self.version,
            state=self._fields["state"].convert_to_export(self.state, self),
        )
        facts = "　".join(self._get_approval_facts())
        return [version, facts] if facts else [version]

    def _get_approval_facts(self):
        """What approved the version and when, and since when it holds: a phrase each, as far as it is known."""
        facts = []
        number, date = self.approval_number, format_date(self.env, self.approval_date)
        if number:
            facts.append(
                self.env._(
                    "Approved by %(number)s of %(date)s", number=number, date=date
                )
                if date
                else self.env._("Approved by %(number)s", number=number)
            )
        if self.effective_date:
            effective = format_date(self.env, self.effective_date)
            facts.append(self.env._("In force from %(date)s", date=effective))
        return facts

    def _get_sheet_layout(self):
        """The columns of the workbook, with the labels that the user sees."""
        lines = self._get_lines()
        fields = lines.fields_get(list(lines._get_sheet_columns()), ["string", "type"])
        return [
            workbook.Column(
                name,
                fields[name]["string"],
                width,
                COLUMN_KINDS.get(fields[name]["type"], workbook.TEXT),
            )
            for name, width in lines._get_sheet_columns().items()
        ]

    def _get_sheet_aliases(self):
        """Label of a column in any language of the database, or a former one → field: a colleague may work in
        another language, or on a workbook exported earlier."""
        lines = self._get_lines()
        aliases = {
            label: name
            for label, name in lines._sheet_synonyms.items()
            if name in lines._get_sheet_columns()
        }
        for code, _name in self.env["res.lang"].get_installed():
            layout = self.with_context(lang=code)._get_sheet_layout()
            aliases |= {column.label: column.name for column in layout}
        return aliases
