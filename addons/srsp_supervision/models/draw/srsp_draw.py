import itertools
import logging
import math
import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_list

from ...actions import get_action, get_notification
from ...exceptions import NoRandomness, Waiting
from ...tools import certificate as cert
from ...tools import drand
from ...tools.clock import beijing_time
from ...tools.sql import stream

_logger = logging.getLogger(__name__)

# What may still be written once the roster is locked; nothing else, not even by code.
LIVING_FIELDS = frozenset(
    "state drawn_at void_reason void_request_id entry entered_by_id".split()
)
# The states that may follow a state.
NEXT_STATES = {"committed": ("drawn", "voided"), "drawn": ("voided",), "voided": ()}
# Visits that have not begun: their teams can still change.
NOT_STARTED_STAGES = ("assigned", "scheduled")
# One-time codes beyond the substitutions: for extensions and withdrawals.
SPARE_CODES = 50


class SrspDraw(models.Model):
    """One draw, from the locked roster to the certificate. Read-only to everyone.

    ``RosterLock`` creates it, ``committed``; ``_draw`` runs its first iteration (``srsp.draw.iteration``): ``drawn``.
    A draw is never repeated; ``voided`` is an event of its own with a reason. Features of it are in other files: what
    is sealed and published (``srsp_draw_certificate``), the entry of a lottery result (``srsp_draw_lottery``), who
    had the commitment before (``srsp_draw_witness``), later changes (``srsp_draw_change``) and what a projector shows
    (``srsp_draw_room``). What can be said without a record is in ``tools/``.

    A source of randomness is a ``randomness_kind`` with a sentence in ``_get_source_statements`` and a method
    ``_fetch_randomness_<kind>(now)`` that returns the values of the first iteration: ``randomness_hex`` and
    what else proves where it came from. It raises ``Waiting`` while the randomness is still to come.
    """

    _name = "srsp.draw"
    _description = "Draw"
    _inherit = ["srsp.evidence.mixin"]
    _unchecked_texts = tuple(
        "number nonce code_hex eligibility_salt randomness_statement stratify_by roster_digest_hex"
        " excluded_digest_hex inspectors_digest_hex eligibility_root_hex".split()
    )
    _order = "locked_at desc, id desc"
    _rec_name = "number"

    number = fields.Char(required=True, readonly=True)
    task_id = fields.Many2one(
        "srsp.task", required=True, readonly=True, index=True, ondelete="restrict"
    )
    division_id = fields.Many2one(related="task_id.division_id", store=True, index=True)
    task_state = fields.Selection(related="task_id.state", string="Task State")
    repealed_basis = fields.Char(related="task_id.repealed_basis")
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    rulebook_id = fields.Many2one(
        "srsp.rulebook", required=True, readonly=True, ondelete="restrict"
    )
    state = fields.Selection(
        [("committed", "Roster locked"), ("drawn", "Drawn"), ("voided", "Voided")],
        required=True,
        readonly=True,
        default="committed",
    )
    void_reason = fields.Char(readonly=True)
    void_request_id = fields.Many2one(
        "srsp.draw.request",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    n = fields.Integer("One-Time Codes", required=True, readonly=True)
    nonce = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    code_hex = fields.Char("Commitment H^n", required=True, readonly=True)
    head = fields.Json(
        readonly=True,
        help="Names at the time of the roster lock: task, bureau, division, rulebook.",
    )
    strata = fields.Json(
        "Strata (data)", readonly=True, help="[{key, size, ratio, quota}]"
    )
    stratify_by = fields.Char("Stratified by", readonly=True)
    external = fields.Json(
        "Lists from Higher Authorities",
        readonly=True,
        help="{authority, document, issued_on, file_digest_hex}, if not drawn here.",
    )
    team_size = fields.Integer("Officers per Team", required=True, readonly=True)
    experts = fields.Integer("Experts per Team", readonly=True)
    officer_cap = fields.Integer(
        "Annual Inspection Limit",
        readonly=True,
        help="Limit per inspector; 0: no limit.",
    )
    units = fields.Json(
        readonly=True, help="Codes of the divisions that each provide an officer."
    )
    randomness_kind = fields.Selection(
        [
            ("system", "Server's random generator"),
            ("lottery", "Public lottery, entered in the presence of witnesses"),
            ("drand", "Public beacon (drand), fetched over HTTP"),
        ],
        string="Source of Randomness",
        required=True,
        readonly=True,
    )
    lottery = fields.Char("Lottery and Issue", readonly=True)
    drand = fields.Json(readonly=True, help="{chain_hash, round, public_key}")
    randomness_statement = fields.Text("Evidential Value of the Source", readonly=True)
    announced_for = fields.Datetime(required=True, readonly=True)
    locked_at = fields.Datetime(required=True, readonly=True)
    drawn_at = fields.Datetime(readonly=True)
    roster_digest_hex = fields.Char("Roster Digest", readonly=True)
    excluded_digest_hex = fields.Char("Digest of the Excluded Targets", readonly=True)
    inspectors_digest_hex = fields.Char("Digest of the Inspectors", readonly=True)
    eligibility_root_hex = fields.Char("Eligibility Root", readonly=True)
    inspectors = fields.Json(
        readonly=True, help="[[label, pool, unit, load], ...] ascending by label"
    )
    inspector_refs = fields.Json(
        readonly=True, groups=fields.NO_ACCESS, help="{label: inspector id} at the lock"
    )
    classes = fields.Json(
        "Eligibility Classes",
        readonly=True,
        groups="srsp_supervision.group_auditor",
        help="[hexadecimal, ...]: sets of the inspectors above.",
    )
    eligibility_salt = fields.Char(
        readonly=True, groups="srsp_supervision.group_auditor"
    )
    certificate_format = fields.Char(readonly=True)
    stratum_labels = fields.Json(
        readonly=True,
        help="{stratum key: what the public reads instead}; empty where the draw is not stratified.",
    )
    drawn_line_ids = fields.One2many(
        "srsp.draw.line", string="Drawn", compute="_compute_drawn_line_ids"
    )
    iteration_ids = fields.One2many(
        "srsp.draw.iteration", "draw_id", "Iterations", readonly=True
    )
    inspection_ids = fields.One2many(
        "srsp.inspection", "draw_id", "Inspections", readonly=True
    )
    roster_size = fields.Integer(compute="_compute_sizes")
    drawn_count = fields.Integer("To Draw", compute="_compute_sizes")
    strata_summary = fields.Html(compute="_compute_strata_summary", sanitize=False)

    _number_uniq = models.UniqueIndex("(number)")
    _open_uniq = models.UniqueIndex(
        "(task_id) WHERE state != 'voided'", "This task already has a draw."
    )

    def _compute_drawn_line_ids(self):
        lines = self.env["srsp.draw.line"].search(
            [("draw_id", "in", self.ids), ("iteration", ">", 0)]
        )
        by_draw = lines.grouped("draw_id")
        for draw in self:
            draw.drawn_line_ids = by_draw.get(draw, lines.browse())

    @api.depends("strata")
    def _compute_sizes(self):
        for draw in self:
            strata = draw.strata or []
            draw.roster_size = sum(stratum["size"] for stratum in strata)
            draw.drawn_count = sum(stratum["quota"] for stratum in strata)

    @api.depends("strata")
    @api.depends_context("lang")
    def _compute_strata_summary(self):
        for draw in self:
            draw.strata_summary = self.env["ir.qweb"]._render(
                "srsp_supervision.srsp_draw_strata",
                {"strata": draw.strata or [], "names": draw._name_strata()},
            )

    def _check_evidence(self, vals=None):
        if vals is None:
            raise self._logged_error(
                self.env._("A draw is never deleted; it can only be voided, in public.")
            )
        if vals.keys() - LIVING_FIELDS and any(self.mapped("roster_digest_hex")):
            raise self._logged_error(
                self.env._("A locked roster and its commitment never change.")
            )
        if "state" in vals and any(
            vals["state"] not in (draw.state, *NEXT_STATES[draw.state]) for draw in self
        ):
            raise self._logged_error(
                self.env._("A draw never goes back: it is locked, drawn, voided.")
            )

    def action_verify(self):
        """Recompute the draw from its certificate, as an outsider would."""
        self.ensure_one()
        self._check_state("drawn", "voided")
        if difference := self._find_difference():
            return get_notification("danger", difference, sticky=True)
        message = self.env._(
            "%(draw)s: recomputed from its certificate with the same result.",
            draw=self.number,
        )
        return get_notification("success", message, sticky=False)

    def action_view_roster(self):
        self.ensure_one()
        domain = [("draw_id", "=", self.id)]
        return get_action(self.env, "srsp_draw_line_action", domain=domain)

    def _check_due(self, now):
        """Raise unless the roster is locked and the announced time has come."""
        self.ensure_one()
        if self.state != "committed":
            raise self._logged_error(
                self.env._(
                    "Draw %(draw)s is not open: a draw happens once.", draw=self.number
                )
            )
        # ``now`` may date a draw of the demo, never bring one forward.
        if min(now, fields.Datetime.now()) < self.announced_for:
            raise self._logged_error(
                self.env._(
                    "Draw %(draw)s was announced for %(time)s (Beijing time): it cannot happen earlier.",
                    draw=self.number,
                    time=beijing_time(self.announced_for),
                )
            )

    def _draw(self, now=None):
        """Reveal the next code, select, assign teams, create the inspections, seal. All or nothing."""
        now = now or fields.Datetime.now()
        self._record_randomness(now)
        members = self.iteration_ids._run(now)
        self.write({"state": "drawn", "drawn_at": now})
        self.task_id.write({"state": "drawn", "blocked_reason": False})
        self._seal("draw.drawn")
        self.task_id._after_draw(self)
        self.env["srsp.notice"]._notify_drawn(self.iteration_ids, members)

    def _record_randomness(self, now=None):
        """Fetch the randomness once and store it; does nothing if the draw has its randomness."""
        now = now or fields.Datetime.now()
        self.lock_for_update()
        self._check_due(now)
        if not self.iteration_ids:
            fetch = getattr(self, f"_fetch_randomness_{self.randomness_kind}")
            self._keep_randomness(fetch(now))

    def _keep_randomness(self, vals):
        """Store the randomness in the first iteration, which has not run yet."""
        self.env["srsp.draw.iteration"].create(
            {"draw_id": self.id, "number": 1, **vals}
        )

    def _void(self, reason, request=None):
        """Void the draws, each with a numbered event; visits that have not begun are cancelled.

        :param request: the ``srsp.draw.request`` that was approved, if a person asked for it
        """
        for draw in self.filtered(lambda draw: draw.state != "voided"):
            draw._check_voidable()
            draw.inspection_ids._cancel(reason)
            vals = {"state": "voided", "void_reason": reason}
            draw.write({**vals, "void_request_id": request and request.id})
            # A new draw of the task may follow in this transaction.
            draw.flush_recordset(["state"])
            draw._seal("draw.voided")
            draw.task_id._end_announcement(reason, draw, state="planned", draw_id=False)

    def _check_voidable(self):
        """Raise when the draw can no longer be voided."""
        self._check_state("committed", "drawn")
        if self.inspection_ids.filtered(
            lambda visit: visit.stage not in (*NOT_STARTED_STAGES, "cancelled")
        ):
            raise UserError(
                self.env._(
                    "Draw %(draw)s: visits have begun, it can no longer be voided.",
                    draw=self.number,
                )
            )

    @api.model
    def _get_automatic_kinds(self):
        """Return the sources that need no manual entry."""
        return ["system", "drand"]

    @api.model
    def _get_allowed_kinds(self, kind):
        """Return the sources a task may choose where the rulebook says ``kind``: those that prove at least as much."""
        kinds = list(self._get_source_statements())
        return kinds[kinds.index(kind) :]

    @api.model
    def _get_source_statements(self):
        """Return ``{kind: what a source of this kind proves, and what it does not}``, what proves least first.

        An addon puts its own source where it belongs; at the end, it proves more than the others.
        """
        return {
            "system": self.env._(
                "The randomness came from the server's own generator: the certificate proves that the outcome follows"
                " from it, but outsiders must trust that it was asked for only once."
            ),
            "lottery": self.env._(
                "The randomness is a public lottery result, keyed in by two people before witnesses after the roster"
                " was locked: anybody can look it up, and nobody at the bureau could know or choose it."
            ),
            "drand": self.env._(
                "The randomness is a round of drand's public beacon, fixed when the roster was locked: anybody can"
                " fetch it and check its signature, and nobody could know or choose it before its time."
            ),
        }

    @api.model
    def _explain_weakness(self, kind, outcomes, strata):
        """Return a warning when a lottery of ``outcomes`` (0: unknown) has too few bits for ``strata``."""
        if kind != "lottery":
            return ""
        needed = cert.bits_needed(strata)
        if not outcomes:
            return self.env._(
                "The number of possible results of this lottery was not stated; covering every possible "
                "selection takes %(needed)s bits.",
                needed=needed,
            )
        bits = math.log2(outcomes)
        if bits >= needed:
            return ""
        return self.env._(
            "This lottery has %(bits)s bits, every possible selection takes %(needed)s: some selections "
            "cannot occur.",
            bits=math.floor(bits * 10) / 10,
            needed=needed,
        )

    def _fetch_randomness_system(self, now):
        """Return 32 bytes of the operating system's generator."""
        return {"randomness_hex": secrets.token_bytes(32).hex()}

    def _fetch_randomness_lottery(self, now):
        raise Waiting(
            self.env._(
                "Draw %(draw)s is waiting for the lottery result: two people must enter it in the presence of "
                "witnesses.",
                draw=self.number,
            )
        )

    def _fetch_randomness_drand(self, now):
        """Return the committed round, from the first address that serves it with a valid signature.

        :raise Waiting: when the round has not been signed yet
        :raise NoRandomness: when no address serves it
        """
        number = self.drand["round"]
        try:
            signature = drand.fetch(
                self.company_id._srsp_get_drand_urls(),
                number,
                allowed=self.env["ir.config_parameter"]._srsp_get_allowed_networks(),
            )
        except drand.DrandError as error:
            is_early = error.reason == "early"
            level = logging.INFO if is_early else logging.WARNING
            _logger.log(level, "Draw %s: no round %s: %s", self.number, number, error)
            raise (Waiting if is_early else NoRandomness)(
                self.env._(
                    "Draw %(draw)s is waiting for round %(round)s of drand and retries every minute: %(failures)s",
                    draw=self.number,
                    round=number,
                    failures=self._explain_failures(error.failures),
                )
            ) from error
        return {
            "randomness_hex": drand.randomness(signature).hex(),
            "signature_hex": signature.hex(),
        }

    @api.model
    def _explain_failures(self, failures):
        """Return the ``failures`` of a ``DrandError`` as one translated text; the log has the client's own."""
        reasons = {
            "early": self.env._("the round has not been published yet"),
            "late": self.env._("did not answer in time"),
            "unreachable": self.env._("cannot be reached"),
            "forbidden": self.env._("is in a network that is not allowed"),
            "forged": self.env._("the signature does not match the chain"),
            "wrong": self.env._("returned an answer that is not a valid round"),
        }
        texts = [
            self.env._("%(address)s: %(reason)s", address=url, reason=reasons[reason])
            for url, reason in failures
        ]
        return format_list(self.env, texts or [self.env._("no address is set")])

    def _get_stratum_label(self, key):
        """Return what the public reads instead of the key of a stratum."""
        return (self.stratum_labels or {}).get(key, key)

    def _name_public_strata(self):
        """Return ``{public label: readable name}`` of the strata; those that have labels go by these alone."""
        names = self._name_strata()
        if self.stratum_labels:
            names = {key: self._get_stratum_label(key) for key in names}
        return {self._get_stratum_label(key): name for key, name in names.items()}

    def _name_strata(self):
        """Return ``{key: readable name}`` of the strata."""
        keys = [stratum["key"] for stratum in self.strata or []]
        return {key: self._get_stratum_name(key) for key in keys}

    def _get_stratum_name(self, key, stratify_by=None):
        """Return the readable name of a stratum key; of a roster not locked yet, given its ``stratify_by``."""
        names = self._get_stratum_names()
        kinds = (stratify_by or self.stratify_by or "none").split("+")
        parts = key.split("/", len(kinds) - 1)
        region = {"none": self.env._("Without a region")}
        return " · ".join(
            (region if kind == "region" else names).get(part, part)
            for kind, part in itertools.zip_longest(kinds, parts, fillvalue="")
        )

    @api.model
    def _get_stratum_names(self):
        """Return readable names of the parts of stratum keys that are not risk classes or regions."""
        return {
            "all": self.env._("All"),
            "key": self.env._("Key targets"),
            "ordinary": self.env._("Ordinary targets"),
            "none": self.env._("Without a risk class"),
            "external": self.env._("Issued by a higher authority"),
        }

    @api.model
    def _get_exclusion_reasons(self):
        """Return ``{code: name}`` of the reasons for which a lock leaves a target out; an addon adds its own."""
        return {
            "filter": self.env._("Outside the target filter"),
            "suspended": self.env._("Suspended in the registry"),
            "removed": self.env._("Removed from the registry"),
            "visit_cap": self.env._("Annual inspection limit reached"),
            "interval": self.env._("Recently inspected"),
            "external_case": self.env._("Case handed over to enforcement"),
        }

    def _query_excluded(self):
        """Return the rows (label, reason) of the excluded targets, ascending by the label's bytes."""
        excluded = SQL('excluded_reason IS NOT NULL ORDER BY label COLLATE "C"')
        query = self._get_lines_sql(SQL("label, excluded_reason"), excluded)
        return stream(self.env.cr, query)

    def _stream_roster(self, columns):
        """Return ``columns`` (SQL) of the roster's rows, ascending by the label's bytes."""
        roster = SQL('excluded_reason IS NULL ORDER BY label COLLATE "C"')
        return stream(self.env.cr, self._get_lines_sql(columns, roster))

    def _query_lines(self, columns, condition):
        """Return ``columns`` of the lines that meet ``condition``, both SQL; a GROUP BY or ORDER BY may follow it."""
        return self.env.execute_query(self._get_lines_sql(columns, condition))

    def _get_lines_sql(self, columns, condition):
        return SQL(
            "SELECT %s FROM srsp_draw_line WHERE draw_id = %s AND %s",
            columns,
            self.id,
            condition,
        )
