from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.working_days import beijing_date

RISK_CLASSES = [("A", "A"), ("B", "B"), ("C", "C"), ("D", "D")]


class SrspRulebook(models.Model):
    """The implementing rules (实施细则): text for people, parameters for the software.

    Whoever needs a number asks ``_get_in_force`` for the rulebook of the day in question; a task pins
    the one in force when its roster is locked.
    """

    _name = "srsp.rulebook"
    _description = "Rulebook"
    _inherit = ["srsp.guard.mixin", "mail.thread"]
    _order = "effective_date desc, id desc"
    _check_company_auto = True
    _guarded_fields = ("state",)

    name = fields.Char(required=True, tracking=True)
    document_number = fields.Char()
    effective_date = fields.Date(required=True, tracking=True)
    state = fields.Selection(
        [("draft", "Draft"), ("published", "Published")],
        default="draft",
        required=True,
        copy=False,
        tracking=True,
    )
    text = fields.Html()
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    floor_ratio = fields.Float(
        "Lowest Ratio", digits=(5, 4), default=0.05, required=True
    )
    floor_frequency = fields.Integer("Lowest Draws a Year", default=2, required=True)
    team_size = fields.Integer("Officers per Team", default=2, required=True)
    disclosure_days = fields.Integer(
        "Disclosure Deadline",
        default=20,
        required=True,
        help="Working days from the day a result is formed.",
    )
    rectification_days = fields.Integer(
        "Rectification Deadline", default=30, required=True
    )
    substitutes_allowed = fields.Integer(
        "Substitutions per Draw", default=9, required=True
    )
    lock_lead_hours = fields.Integer(
        "Roster Locked Before Draw",
        default=24,
        required=True,
        help="Hours between lock and announced draw.",
    )
    randomness_kind = fields.Selection(
        selection="_selection_randomness_kind",
        string="Source of Randomness",
        default="system",
        required=True,
    )
    ratio_a = fields.Float(digits=(5, 4), default=0.05)
    ratio_b = fields.Float(digits=(5, 4), default=0.05)
    ratio_c = fields.Float(digits=(5, 4), default=0.2)
    ratio_d = fields.Float(digits=(5, 4), default=0.5)
    ratio_key = fields.Float("Ratio of Key Targets", digits=(5, 4), default=0.1)
    cap_a = fields.Integer("Visits a Year A", help="0: no cap.")
    cap_b = fields.Integer("Visits a Year B", help="0: no cap.")
    cap_c = fields.Integer("Visits a Year C", help="0: no cap.")
    cap_d = fields.Integer("Visits a Year D", help="0: no cap.")

    _effective_uniq = models.UniqueIndex(
        "(company_id, effective_date) WHERE state = 'published'",
        "Another published rulebook takes effect on the same day.",
    )
    _ratios = models.Constraint(
        "CHECK (floor_ratio > 0 AND floor_ratio <= 1 AND ratio_key >= 0 AND ratio_key <= 1"
        " AND ratio_a BETWEEN 0 AND 1 AND ratio_b BETWEEN 0 AND 1"
        " AND ratio_c BETWEEN 0 AND 1 AND ratio_d BETWEEN 0 AND 1)",
        "Ratios lie above 0 and not above 1 (5 % is 0.05).",
    )
    _numbers = models.Constraint(
        "CHECK (team_size >= 2 AND floor_frequency >= 1 AND disclosure_days >= 1 AND rectification_days >= 1"
        " AND substitutes_allowed >= 0 AND lock_lead_hours >= 1)",
        "A team has at least two officers (行政处罚法 42); days, draws and hours are at least 1.",
    )

    @api.model
    def _selection_randomness_kind(self):
        return (
            self.env["srsp.draw"]
            ._fields["randomness_kind"]
            ._description_selection(self.env)
        )

    def write(self, vals):
        if not self.env.su and any(rulebook.state == "published" for rulebook in self):
            raise UserError(
                self.env._(
                    "A published rulebook is frozen: make a new one with a later date."
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        if any(rulebook.state == "published" for rulebook in self):
            raise UserError(self.env._("A published rulebook cannot be deleted."))

    def action_publish(self):
        self._check_role("group_policy_officer")
        self._check_state("draft")
        today = beijing_date(fields.Datetime.now())
        for rulebook in self:
            if not self.env.su and rulebook.effective_date <= today:
                raise UserError(
                    self.env._(
                        "%(rulebook)s: a rulebook takes effect after the day of its publication.",
                        rulebook=rulebook.name,
                    )
                )
        self.sudo().state = "published"

    @api.model
    def _find_in_force(self, company, date=None):
        """The same as ``_get_in_force``, but an empty set when there is none."""
        date = date or beijing_date(fields.Datetime.now())
        return self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("state", "=", "published"),
                ("effective_date", "<=", date),
            ],
            limit=1,
        )

    @api.model
    def _get_in_force(self, company, date=None):
        """The rulebook of ``company`` in force on ``date`` (today if none is given).

        :raise UserError: when there is none
        """
        date = date or beijing_date(fields.Datetime.now())
        rulebook = self._find_in_force(company, date)
        if not rulebook:
            raise UserError(
                self.env._(
                    "No rulebook of %(company)s is in force on %(date)s: publish one first.",
                    company=company.name,
                    date=date,
                )
            )
        return rulebook

    def _stratum_ratio(self, stratum):
        """Lowest ratio of one stratum key: a risk class, ``key``, or anything else for the floor."""
        self.ensure_one()
        own = {
            "A": self.ratio_a,
            "B": self.ratio_b,
            "C": self.ratio_c,
            "D": self.ratio_d,
            "key": self.ratio_key,
        }
        return max(self.floor_ratio, own.get(stratum, 0.0))
