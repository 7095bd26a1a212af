from odoo import api, fields, models
from odoo.fields import Domain


class SrspInspector(models.Model):
    """Somebody who may be drawn to inspect, in one of three pools.

    An officer without a valid certificate, off duty or outside his sectors is kept out of draws by
    ``_get_eligible_domain``; experts join a team but never count toward the two officers the law asks for.
    """

    _name = "srsp.inspector"
    _description = "Inspector"
    _inherit = ["srsp.guard.mixin", "mail.thread"]
    _order = "pool_kind, staff_number"
    _check_company_auto = True
    _rec_names_search = ["name", "staff_number"]
    _guarded_fields = ("inspection_ids",)

    name = fields.Char("Full Name", required=True)
    staff_number = fields.Char(
        required=True, help="Public label in draws; not an identity number."
    )
    user_id = fields.Many2one(
        "res.users", "Login", index="btree_not_null", domain=[("share", "=", False)]
    )
    pool_kind = fields.Selection(
        [("division", "Division"), ("detachment", "Detachment"), ("expert", "Experts")],
        string="Pool",
        required=True,
        default="division",
        tracking=True,
    )
    division_id = fields.Many2one(
        "srsp.division", required=True, index=True, check_company=True
    )
    sector_ids = fields.Many2many("srsp.sector", string="Sectors", check_company=True)
    region = fields.Char()
    certificate_number = fields.Char("Enforcement Certificate", tracking=True)
    certificate_valid_until = fields.Date("Valid Until", tracking=True)
    certificate_state = fields.Selection(
        [
            ("none", "None"),
            ("expired", "Expired"),
            ("soon", "Expires soon"),
            ("valid", "Valid"),
        ],
        string="Certificate",
        compute="_compute_certificate_state",
    )
    on_duty = fields.Boolean(default=True, tracking=True)
    training_hours = fields.Float("Training Hours This Year")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    recusal_ids = fields.One2many("srsp.recusal", "inspector_id", "Recusals")
    inspection_ids = fields.Many2many(
        "srsp.inspection",
        "srsp_inspection_officer_rel",
        "inspector_id",
        "inspection_id",
        "Inspections",
    )
    visit_count = fields.Integer("Visits This Year", compute="_compute_visit_count")

    _staff_number_uniq = models.UniqueIndex(
        "(company_id, staff_number)",
        "An inspector with this staff number exists already.",
    )
    _staff_number_format = models.Constraint(
        r"CHECK (staff_number !~ '[\t\n\r]')",
        "A staff number holds no tab and no line break.",
    )
    _user_uniq = models.UniqueIndex(
        "(company_id, user_id) WHERE user_id IS NOT NULL",
        "This login belongs to another inspector already.",
    )

    def write(self, vals):
        # Who is who in draws and reviews: not for those who are drawn and review.
        if {"user_id", "staff_number", "pool_kind", "division_id"} & vals.keys():
            self._check_role("group_administrator")
        return super().write(vals)

    @api.depends("certificate_number", "certificate_valid_until")
    def _compute_certificate_state(self):
        today = fields.Date.context_today(self)
        for inspector in self:
            until = inspector.certificate_valid_until
            if not inspector.certificate_number or not until:
                inspector.certificate_state = "none"
            elif until < today:
                inspector.certificate_state = "expired"
            else:
                inspector.certificate_state = (
                    "soon" if (until - today).days <= 60 else "valid"
                )

    @api.depends("inspection_ids")
    def _compute_visit_count(self):
        loads = self._get_loads(fields.Date.context_today(self).year)
        for inspector in self:
            inspector.visit_count = loads.get(inspector.id, 0)

    def _get_loads(self, year):
        """Visits of ``year`` per inspector id, cancelled ones left out."""
        counts = self.env["srsp.inspection"]._read_group(
            [
                ("officer_ids", "in", self.ids),
                ("year", "=", year),
                ("stage", "!=", "cancelled"),
            ],
            ["officer_ids"],
            ["__count"],
        )
        return {inspector.id: count for inspector, count in counts if inspector in self}

    @api.model
    def _get_eligible_domain(self, task):
        """Who may be drawn for ``task``: a Domain on inspectors, recusals aside."""
        own = Domain(
            "division_id", "in", (task.division_id | task.cooperating_division_ids).ids
        )
        pools = own & Domain("pool_kind", "!=", "expert")
        if task.use_detachment:
            pools |= Domain("pool_kind", "=", "detachment")
        return pools & Domain(
            [
                ("company_id", "=", task.company_id.id),
                ("on_duty", "=", True),
                ("sector_ids", "in", task.sector_id.ids),
                ("certificate_number", "!=", False),
                ("certificate_valid_until", ">=", task.date_to),
            ]
        )

    @api.depends("name", "staff_number")
    def _compute_display_name(self):
        for inspector in self:
            inspector.display_name = f"{inspector.name} ({inspector.staff_number})"
