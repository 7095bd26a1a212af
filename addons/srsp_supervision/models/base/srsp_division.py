from odoo import api, fields, models
from odoo.fields import Domain

from .mail_activity_mixin import TODO

INSPECTING = ("business", "detachment")  # the kinds of divisions that plan and inspect
# Who takes the steps of plans and tasks: those who prepare them, and those who answer for them.
OFFICERS = ("group_division_officer", "group_policy_officer")
MANAGERS = ("group_division_manager", "group_policy_officer")


class SrspDivision(models.Model):
    _name = "srsp.division"
    _description = "Division"
    _inherit = ["srsp.check.mixin"]
    _phone_texts = ("duty", "contact_phone")
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [
            ("policy", "Policy and regulations"),
            ("business", "Business"),
            ("detachment", "Enforcement detachment"),
            ("information", "Information"),
            ("office", "Office"),
            ("external", "Outside department"),
        ],
        required=True,
        default="business",
    )
    duty = fields.Text(
        "Responsibilities",
        help="Responsibilities of this division under the supervision work plan.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    # For the bureau's own people; never published.
    contact_name = fields.Char("Contact")
    contact_phone = fields.Char("Telephone")
    manager_id = fields.Many2one("res.users", domain=[("share", "=", False)])
    member_ids = fields.Many2many(
        "res.users", "srsp_division_users_rel", "division_id", "user_id", string="Staff"
    )
    sector_ids = fields.One2many("srsp.sector", "division_id", "Sectors")
    inspector_ids = fields.One2many("srsp.inspector", "division_id", "Inspectors")
    inspector_count = fields.Integer(compute="_compute_inspector_count")

    _code_uniq = models.UniqueIndex(
        "(company_id, code)", "A division with this code already exists."
    )

    @api.depends("inspector_ids")
    def _compute_inspector_count(self):
        rows = self.env["srsp.inspector"]._read_group(
            [("division_id", "in", self.ids)], ["division_id"], ["__count"]
        )
        counts = dict(rows)
        for division in self:
            division.inspector_count = counts.get(division, 0)

    @api.model
    def _get_planning_domain(self):
        """The inspecting divisions for which the user plans: the own ones, or all for a policy officer."""
        domain = Domain("kind", "in", INSPECTING)
        if self.env.user.has_group("srsp_supervision.group_policy_officer"):
            return domain
        return domain & Domain("id", "in", self.env.user.sudo().srsp_division_ids.ids)

    @api.model
    def _can_plan(self):
        """Whether there is a division for which the user plans."""
        return bool(self.search_count(self._get_planning_domain(), limit=1))

    @api.model
    def _get_kept_domain(self):
        """Records of the divisions whose registries the user keeps: the own ones, or all for an administrator."""
        if self.env.user.has_group("srsp_supervision.group_administrator"):
            return Domain.TRUE
        return Domain("division_id", "in", self.env.user.sudo().srsp_division_ids.ids)

    @api.model
    def _find_own(self):
        """The user's division in the current company that plans and inspects, the first of several, or none."""
        domain = [
            ("active", "=", True),
            ("company_id", "=", self.env.company.id),
            ("kind", "in", INSPECTING),
        ]
        divisions = self.env.user.sudo().srsp_division_ids.filtered_domain(domain)
        return divisions[:1].sudo(False)

    @api.model
    def _find_policy(self, company):
        """The policy division of ``company``, or none."""
        domain = [("company_id", "=", company.id), ("kind", "=", "policy")]
        return self.sudo().search(domain, limit=1)

    def _get_heads(self):
        """Users who answer for the divisions: the head, or the staff where there is none."""
        heads = self.env["res.users"].sudo()
        for division in self.sudo():
            head = division.manager_id.filtered("active")
            heads |= head or division.member_ids.filtered("active")
        return heads

    def _schedule(self, record, summary, note="", deadline=None, kind=TODO):
        """Give the heads of the divisions an activity of type ``kind`` on ``record``."""
        record._srsp_tell(self._get_heads(), summary, note, deadline, kind)

    @api.model_create_multi
    def create(self, vals_list):
        divisions = super().create(vals_list)
        self.env.registry.clear_cache()  # see res.users: rules are cached with the user's divisions
        return divisions

    def write(self, vals):
        result = super().write(vals)
        if "member_ids" in vals:
            self.env.registry.clear_cache()
        return result
