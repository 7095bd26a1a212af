import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ...actions import RELOAD, get_notification
from ...fields import company_of
from ...tools import clock
from ...tools.certificate import one_line
from .srsp_target_change import Origin

_logger = logging.getLogger(__name__)

REASON_KINDS = "for_class for_findings for_complaints for_sector for_other".split()

# What the rules propose: each target once, with every reason that holds. ``facts`` are rows
# (target_id, the field of REASON_KINDS, the day on which it became true).
PROPOSE = """
WITH fact AS (%(facts)s),
     due AS (
    SELECT target.id, target.company_id, target.division_id, target.sector_id, %(reasons)s
      FROM fact
      JOIN srsp_target target ON target.id = fact.target_id
     WHERE target.state = 'active' AND NOT coalesce(target.is_key, FALSE)
       AND NOT EXISTS (SELECT FROM srsp_key_target listing
                        WHERE listing.target_id = target.id
                          AND (listing.state IN ('proposed', 'listed', 'delisting')
                               OR listing.decided_on >= coalesce(fact.since, listing.decided_on)))
  GROUP BY target.id)
INSERT INTO srsp_key_target (target_id, company_id, division_id, sector_id, %(names)s, reason, origin, state,
                             proposed_by_id, proposed_on, create_uid, create_date, write_uid, write_date)
SELECT due.id, company_id, division_id, sector_id, %(names)s,
       concat_ws(%(comma)s, %(words)s), 'rule', 'proposed', %(proposer)s, %(today)s, %(uid)s, %(now)s, %(uid)s, %(now)s
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
        ondelete="restrict",
        check_company=True,
        domain=[
            ("state", "=", "active"),
            (
                "key_target_ids",
                "not any",
                [("state", "in", ("proposed", "listed", "delisting"))],
            ),
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
        readonly=True,
        copy=False,
        required=True,
        default=lambda self: clock.today(),
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
        labels = {
            name: self._fields[name]._description_string(self.env)
            for name in REASON_KINDS
        }
        for listing in self:
            kinds = [labels[name] for name in REASON_KINDS if listing[name]]
            listing.reason_kinds = " · ".join(kinds)

    @api.depends("state", "proposed_by_id", "delist_by_id", "division_id.manager_id")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        for listing in self:
            listing.can_decide = not listing._why_not_decide()

    @api.constrains("reason")
    def _check_reason(self):
        self._refuse_identity_number("reason")
        for listing in self:
            if not (listing.reason or "").strip():
                raise ValidationError(
                    self.env._(
                        "%(target)s: enter the reason why it is a key target.",
                        target=listing.target_id.display_name,
                    )
                )

    @api.constrains("target_id")
    def _check_target(self):
        for listing in self:
            if listing.state == "proposed" and listing.target_id.state == "cancelled":
                raise ValidationError(
                    self.env._(
                        "%(target)s has left the registry of targets: it cannot become a key target.",
                        target=listing.target_id.display_name,
                    )
                )

    @api.model
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
        """List what has been proposed, or take out what is to be delisted."""
        self._check_decidable()
        proposed = self.filtered(lambda listing: listing.state == "proposed")
        proposed._list()
        (self - proposed)._delist()

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
        lines = []
        for name, (count, proposed) in self._count_missing().items():
            if name == "for_class":
                lines.append(
                    self.env._(
                        "%(count)s active targets of risk class D are not listed; %(proposed)s of them are proposed.",
                        count=count,
                        proposed=proposed,
                    )
                )
            elif name == "for_findings":
                lines.append(
                    self.env._(
                        "%(count)s active targets with recent findings are not listed; %(proposed)s of them are"
                        " proposed.",
                        count=count,
                        proposed=proposed,
                    )
                )
        return lines

    # Deciding ------------------------------------------------------------------------------------

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
        self.ensure_one()
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
        is_head = user.has_group("srsp_supervision.group_division_manager") and (
            listing.division_id.manager_id == user
        )
        if is_head and asked_by:
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

    def _list(self):
        self._decide("listed", listed_by_id=self.env.uid, listed_on=clock.today())
        for reason, listings in self.grouped("reason").items():
            listings._mark({"is_key": True, "key_reason": reason})

    def _delist(self):
        self._decide("delisted", delisted_on=clock.today())
        for reason, listings in self.grouped("delist_reason").items():
            listings._mark({"is_key": False, "key_reason": False}, reason)

    def _mark(self, vals, reason=""):
        """Let the targets follow: with their history, and a note on every task whose draw has been announced."""
        targets = self.sudo().target_id
        if reason:
            targets = targets.with_context(srsp_origin=Origin(reason=reason))
        targets.write(vals)

    def _decline(self, reason):
        """Turn a proposal down, or withdraw one's own; the target of a proposed delisting stays listed.

        Withdrawing is not a decision, so that the rules may propose the target again.
        """
        self._check_state("proposed", "delisting")
        own = self.filtered(lambda listing: listing._get_asking_user() == self.env.user)
        (self - own)._check_decidable()
        for listing in self:
            state = "declined" if listing.state == "proposed" else "listed"
            vals = {"state": state, "decline_reason": reason}
            if listing in own:
                listing.sudo().write(vals)
            else:
                listing._decide(**vals)
        self.flush_recordset(["state"])  # another proposal may follow at once

    def _propose_delisting(self, reason):
        """Ask for a target to be taken out; somebody else decides."""
        self._check_role("group_division_officer", "group_policy_officer")
        self.check_access("write")
        self._check_state("listed")
        self.sudo().write(
            {
                "state": "delisting",
                "delist_reason": one_line(reason),
                "delist_by_id": self.env.uid,
                "delist_proposed_on": clock.today(),
                "decline_reason": False,
            }
        )
        self._refuse_identity_number("delist_reason")

    # Rules ---------------------------------------------------------------------------------------

    @api.model
    def _cron_propose(self):
        """Propose what the rules name, bureau by bureau."""
        rulebooks = self.env["srsp.rulebook"].search([("state", "=", "published")])
        for company in rulebooks.company_id:
            try:
                with self.env.cr.savepoint():
                    self._propose_by_rule(company)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise  # the next run proposes
            except Exception:
                _logger.exception("Key targets of company %s", company.id)

    @api.model
    def _propose_by_rule(self, company, proposer=None):
        """Add a proposal for every target that a rule names and that is neither listed nor proposed.

        What has been declined or delisted is proposed again only for what has become true later.

        :param proposer: the user who asks for it; none for the scheduled action
        :return: their number
        """
        self.env.flush_all()
        company = company._srsp_in_language(company)
        env = company.env
        words = {
            "for_class": env._("risk class D"),
            "for_findings": env._("findings in recent inspections"),
            "for_complaints": env._("complaints"),
        }
        facts = self._get_facts(company)
        if not facts:
            return 0
        names = [SQL.identifier(name) for name in REASON_KINDS]
        self.env.cr.execute(
            SQL(
                PROPOSE,
                facts=self._join_facts(facts),
                reasons=SQL(", ").join(
                    SQL("bool_or(fact.kind = %s) AS %s", name, SQL.identifier(name))
                    for name in REASON_KINDS
                ),
                names=SQL(", ").join(names),
                words=SQL(", ").join(
                    SQL("CASE WHEN %s THEN %s END", SQL.identifier(name), word)
                    for name, word in words.items()
                ),
                comma=" · ",
                proposer=proposer.id if proposer else None,
                uid=self.env.uid,
                today=clock.today(),
                now=self.env.cr.now(),
            )
        )
        count = self.env.cr.rowcount
        self.env.invalidate_all()
        return count

    @api.model
    def _get_facts(self, company):
        """{a field of REASON_KINDS: SQL of rows (target_id, since)}: what makes a target of ``company`` a key target.

        ``since`` is the day on which it became true. Other addons add theirs, complaints for instance: call
        ``super()`` and add to what it returns.
        """
        rulebook = self.env["srsp.rulebook"]._find_in_force(company)
        pool = self._get_readable_targets(company)
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

    @api.model
    def _get_readable_targets(self, company):
        """The active targets of ``company`` that the user may read, as a parenthesised subquery."""
        domain = Domain("company_id", "=", company.id) & Domain("state", "=", "active")
        return self.env["srsp.target"]._search(domain).subselect()

    @api.model
    def _join_facts(self, facts):
        return SQL(" UNION ALL ").join(
            SQL("SELECT target_id, %s AS kind, since FROM (%s) one", name, query)
            for name, query in facts.items()
        )

    @api.model
    def _count_missing(self):
        """{a field of REASON_KINDS: (how many targets it names that are not listed, how many of them are proposed)}."""
        self.env.flush_all()
        counts = {}
        for company in self.env.companies:
            facts = self._get_facts(company)
            if not facts:
                continue
            rows = self.env.execute_query(
                SQL(
                    """SELECT fact.kind, count(DISTINCT fact.target_id), count(DISTINCT listing.target_id)
                         FROM (%s) fact
                         JOIN srsp_target target ON target.id = fact.target_id
                    LEFT JOIN srsp_key_target listing
                           ON listing.target_id = target.id AND listing.state = 'proposed'
                        WHERE NOT coalesce(target.is_key, FALSE) GROUP BY 1""",
                    self._join_facts(facts),
                )
            )
            for name, count, proposed in rows:
                before = counts.get(name, (0, 0))
                counts[name] = (before[0] + count, before[1] + proposed)
        return counts
