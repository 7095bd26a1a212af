from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools import workbook
from ...tools.text_diff import compare_texts


class SrspListComparison(models.TransientModel):
    """The page that shows what a version of a list changes against another one; prints it and exports it.

    It keeps the question alone. The answer is computed for whoever looks, with that user's own rights.
    """

    _name = "srsp.list.comparison"
    _description = "Comparison of two versions of a list"

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
            if comparison.base_id:
                comparison.display_name = self.env._(
                    "%(list)s, compared with version %(base)s",
                    list=comparison.list_id.name,
                    base=comparison.base_id.version,
                )
            else:
                comparison.display_name = comparison.list_id.name

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
            if base and (base.kind, base.company_id) != (
                version.kind,
                version.company_id,
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
        counts = version._count_changes(changes)
        labels = version._get_change_labels()
        lines = version._get_readable_lines(version._get_comparable_divisions(base))
        return {
            "comparison": self,
            "labels": labels,
            "counts": {kind: counts.get(kind, 0) for kind in labels},
            "changes": [
                change for change in changes if self.shown in ("all", change.kind)
            ],
            "repealed": lines.filtered(
                lambda line: (
                    line.repealed_basis
                    and (not division or line.division_id == division)
                )
            ),
            "compare_texts": compare_texts,
        }

    def _export_workbook(self):
        """The comparison as the bytes of a workbook, in the user's language."""
        content = self._get_content()
        return self.list_id._write_workbook(
            workbook.write_comparison,
            title=self.display_name,
            subtitle_lines=self._get_subtitle_lines(content["counts"]),
            labels={**content["labels"], **self._get_column_labels()},
            changes=[
                workbook.Change(
                    change.kind,
                    change.line.code,
                    change.line.name,
                    change.line.division_id.name,
                    list(change.fields),
                )
                for change in content["changes"]
            ],
        )

    def _get_subtitle_lines(self, counts):
        """Whose comparison it is and how much it found; then what it leaves out, if anything."""
        labels = self.list_id._get_change_labels()
        found = "　".join(f"{labels[kind]} {count}" for kind, count in counts.items())
        lines = [f"{self.company_id.name} · {found}"]
        only = [self.division_id.name, labels.get(self.shown)]
        if any(only):
            only = ", ".join(filter(None, only))
            lines.append(self.env._("Only %(filter)s", filter=only))
        return lines

    @api.model
    def _get_column_labels(self):
        return {
            "kind": self.env._("Kind of Change"),
            "code": self.env._("Code"),
            "name": self.env._("Name"),
            "division": self.env._("Division"),
            "field": self.env._("Field"),
            "before": self.env._("Before"),
            "after": self.env._("After"),
        }
