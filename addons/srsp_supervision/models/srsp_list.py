from odoo import api, fields, models
from odoo.exceptions import UserError


class SrspList(models.Model):
    """One numbered version of one of the two lists (两单).

    ``draft → submitted → consolidated → approved → published → superseded``. Publishing freezes the
    version and supersedes the one before; a correction is a new version.
    """

    _name = "srsp.list"
    _description = "Supervision list"
    _inherit = ["srsp.guard.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "kind desc, version desc"
    _check_company_auto = True
    _rec_names_search = ["approval_number"]
    _guarded_fields = ("state", "version", "published_on")

    name = fields.Char(compute="_compute_name")
    kind = fields.Selection(
        [("item", "Item list"), ("duty", "Duty list")], required=True, default="item"
    )
    version = fields.Integer(required=True, copy=False, default=0)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("consolidated", "Consolidated"),
            ("approved", "Approved"),
            ("published", "Published"),
            ("superseded", "Superseded"),
        ],
        default="draft",
        required=True,
        copy=False,
        tracking=True,
    )
    approval_number = fields.Char("Approval Document", copy=False, tracking=True)
    approval_date = fields.Date(copy=False, tracking=True)
    effective_date = fields.Date(copy=False)
    published_on = fields.Date(readonly=True, copy=False)
    item_ids = fields.One2many("srsp.item", "list_id", "Items", copy=True)
    duty_ids = fields.One2many("srsp.duty", "list_id", "Duties", copy=True)
    line_count = fields.Integer(compute="_compute_line_count")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    _version_uniq = models.UniqueIndex(
        "(company_id, kind, version)", "This version of the list exists already."
    )

    @api.depends("kind", "version")
    @api.depends_context("lang")
    def _compute_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for record in self:
            record.name = self.env._(
                "%(kind)s, version %(version)s",
                kind=labels[record.kind],
                version=record.version,
            )

    @api.depends("item_ids", "duty_ids")
    def _compute_line_count(self):
        for record in self:
            record.line_count = len(record.item_ids) + len(record.duty_ids)

    @api.model_create_multi
    def create(self, vals_list):
        lists = super().create(vals_list)
        for record in lists.sudo().filtered(lambda record: not record.version):
            last = self.sudo().search(
                [
                    ("company_id", "=", record.company_id.id),
                    ("kind", "=", record.kind),
                    ("id", "!=", record.id),
                ],
                order="version desc",
                limit=1,
            )
            record.version = last.version + 1
        return lists

    def write(self, vals):
        if vals.keys() - {"effective_date"} or any(
            record.state != "approved" for record in self
        ):
            self._check_open()
        return super().write(vals)

    def _check_open(self):
        """Raise for a frozen version; the business methods work in superuser mode."""
        if not self.env.su and any(
            record.state in ("approved", "published", "superseded") for record in self
        ):
            raise UserError(
                self.env._(
                    "An approved list is frozen: make a new version to correct it."
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen(self):
        if any(record.state not in ("draft", "submitted") for record in self):
            raise UserError(self.env._("Only a draft of a list can be deleted."))

    def action_submit(self):
        self._check_role("group_division_manager", "group_policy_officer")
        self._check_state("draft")
        for record in self:
            if not record.line_count:
                raise UserError(
                    self.env._("%(list)s has no line: add one first.", list=record.name)
                )
        self.sudo().state = "submitted"

    def action_consolidate(self):
        self._check_role("group_policy_officer")
        self._check_state("submitted")
        self.sudo().state = "consolidated"

    def action_approve(self):
        self._check_role("group_policy_officer")
        self._check_state("consolidated")
        for record in self:
            if not record.approval_number or not record.approval_date:
                raise UserError(
                    self.env._(
                        "%(list)s: enter number and date of the approval document first.",
                        list=record.name,
                    )
                )
        self.sudo().state = "approved"

    def action_publish(self):
        self._check_role("group_policy_officer")
        self._check_state("approved")
        for record in self.sudo():
            earlier = self.sudo().search(
                [
                    ("company_id", "=", record.company_id.id),
                    ("kind", "=", record.kind),
                    ("state", "=", "published"),
                ]
            )
            earlier.state = "superseded"
            today = fields.Date.context_today(self)
            record.write(
                {
                    "state": "published",
                    "published_on": today,
                    "effective_date": record.effective_date or today,
                }
            )
            record._after_publish()

    def action_new_version(self):
        """Open a draft that copies this version line by line."""
        self.ensure_one()
        self._check_role("group_policy_officer")
        draft = self.copy()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": draft.id,
            "view_mode": "form",
        }

    def action_generate_plans(self):
        """Make this year's plans from the published list, one per division; safe to repeat."""
        self._check_role("group_policy_officer")
        self._check_state("published")
        year = fields.Date.context_today(self).year
        plans = self.env["srsp.plan"].sudo()
        for division in self.item_ids.division_id:
            plans |= plans._generate(division, year)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Plans"),
            "res_model": "srsp.plan",
            "view_mode": "list,form",
            "domain": [("id", "in", plans.ids)],
        }

    def _after_publish(self):
        """Hook: the version has just been published."""

    @api.model
    def _get_published(self, kind, company):
        """The published version of ``kind``, or an empty set."""
        return self.sudo().search(
            [
                ("kind", "=", kind),
                ("company_id", "=", company.id),
                ("state", "=", "published"),
            ],
            limit=1,
        )
