from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.text_diff import compare_texts
from ...tools.workbook import Column

SHADES = {
    "added": "#E2EFDA",
    "changed": "#FFF2CC",
    "moved": "#DDEBF7",
    "retired": "#FBE5E5",
}


class SrspListComparison(models.TransientModel):
    """The page that shows what a version of a list changes against another one; prints it and exports it.

    It keeps the question alone. The answer is computed for whoever looks, with that user's own rights.
    """

    _name = "srsp.list.comparison"
    _description = "Comparison of two versions of a list"
    _inherit = ["srsp.wizard.mixin"]

    list_id = fields.Many2one(
        "srsp.list", "Version", required=True, readonly=True, ondelete="cascade"
    )
    kind = fields.Selection(related="list_id.kind")
    company_id = fields.Many2one(related="list_id.company_id")
    base_id = fields.Many2one(
        "srsp.list",
        "Compared With",
        ondelete="cascade",
        domain="[('kind', '=', kind), ('company_id', '=', company_id), ('id', '!=', list_id)]",
    )
    division_id = fields.Many2one(
        "srsp.division",
        ondelete="cascade",
        domain="[('company_id', '=', company_id)]",
        help="Only lines that belong, or belonged, to this division.",
    )
    shown = fields.Selection(
        [
            ("all", "All"),
            ("added", "Added"),
            ("changed", "Changed"),
            ("moved", "Moved"),
            ("retired", "Retired"),
        ],
        default="all",
        required=True,
    )
    body = fields.Html(compute="_compute_body", sanitize=False)

    @api.depends("list_id", "base_id")
    def _compute_display_name(self):
        for comparison in self:
            name = comparison.list_id.name
            if comparison.base_id:
                name = self.env._(
                    "%(list)s, compared with version %(base)s",
                    list=name,
                    base=comparison.base_id.version,
                )
            comparison.display_name = name

    @api.depends("list_id", "base_id", "division_id", "shown")
    @api.depends_context("uid", "lang")
    def _compute_body(self):
        for comparison in self:
            comparison.body = self.env["ir.qweb"]._render(
                "srsp_supervision.srsp_list_comparison_content",
                comparison._get_content(),
            )

    @api.constrains("list_id", "base_id")
    def _check_base(self):
        for comparison in self:
            version, base = comparison.list_id, comparison.base_id
            if any(
                base and base[name] != version[name] for name in ("kind", "company_id")
            ):
                raise ValidationError(
                    self.env._(
                        "%(list)s can only be compared with another version of the same list.",
                        list=version.name,
                    )
                )

    def action_print(self):
        self.ensure_one()
        report = self.env.ref("srsp_supervision.srsp_list_comparison_report")
        return report.report_action(self, config=False)

    def action_export_workbook(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/srsp/comparison/{self.id}/workbook",
            "target": "download",
        }

    def _get_content(self):
        """What page, print and workbook show, as the names that the template uses.

        ``counts`` counts the changes of every kind, ``changes`` are those of the kind shown, ``repealed`` the
        lines of the version that rest on a repealed basis.
        """
        self.ensure_one()
        self._check_base()
        version, base, division = self.list_id, self.base_id, self.division_id
        changes = version._compare(base, division)
        lines = version._get_readable_lines(version._get_comparable_divisions(base))
        if division:
            lines = lines.filtered(lambda line: line.division_id == division)
        return {
            "comparison": self,
            "labels": version._get_change_labels(),
            "counts": version._count_changes(changes),
            "changes": [
                change for change in changes if self.shown in ("all", change.kind)
            ],
            "repealed": lines.filtered("repealed_basis"),
            "compare_texts": compare_texts,
        }

    def _export_workbook(self):
        """The comparison as the bytes of a workbook, in the user's language, with a row per changed field.

        The columns of the line repeat on every row, so that the sheet can be filtered and no cell is split between
        pages.
        """
        content = self._get_content()
        return self.list_id._write_workbook(
            title=self.display_name,
            subtitle_lines=self._get_subtitle_lines(content["counts"]),
            columns=[
                Column("kind", self.env._("Kind of Change"), 9),
                Column("code", self.env._("Code"), 12),
                Column("name", self.env._("Name"), 24),
                Column("division", self.env._("Division"), 16),
                Column("field", self.env._("Field"), 14),
                Column("before", self.env._("Before"), 42),
                Column("after", self.env._("After"), 42),
            ],
            rows=[
                {
                    "shade": SHADES[change.kind],
                    "kind": content["labels"][change.kind],
                    "code": change.line.code,
                    "name": change.line.name,
                    "division": change.line.division_id.name,
                    "field": field,
                    "before": before,
                    "after": after,
                }
                for change in content["changes"]
                for field, before, after in change.fields or [("", "", "")]
            ],
        )

    def _get_workbook_name(self):
        return f"{self.display_name}.xlsx"

    def _get_subtitle_lines(self, counts):
        """Whose comparison it is and how much it found; then what it leaves out, if anything."""
        labels = self.list_id._get_change_labels()
        found = "　".join(f"{labels[kind]} {count}" for kind, count in counts.items())
        lines = [f"{self.company_id.name} · {found}"]
        only = filter(None, [self.division_id.name, labels.get(self.shown)])
        if only := ", ".join(only):
            lines.append(self.env._("Only %(filter)s", filter=only))
        return lines
