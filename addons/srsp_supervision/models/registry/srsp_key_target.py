from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ...actions import RELOAD, get_notification
from ...fields import company_of
from ...tools import clock
from ...tools.certificate import one_line
from ..base.isolation import do_each
from .srsp_target_change import Origin

REASON_KINDS = "for_class for_findings for_complaints for_sector for_other".split()
OPEN_STATES = ("proposed", "listed", "delisting")

# What the rules propose: each target once, with every reason that holds. ``facts`` are rows
# (target_id, the field of REASON_KINDS, the day on which it became true).
PROPOSE = """
WITH fact AS (%(facts)s),
     due AS (
    SELECT target.id, target.company_id, target.division_id, target.sector_id,
           bool_or(fact.kind = 'for_class') AS for_class, bool_or(fact.kind = 'for_findings') AS for_findings,
           bool_or(fact.kind = 'for_complaints') AS for_complaints, bool_or(fact.kind = 'for_sector') AS for_sector,
           bool_or(fact.kind = 'for_other') AS for_other
      FROM fact
      JOIN srsp_target target ON target.id = fact.target_id
     WHERE target.state = 'active' AND NOT coalesce(target.is_key, FALSE)
       AND NOT EXISTS (SELECT FROM srsp_key_target listing
                        WHERE listing.target_id = target.id
                          AND (listing.state IN ('proposed', 'listed', 'delisting')
                               OR listing.decided_on >= coalesce(fact.since, listing.decided_on)))
  GROUP BY target.id)
INSERT INTO srsp_key_target (target_id, company_id, division_id, sector_id,
                             for_class, for_findings, for_complaints, for_sector, for_other, reason, origin, state,
                             proposed_by_id, proposed_on, create_uid, create_date, write_uid, write_date)
SELECT due.*, concat_ws(' · ', CASE WHEN for_class THEN %(class_d)s END, CASE WHEN for_findings THEN %(findings)s END,
                        CASE WHEN for_complaints THEN %(complaints)s END),
       'rule', 'proposed', %(proposer)s, %(today)s, %(uid)s, %(now)s, %(uid)s, %(now)s
  FROM due ORDER BY due.id
"""


