from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...actions import get_action
from ...tools import clock
from ..base.isolation import do_each
from .srsp_list import FROZEN_STATES

FORBIDDEN_CHARACTERS = "《》；;\n\r"  # in the parts of a citation
# What a citation says; frozen once an approved list rests on it.
CITED_FIELDS = frozenset(("title", "article", "number", "effective_date", "company_id"))


class SrspLegalBasis(models.Model):
    """One article of a law, regulation or rule that allows an inspection (抽查依据).

    Lines of the two lists cite it. When it is repealed, every line that rests on it is flagged, and the
    policy division is told which ones.
    """

    _name = "srsp.legal.basis"
    _description = "Legal basis"
    _inherit = ["srsp.guard.mixin", "mail.thread"]
    _order = "title, article, effective_date, id"
    _check_company_auto = True
    _rec_names_search = ["title", "article", "number"]
    _guarded_fields = ("repeal_reported",)

    title = fields.Char(
        required=True, tracking=True, help="Without the book-title marks 《》."
    )
    article = fields.Char(tracking=True, help="e.g. 第四十九条; empty: the whole text.")
    number = fields.Char("Document Number", tracking=True, help="e.g. 国务院令第722号.")
    effective_date = fields.Date(tracking=True)
    repealed_date = fields.Date(
        "Repeal Date",
        tracking=True,
        help="The first day on which it is no longer in force.",
    )
    successor_id = fields.Many2one(
        "srsp.legal.basis", "Replaced By", check_company=True, tracking=True
    )
    note = fields.Text()
    is_repealed = fields.Boolean(
        "Repealed", compute="_compute_phase", search="_search_is_repealed"
    )
    phase = fields.Selection(
        [
            ("coming", "Not yet in force"),
            ("in_force", "In force"),
            ("repealed", "Repealed"),
        ],
        compute="_compute_phase",
    )
    item_count = fields.Integer(
        "Items", compute="_compute_line_count", help="Counts the list in force."
    )
    duty_count = fields.Integer(
        "Duties", compute="_compute_line_count", help="Counts the list in force."
    )
    repeal_reported = fields.Boolean(readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    _citation_uniq = models.UniqueIndex(
        "(company_id, title, COALESCE(article, ''), COALESCE(number, ''))",
        "This article already exists in the register.",
    )

    @api.depends("title", "article", "number")
    def _compute_display_name(self):
        for basis in self:
            number = f"（{basis.number}）" if basis.number else ""
            basis.display_name = f"《{basis.title or ''}》{number}{basis.article or ''}"

    @api.depends("effective_date", "repealed_date")
    def _compute_phase(self):
        today = clock.today()
        for basis in self:
            repealed, effective = basis.repealed_date, basis.effective_date
            basis.is_repealed = bool(repealed and repealed <= today)
            coming = effective and effective > today
            basis.phase = "coming" if coming else "in_force"
            if basis.is_repealed:
                basis.phase = "repealed"

    @api.model
    def _search_is_repealed(self, operator, value):
        if operator != "in":
            return NotImplemented
        repealed = Domain("repealed_date", "<=", clock.today())
        return repealed if True in value else ~repealed

    def _compute_line_count(self):
        domain = [
            ("legal_basis_ids", "in", self.ids),
            ("list_id.is_in_force", "=", True),
        ]
        for name, field in (("srsp.item", "item_count"), ("srsp.duty", "duty_count")):
            rows = self.env[name]._read_group(domain, ["legal_basis_ids"], ["__count"])
            counts = dict(rows)
            for basis in self:
                basis[field] = counts.get(basis, 0)

    @api.constrains("title", "article", "number")
    def _check_words(self):
        for basis in self:
            words = f"{basis.title}{basis.article or ''}{basis.number or ''}"
            if set(FORBIDDEN_CHARACTERS) & set(words):
                raise ValidationError(
                    self.env._(
                        "%(basis)s: write title, article and number without 《》, semicolons and line breaks.",
                        basis=basis.display_name,
                    )
                )

    @api.constrains("effective_date", "repealed_date")
    def _check_dates(self):
        for basis in self:
            repealed, effective = basis.repealed_date, basis.effective_date
            if repealed and effective and repealed <= effective:
                raise ValidationError(
                    self.env._(
                        "%(basis)s: it cannot be repealed before it takes effect.",
                        basis=basis.display_name,
                    )
                )

    def write(self, vals):
        if not self.env.su and CITED_FIELDS & vals.keys():
            self._check_not_cited()
        if "repealed_date" in vals:
            self.sudo().repeal_reported = False
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_cited(self):
        self._check_not_cited(drafts=True)

    def action_view_items(self):
        return self._view_lines("srsp_item_action")

    def action_view_duties(self):
        return self._view_lines("srsp_duty_action")

    def _describe_repealed(self):
        """The ones that no longer hold, in words; an empty string for none."""
        return "；".join(self.filtered("is_repealed").mapped("display_name"))

    def _check_not_cited(self, drafts=False):
        """Raise for what a frozen list rests on (``drafts``: any list): its words are published."""
        domain = [("legal_basis_ids", "in", self.ids)]
        if not drafts:
            domain.append(("list_id.state", "in", FROZEN_STATES))
        for name in ("srsp.item", "srsp.duty"):
            line = self.env[name].sudo().search(domain, limit=1)
            if line:
                raise UserError(
                    self.env._(
                        "%(basis)s is cited by “%(line)s” (%(list)s): enter the date on which it was repealed, and a"
                        " new legal basis for what replaces it.",
                        basis=(line.legal_basis_ids & self)[:1].display_name,
                        line=line.display_name,
                        list=line.list_id.name,
                    )
                )

    def _view_lines(self, action):
        self.ensure_one()
        return get_action(
            self.env,
            action,
            domain=[("legal_basis_ids", "in", self.ids)],
            context={"search_default_in_force": 1},
        )

    @api.model
    def _report_repealed(self):
        """Tell the policy division which lines in force rest on a basis that has just been repealed."""
        repealed = self.search(
            [("is_repealed", "=", True), ("repeal_reported", "=", False)]
        )

        def report(version):
            version = version.company_id._srsp_in_language(version)
            lines = version._get_lines().filtered(
                lambda line: line.legal_basis_ids & repealed
            )
            if lines:
                version._schedule_for_policy(
                    version.env._(
                        "%(count)s lines cite a repealed legal basis", count=len(lines)
                    ),
                    ", ".join(lines.mapped("display_name")),
                )

        in_force = self.env["srsp.list"].search([("is_in_force", "=", True)])
        if not do_each(in_force, report):
            repealed.repeal_reported = True
