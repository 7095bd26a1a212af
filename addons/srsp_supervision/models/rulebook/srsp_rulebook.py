import datetime
import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_compare

from ...actions import get_form_action
from ...tools import clock
from ...tools.clock import beijing_date

RISK_CLASSES = [("A", "A"), ("B", "B"), ("C", "C"), ("D", "D")]
CLASSES_AND_KEY = (*"ABCD", "key")  # the parts of a stratum that have a ratio
# In the order in which people read them.
PARAMETERS = (
    "floor_ratio floor_frequency team_size disclosure_days rectification_days lock_lead_hours substitutes_allowed"
    " withdrawals_allowed voids_allowed randomness_kind ratio_a ratio_b ratio_c ratio_d ratio_key"
    " frequency_a frequency_b frequency_c frequency_d"
    " frequency_key key_for_class_d key_finding_days key_rule cap_a cap_b cap_c cap_d risk_raise_on_finding"
    " risk_lower_after reminder_days officer_cap interval_days case_days"
).split()

# The least and the largest value of each.
FREQUENCIES = "frequency_a frequency_b frequency_c frequency_d frequency_key".split()
RATIOS = "floor_ratio ratio_a ratio_b ratio_c ratio_d ratio_key".split()
DAYS = "floor_frequency disclosure_days rectification_days reminder_days".split()
RANGES = {
    **dict.fromkeys(RATIOS, (0.0, 1.0)),
    "floor_ratio": (0.0001, 1.0),
    "team_size": (2, 10),  # at least two officers: 行政处罚法 42
    **dict.fromkeys(DAYS, (1, 366)),
    "lock_lead_hours": (1, 8784),
    **dict.fromkeys(
        ("substitutes_allowed", "withdrawals_allowed", "voids_allowed"), (0, 1000)
    ),
    **dict.fromkeys([*FREQUENCIES, "cap_a", "cap_b", "cap_c", "cap_d"], (0, 366)),
    **dict.fromkeys(("key_finding_days", "interval_days", "case_days"), (0, 3660)),
    "officer_cap": (0, 100_000),
    "risk_lower_after": (0, 100),
}


def percent(ratio):
    """A ratio as a person reads it: 0.05 is 5%."""
    return f"{round(ratio * 100, 2):g}%"