class SrspKeyTarget(models.Model):
    """The registry of key targets (重点抽查名录库): one entry for every time a target is proposed for it.

    ``proposed → listed → delisting → delisted``, or ``declined``. Whoever proposes never decides: a policy officer
    or the head of the division decides, as another person, on listing and on delisting. What the scheduled action
    proposes has been proposed by nobody who could be another person, so a policy officer decides on it. Nothing is
    deleted. ``is_key``, ``key_reason``, ``key_by_id`` and ``key_date`` of the target follow the decision.
    """

    _name = "srsp.key.target"
    _description = "Key target"
    _inherit = ["srsp.evidence.mixin", "mail.thread"]
    _order = "id desc"
    _rec_name = "target_id"
    _check_company_auto = True
    _mail_post_access = "read"
    _guarded_fields = tuple(
        "state origin proposed_by_id proposed_on decided_by_id decided_on decline_reason listed_by_id"
        " listed_on delist_reason delist_by_id delist_proposed_on delisted_on division_id sector_id".split()
    )

    target_id = fields.Many2one(
        "srsp.target",
        required=True,
        index=True,
        check_company=True,
        domain=[
            ("state", "=", "active"),
            ("key_target_ids", "not any", [("state", "in", OPEN_STATES)]),
        ],
    )
    entity_id = fields.Many2one(related="target_id.entity_id")
    risk_class = fields.Selection(related="target_id.risk_class")
    target_state = fields.Selection(
        related="target_id.state", string="State of the Target"
    )
    region = fields.Char(related="target_id.region")
    sector_id = fields.Many2one(
        related="target_id.sector_id", store=True, index=True, precompute=True
    )
    division_id = fields.Many2one(
        related="target_id.division_id", store=True, index=True, precompute=True
    )
    company_id = company_of("target_id")
    for_class = fields.Boolean("Risk Class D")
    for_findings = fields.Boolean("Findings in Inspections")
    for_complaints = fields.Boolean("Complaints")
    for_sector = fields.Boolean("Key Sector")
    for_other = fields.Boolean("Other Reason")
    reason_kinds = fields.Char("Kinds of Reason", compute="_compute_reason_kinds")
    reason = fields.Char(required=True, tracking=True)
    origin = fields.Selection(
        [("manual", "Manual"), ("rule", "By rule"), ("import", "Import")],
        "Proposal Method",
        default="manual",
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("proposed", "Proposed"),
            ("listed", "Listed"),
            ("delisting", "Delisting proposed"),
            ("delisted", "Delisted"),
            ("declined", "Declined"),
        ],
        default="proposed",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        group_expand=True,
    )
    proposed_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        copy=False,
        default=lambda self: self.env.uid,
        help="Empty: proposed automatically by the rules.",
    )
    proposed_on = fields.Date(
        readonly=True, copy=False, required=True, default=lambda self: clock.today()
    )
    listed_by_id = fields.Many2one(
        "res.users", "Listing Approved By", readonly=True, copy=False
    )
    listed_on = fields.Date(readonly=True, copy=False)
    decline_reason = fields.Char("Reason for Declining", readonly=True, copy=False)
    delist_reason = fields.Char(
        "Reason for Delisting", readonly=True, copy=False, tracking=True
    )
    delist_by_id = fields.Many2one(
        "res.users", "Delisting Proposed By", readonly=True, copy=False
    )
    delist_proposed_on = fields.Date("Delisting Proposed On", readonly=True, copy=False)
    delisted_on = fields.Date(readonly=True, copy=False)
    decided_by_id = fields.Many2one(
        "res.users", "Last Decision By", readonly=True, copy=False
    )
    decided_on = fields.Date("Last Decision On", readonly=True, copy=False)
    can_decide = fields.Boolean(compute="_compute_can_decide")

    _open_uniq = models.UniqueIndex(
        "(target_id) WHERE state IN ('proposed', 'listed', 'delisting')",
        "This target is already listed or proposed.",
    )
    _reason_kind = models.Constraint(
        "CHECK ((for_class OR for_findings OR for_complaints OR for_sector OR for_other) IS TRUE)",
        "Choose at least one kind of reason.",
    )

    @api.depends(*REASON_KINDS)
    @api.depends_context("lang")
    def _compute_reason_kinds(self):
        kinds = [self._fields[name] for name in REASON_KINDS]
        labels = {kind.name: kind._description_string(self.env) for kind in kinds}
        for listing in self:
            held = [label for name, label in labels.items() if listing[name]]
            listing.reason_kinds = " · ".join(held)

    @api.depends("state", "proposed_by_id", "delist_by_id", "division_id.manager_id")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        for listing in self:
            listing.can_decide = not listing._why_not_decide()

    @api.constrains("reason")
    def _check_reason(self):
        for listing in self:
            if not (listing.reason or "").strip():
                message = self.env._(
                    "%(target)s: enter the reason why it is a key target.",
                    target=listing.target_id.display_name,
                )
                raise ValidationError(message)

    @api.constrains("target_id")
    def _check_target(self):
        for listing in self:
            if listing.state == "proposed" and listing.target_id.state == "cancelled":
                message = self.env._(
                    "%(target)s has left the registry of targets: it cannot become a key target.",
                    target=listing.target_id.display_name,
                )
                raise ValidationError(message)

    def _can_create(self):
        if self.env.user.has_group("srsp_supervision.group_policy_officer"):
            return True
        return self.env["srsp.target"]._can_create()

    @api.model_create_multi
    def create(self, vals_list):
        self._check_role("group_division_officer", "group_policy_officer")
        listings = super().create(vals_list)
        if not self.env.su:
            listings.target_id.check_access("read")
        return listings

    def _check_evidence(self, vals=None):
        if vals is None:
            raise UserError(
                self.env._(
                    "An entry of the registry of key targets is not deleted: decline or delist it, with a reason."
                )
            )
        if not self.env.su and (
            "target_id" in vals
            or any(
                listing.state != "proposed" or listing.proposed_by_id != self.env.user
                for listing in self
            )
        ):
            raise self._logged_error(
                self.env._(
                    "A proposal keeps its target; its reason can only be changed by whoever made it, until it has "
                    "been decided."
                )
            )

    def action_approve(self):
        """List what has been proposed, or take out what is to be delisted; the targets follow."""
        self._check_decidable()
        today = clock.today()
        listed = self.filtered(lambda listing: listing.state == "proposed")
        delisted = self - listed
        listed._decide("listed", listed_by_id=self.env.uid, listed_on=today)
        for reason, listings in listed.sudo().grouped("reason").items():
            listings.target_id.write({"is_key": True, "key_reason": reason})
        delisted._decide("delisted", delisted_on=today)
        for reason, listings in delisted.sudo().grouped("delist_reason").items():
            origin = Origin(reason=reason)
            targets = listings.target_id.with_context(srsp_origin=origin)
            targets.write({"is_key": False, "key_reason": False})

    def action_decline(self):
        return self.env["srsp.reason"]._open(self, "key_decline")

    def action_delist(self):
        return self.env["srsp.reason"]._open(self, "key_delist")

    def action_propose_by_rule(self):
        """Propose what the rules name and the user may read, whatever records are selected: ``_get_facts``."""
        self._check_role("group_division_officer", "group_policy_officer")
        self.check_access("create")
        count = 0
        for company in self.env.companies:
            count += self._propose_by_rule(company, self.env.user)
        message = self.env._("Proposed by the rules: %(count)s", count=count)
        kind = "success" if count else "info"
        return get_notification(kind, message, next=RELOAD)

    @api.model
    def get_hint(self):
        """Which targets the rules name that are not listed: lines for the list of the registry."""
        lines = {
            "for_class": self.env._(
                "%(count)s active targets of risk class D are not listed; %(proposed)s of them are proposed."
            ),
            "for_findings": self.env._(
                "%(count)s active targets with recent findings are not listed; %(proposed)s of them are"
                " proposed."
            ),
        }
        self.env.flush_all()
        found, proposed = Counter(), Counter()
        for company in self.env.companies:
            if not (facts := self._get_facts(company)):
                continue
            query = SQL(
                """SELECT fact.kind, count(DISTINCT fact.target_id), count(DISTINCT listing.target_id)
                     FROM (%s) fact
                     JOIN srsp_target target ON target.id = fact.target_id
                LEFT JOIN srsp_key_target listing
                       ON listing.target_id = target.id AND listing.state = 'proposed'
                    WHERE NOT coalesce(target.is_key, FALSE) GROUP BY 1""",
                self._join_facts(facts),
            )
            for name, count, waiting in self.env.execute_query(query):
                found[name] += count
                proposed[name] += waiting
        return [
            line % {"count": found[name], "proposed": proposed[name]}
            for name, line in lines.items()
            if found[name]
        ]

    def _check_decidable(self):
        """Raise unless the user may decide on each of these."""
        self.check_access("read")
        self.lock_for_update()
        self._check_state("proposed", "delisting")
        for listing in self:
            if refusal := listing._why_not_decide():
                raise self._logged_error(refusal, AccessError)

    def _get_asking_user(self):
        """Who has made the proposal that waits for a decision."""
        return self.delist_by_id if self.state == "delisting" else self.proposed_by_id

    def _why_not_decide(self):
        """Why the user does not decide on this entry, in words; empty if nothing stands against it."""
        if self.env.su:
            return ""
        user, listing = self.env.user, self.sudo()
        asked_by = listing._get_asking_user()
        if listing.state not in ("proposed", "delisting"):
            return self.env._("There is nothing to review.")
        if asked_by == user:
            return self.env._(
                "%(target)s: you proposed this yourself, somebody else must decide.",
                target=listing.target_id.display_name,
            )
        if user.has_group("srsp_supervision.group_policy_officer"):
            return ""
        is_manager = user.has_group("srsp_supervision.group_division_manager")
        if asked_by and is_manager and listing.division_id.manager_id == user:
            return ""
        return self.env._(
            "%(target)s: a policy officer decides or, if another person proposed it, the head of "
            "%(division)s.",
            target=listing.target_id.display_name,
            division=listing.division_id.name,
        )

    def _decide(self, state, **vals):
        decision = {"decided_by_id": self.env.uid, "decided_on": clock.today()}
        self.sudo().write({"state": state, **decision, **vals})
        self.flush_recordset(["state"])  # another proposal may follow at once

    def _decline(self, reason):
        """Turn a proposal down, or withdraw one's own; the target of a proposed delisting stays listed.

        Withdrawing is not a decision, so that the rules may propose the target again.
        """
        self._check_state("proposed", "delisting")
        own = self.filtered(lambda listing: listing._get_asking_user() == self.env.user)
        (self - own)._check_decidable()
        states = {"proposed": "declined", "delisting": "listed"}
        for state, listings in self.grouped("state").items():
            vals = {"state": states[state], "decline_reason": reason}
            (listings & own).sudo().write(vals)
            (listings - own)._decide(**vals)
        self.flush_recordset(["state"])  # another proposal may follow at once

    def _propose_delisting(self, reason):
        """Ask for a target to be taken out; somebody else decides."""
        self._check_role("group_division_officer", "group_policy_officer")
        self.check_access("write")
        self._check_state("listed")
        proposed = {"delist_by_id": self.env.uid, "delist_proposed_on": clock.today()}
        reasons = {"delist_reason": one_line(reason), "decline_reason": False}
        self.sudo().write({"state": "delisting", **reasons, **proposed})

    def _cron_propose(self):
        """Propose what the rules name, bureau by bureau."""
        rulebooks = self.env["srsp.rulebook"].search([("state", "=", "published")])
        do_each(rulebooks.company_id, self._propose_by_rule)

    def _propose_by_rule(self, company, proposer=None):
        """Add a proposal for every target that a rule names and that is neither listed nor proposed.

        What has been declined or delisted is proposed again only for what has become true later.

        :param proposer: the user who asks for it; none for the scheduled action
        :return: their number
        """
        self.env.flush_all()
        env = company._srsp_in_language(company).env
        if not (facts := self._get_facts(company)):
            return 0
        self.env.cr.execute(
            SQL(
                PROPOSE,
                facts=self._join_facts(facts),
                class_d=env._("risk class D"),
                findings=env._("findings in recent inspections"),
                complaints=env._("complaints"),
                proposer=proposer.id if proposer else None,
                uid=self.env.uid,
                today=clock.today(),
                now=self.env.cr.now(),
            )
        )
        count = self.env.cr.rowcount
        self.env.invalidate_all()
        return count

    def _get_facts(self, company):
        """{a field of REASON_KINDS: SQL of rows (target_id, since)}: what makes a target of ``company`` a key target.

        ``since`` is the day on which it became true. Only targets that the user may read count. Other addons add
        theirs, complaints for instance: call ``super()`` and add to what it returns.
        """
        rulebook = self.env["srsp.rulebook"]._find_in_force(company)
        active = [("company_id", "=", company.id), ("state", "=", "active")]
        pool = self.env["srsp.target"]._search(active).subselect()
        facts = {}
        if rulebook.key_for_class_d:
            facts["for_class"] = SQL(
                """SELECT id AS target_id, risk_date AS since FROM srsp_target
                    WHERE id IN %s AND risk_class = 'D' AND state = 'active'""",
                pool,
            )
        if rulebook.key_finding_days:
            facts["for_findings"] = SQL(
                """SELECT line.target_id, max(visit.result_date) AS since
                     FROM srsp_inspection_line line JOIN srsp_inspection visit ON visit.id = line.inspection_id
                    WHERE visit.stage = 'closed' AND line.is_finding AND line.target_id IN %s
                      AND visit.result_date > %s::date - %s
                 GROUP BY line.target_id""",
                pool,
                clock.today(),
                rulebook.key_finding_days,
            )
        return facts

    def _join_facts(self, facts):
        return SQL(" UNION ALL ").join(
            SQL("SELECT target_id, %s AS kind, since FROM (%s) one", name, query)
            for name, query in facts.items()
        )