class SrspRulebook(models.Model):
    """The implementing rules (实施细则): text for people, parameters for the software.

    ``draft → published``; a published one is frozen and holds from its effective date until the next
    one takes effect. Whoever needs a number asks ``_get_in_force`` for the rulebook of the day in
    question; a task keeps the one in force when its roster is locked.
    """

    _name = "srsp.rulebook"
    _description = "Rulebook"
    _inherit = ["srsp.evidence.mixin", "mail.thread"]
    _phone_texts = ("text", "key_rule")
    _order = "effective_date desc, id desc"
    _check_company_auto = True
    _guarded_fields = ("state", "origin_id")

    name = fields.Char(required=True, tracking=True)
    document_number = fields.Char(copy=False)
    effective_date = fields.Date(
        required=True,
        tracking=True,
        default=lambda self: self._get_first_date(self.env.company),
    )
    state = fields.Selection(
        [("draft", "Draft"), ("published", "Published")],
        default="draft",
        required=True,
        copy=False,
        tracking=True,
    )
    phase = fields.Selection(
        [
            ("pending", "Not yet in force"),
            ("in_force", "In force"),
            ("superseded", "No longer in force"),
        ],
        compute="_compute_phase",
        help="Current effect of a published rulebook.",
    )
    next_id = fields.Many2one("srsp.rulebook", "Next Version", compute="_compute_phase")
    notice = fields.Char(compute="_compute_notice")
    origin_id = fields.Many2one(
        "srsp.rulebook", "Based On", readonly=True, copy=False, check_company=True
    )
    text = fields.Html()
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    floor_ratio = fields.Float(
        "Minimum Sampling Ratio", digits=(5, 4), default=0.05, required=True
    )
    floor_frequency = fields.Integer(
        "Minimum Sampling Frequency", default=2, required=True
    )
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
        "Maximum Substitutions per Draw", default=9, required=True
    )
    withdrawals_allowed = fields.Integer(
        "Maximum Replacements of Inspectors per Year",
        default=12,
        required=True,
        help="For each division; counted over all of its draws.",
    )
    voids_allowed = fields.Integer(
        "Maximum Voided Draws per Year",
        default=3,
        required=True,
        help="For each division.",
    )
    lock_lead_hours = fields.Integer(
        "Roster Lock Lead Time",
        default=24,
        required=True,
        help="Hours between the roster lock and the announced draw.",
    )
    reminder_days = fields.Integer(
        "Reminder Lead Time",
        default=3,
        required=True,
        help="Days before the submission deadline for the divisions' parts of a list.",
    )
    randomness_kind = fields.Selection(
        selection="_selection_randomness_kind",
        string="Source of Randomness",
        default="system",
        required=True,
    )
    ratio_a = fields.Float("Sampling Ratio A", digits=(5, 4), default=0.05)
    ratio_b = fields.Float("Sampling Ratio B", digits=(5, 4), default=0.05)
    ratio_c = fields.Float("Sampling Ratio C", digits=(5, 4), default=0.2)
    ratio_d = fields.Float("Sampling Ratio D", digits=(5, 4), default=0.5)
    ratio_key = fields.Float(
        "Sampling Ratio of Key Targets", digits=(5, 4), default=0.1
    )
    frequency_a = fields.Integer("Sampling Frequency A", help="0: as set on the item.")
    frequency_b = fields.Integer("Sampling Frequency B", help="0: as set on the item.")
    frequency_c = fields.Integer("Sampling Frequency C", help="0: as set on the item.")
    frequency_d = fields.Integer("Sampling Frequency D", help="0: as set on the item.")
    frequency_key = fields.Integer(
        "Sampling Frequency of Key Targets", help="0: as set on the item."
    )
    key_for_class_d = fields.Boolean(
        "Propose Class D as Key Targets",
        default=True,
        help="Active targets of that class are proposed for the registry of key targets.",
    )
    key_finding_days = fields.Integer(
        "Key Target Proposal Period After Finding",
        default=365,
        help="Counted from the day on which the result was formed; 0: never.",
    )
    key_rule = fields.Text(
        "Key Target Listing Rule",
        help="Which targets are listed in the registry of key targets, who approves them, and when they are "
        "delisted; published with the rulebook.",
    )
    cap_a = fields.Integer("Annual Inspection Limit A", help="0: no limit.")
    cap_b = fields.Integer("Annual Inspection Limit B", help="0: no limit.")
    cap_c = fields.Integer("Annual Inspection Limit C", help="0: no limit.")
    cap_d = fields.Integer("Annual Inspection Limit D", help="0: no limit.")
    officer_cap = fields.Integer(
        "Annual Inspection Limit per Inspector",
        help="No inspector is assigned more visits than this by a draw; 0: no limit.",
    )
    interval_days = fields.Integer(
        "Days Between Inspections",
        help="Days for which a target is excluded from draws after one of its items was inspected; 0: not "
        "excluded.",
    )
    case_days = fields.Integer(
        "Open Case Exclusion Period",
        default=90,
        help="Days for which a target is excluded from draws after a case was handed over to enforcement: a "
        "decision is due within 90 days (行政处罚法 60); 0: not excluded.",
    )
    risk_raise_on_finding = fields.Boolean(
        "Raise Risk Class on Finding",
        default=True,
        help="Raised by one class when the result is formed.",
    )
    risk_lower_after = fields.Integer(
        "Clean Visits to Lower Risk Class",
        default=2,
        required=True,
        help="Consecutive clean visits that lower the risk class by one; 0: never.",
    )

    _effective_uniq = models.UniqueIndex(
        "(company_id, effective_date) WHERE state = 'published'",
        "Another published rulebook takes effect on the same day.",
    )

    @api.model
    def _selection_randomness_kind(self):
        draws = self.env["srsp.draw"]
        return draws._fields["randomness_kind"]._description_selection(self.env)

    @api.depends("name", "effective_date")
    def _compute_display_name(self):
        for rulebook in self:
            name, date = rulebook.name or "", rulebook.effective_date or ""
            rulebook.display_name = f"{name} ({date})"

    @api.depends("state", "effective_date", "company_id")
    def _compute_phase(self):
        today = clock.today()
        for company, rulebooks in self.grouped("company_id").items():
            published = self._find_published(company)
            current = self._find_in_force(company, today)
            for rulebook in rulebooks:
                date = rulebook.effective_date
                rulebook.next_id = rulebook.phase = False
                if rulebook.state != "published":
                    continue
                later = published.filtered(lambda r, day=date: r.effective_date > day)
                rulebook.next_id = later[-1:]
                if date > today:
                    rulebook.phase = "pending"
                else:
                    in_force = rulebook.id in current.ids
                    rulebook.phase = "in_force" if in_force else "superseded"

    @api.depends("phase", "next_id")
    @api.depends_context("lang")
    def _compute_notice(self):
        for rulebook in self:
            following = rulebook.next_id.sudo()
            names = {"rulebook": following.name, "date": following.effective_date}
            rulebook.notice = False
            if rulebook.phase == "superseded":
                rulebook.notice = self.env._(
                    "No longer in force: replaced by “%(rulebook)s” on %(date)s.",
                    **names,
                )
            elif following:
                rulebook.notice = self.env._(
                    "A newer version is waiting: “%(rulebook)s” takes effect on %(date)s.",
                    **names,
                )

    @api.constrains(*RANGES)
    def _check_ranges(self):
        for rulebook in self:
            for name, (least, most) in RANGES.items():
                if not least <= rulebook[name] <= most:
                    show = percent if name in RATIOS else str
                    raise ValidationError(
                        self.env._(
                            "“%(field)s” is %(value)s; it must be between %(least)s and %(most)s.",
                            field=self._fields[name]._description_string(self.env),
                            value=show(rulebook[name]),
                            least=show(least),
                            most=show(most),
                        )
                    )

    @api.constrains("state", "company_id")
    def _check_one_draft(self):
        """Allow one draft at a time: two would both be based on the same rulebook."""
        domain = [("state", "=", "draft"), ("company_id", "in", self.company_id.ids)]
        drafts = self.sudo().search(domain)
        for own in drafts.grouped("company_id").values():
            if len(own) > 1:
                other = (own - self or own)[0]
                raise ValidationError(
                    self.env._(
                        "“%(draft)s” is still a draft: publish it, or delete it, before you open another version.",
                        draft=other.display_name,
                    )
                )

    def _check_evidence(self, vals=None):
        if "published" not in self.mapped("state"):
            return
        if vals is None:
            raise UserError(self.env._("A published rulebook cannot be deleted."))
        if not self.env.su:
            raise UserError(
                self.env._(
                    "A published rulebook is frozen: create a new one with a later date."
                )
            )

    def action_new_version(self):
        """Open a draft that begins with the text and the parameters of this rulebook."""
        self.ensure_one()
        self._check_role("group_policy_officer")
        self.check_access("read")
        self._check_state("published")
        date = self._get_first_date(self.company_id)
        draft = self.sudo().copy({"origin_id": self.id, "effective_date": date})
        return get_form_action(draft)

    def action_publish(self):
        """Show what publishing would change; the wizard publishes once that is confirmed."""
        self.ensure_one()
        self._check_publishable()
        return self.env["srsp.rulebook.effects"]._open(self)

    def _stratum_ratio(self, stratum, stratify_by):
        """The minimum ratio of a stratum: the highest of its risk class's, its key mark's and the floor.

        :param str stratum: its key
        :param str stratify_by: what the parts of the key are, see ``srsp.task``
        """
        self.ensure_one()
        own = {kind: self[f"ratio_{kind.lower()}"] for kind in CLASSES_AND_KEY}
        kinds = stratify_by.split("+")
        parts = zip(kinds, stratum.split("/", len(kinds) - 1), strict=False)
        ratios = [own.get(part, 0.0) for kind, part in parts if kind != "region"]
        return max(self.floor_ratio if stratify_by != "none" else 0.0, *ratios, 0.0)

    def _get_required_strata(self, ratio=0.0):
        """The parts of ``stratify_by`` without which a draw at ``ratio`` falls below the ratios of this rulebook.

        None where the ratio reaches the highest of them anyway.
        """
        low = max(ratio, self.floor_ratio)
        by_class = max(self.ratio_a, self.ratio_b, self.ratio_c, self.ratio_d)
        highest = {"risk_class": by_class, "key": self.ratio_key}
        return [k for k, most in highest.items() if float_compare(most, low, 4) > 0]

    def _get_stratify_by(self):
        """The ``stratify_by`` of a task that covers every ratio of the rulebook above its floor."""
        return "+".join(self._get_required_strata()) or "none"

    def _get_frequencies(self):
        """``{risk class or "key": draws a year}`` for which the rulebook sets a frequency."""
        return {
            kind: self[f"frequency_{kind.lower()}"]
            for kind in CLASSES_AND_KEY
            if self[f"frequency_{kind.lower()}"]
        }

    def _get_visit_cap(self, risk_class):
        """Most visits a year to a target of ``risk_class``; 0 without a cap or without a class."""
        return self[f"cap_{risk_class.lower()}"] if risk_class else 0

    def _get_parameters(self):
        """``[(field name, label, value as a person reads it), …]`` in the order of PARAMETERS."""
        self.ensure_one()
        labels = [
            self._fields[name]._description_string(self.env) for name in PARAMETERS
        ]
        return list(zip(PARAMETERS, labels, map(self._get_parameter_text, PARAMETERS)))

    def _get_parameter_text(self, name):
        value, field = self[name], self._fields[name]
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if field.type == "float":
            return percent(value)
        if field.type == "text":
            return value or ""
        if field.type == "boolean":
            return self.env._("yes") if value else self.env._("no")
        if not value:
            return self._get_zero_text(name)
        if name == "disclosure_days":
            return self.env._("%(count)s working days", count=value)
        if name.endswith("_days"):
            return self.env._("%(count)s days", count=value)
        if name == "lock_lead_hours":
            return self.env._("%(count)s hours", count=value)
        return str(value)

    def _get_zero_text(self, name):
        if name == "risk_lower_after":
            return self.env._("never")
        if name in ("interval_days", "case_days", "key_finding_days"):
            return self.env._("not excluded")
        if name in FREQUENCIES:
            return self.env._("as set on the item")
        return self.env._("no limit") if "cap" in name else "0"

    def _publish(self):
        for rulebook in self:
            rulebook._check_publishable()
            moves = rulebook.sudo()._get_lock_moves()
            rulebook.sudo().state = "published"
            self.env["srsp.event"]._seal_state(rulebook, "rulebook.published")
            for task, lock_at in moves.items():
                task.lock_at = lock_at

    def _prepare_seal(self):
        names = ("name", "document_number", "effective_date", "state", *PARAMETERS)
        text = hashlib.sha256((self.text or "").encode()).hexdigest()
        return {**self.env["srsp.event"]._read_values(self, names), "text": text}

    def _check_publishable(self):
        """Raise unless the user may publish this draft, and for a date that is too early.

        Superuser mode (the demonstration) may date it back, but never before another one.
        """
        self._check_role("group_policy_officer")
        self.check_access("write")
        self._check_state("draft")
        last = self._find_published(self.company_id)[:1]
        if last and self.effective_date <= last.effective_date:
            raise UserError(
                self.env._(
                    "“%(rulebook)s” would take effect on %(date)s, but “%(other)s” takes effect on %(later)s: "
                    "choose a later day.",
                    rulebook=self.name,
                    date=self.effective_date,
                    other=last.name,
                    later=last.effective_date,
                )
            )
        first = self._get_first_date(self.company_id)
        if not self.env.su and self.effective_date < first:
            raise UserError(
                self.env._(
                    "%(rulebook)s: it can take effect on %(date)s at the earliest.",
                    rulebook=self.name,
                    date=first,
                )
            )

    @api.model
    def _get_first_date(self, company):
        """The earliest day on which the next rulebook of ``company`` can take effect.

        The first one may do so today; a later one on a day after its publication and after every other's.
        """
        today = clock.today()
        last = self._find_published(company)[:1].effective_date
        return max(last, today) + datetime.timedelta(days=1) if last else today

    @api.model
    def _find_published(self, company, *conditions):
        """The published rulebooks of ``company``, the latest to take effect first."""
        domain = [("company_id", "=", company.id), ("state", "=", "published")]
        return self.sudo().search([*domain, *conditions])

    @api.model
    def _find_in_force(self, company, date=None):
        """Like ``_get_in_force``, but an empty set when there is none."""
        day = date or clock.today()
        return self._find_published(company, ("effective_date", "<=", day))[:1]

    @api.model
    def _get_in_force(self, company, date=None):
        """The rulebook of ``company`` in force on ``date`` (today if none is given).

        :raise UserError: when there is none
        """
        rulebook = self._find_in_force(company, date)
        if not rulebook:
            raise UserError(
                self.env._(
                    "No rulebook of %(company)s is in force on %(date)s: publish one first.",
                    company=company.name,
                    date=date or clock.today(),
                )
            )
        return rulebook

    def _get_lock_at(self, draw_at):
        """When the roster of a draw at ``draw_at`` (UTC) is locked under these published rulebooks.

        The one in force on the day of the lock sets the lead time. Where the later of two puts the lock before
        its own effective date and the earlier after that date, the later prevails.
        """
        lock_at, following = None, datetime.date.max
        for rulebook in self.sorted("effective_date", reverse=True):
            lead = datetime.timedelta(hours=rulebook.lock_lead_hours)
            before, lock_at = lock_at, draw_at - lead
            if beijing_date(lock_at) >= following:
                return before
            if beijing_date(lock_at) >= rulebook.effective_date:
                return lock_at
            following = rulebook.effective_date
        return lock_at or draw_at - datetime.timedelta(hours=1)
