import base64
import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...fields import company_of
from ...tools import clock
from ...tools.clock import iso
from ..base.mail_activity_mixin import TODO
from ..base.srsp_division import MANAGERS, OFFICERS
from .srsp_draw import NOT_STARTED_STAGES

POLICY = "srsp_supervision.group_policy_officer"
KINDS = [
    ("substitution", "Draw a substitute"),
    ("extension", "Draw more"),
    ("withdrawal", "Replace an inspector"),
    ("void", "Void the draw"),
]
# Kinds that have a limit per division and year: the parameter of the rulebook, and its message.
LIMITS = {"withdrawal": "withdrawals_allowed", "void": "voids_allowed"}


class SrspDrawRequest(models.Model):
    """A change of what has been drawn, which one person asks for and a second one of another division approves.

    ``requested → approved``, ``refused`` or ``cancelled``. What the division's manager asks for is approved by a
    policy officer, what a policy officer asks for by the manager of the task's division. A substitution needs a file
    that shows why the target cannot be inspected; a withdrawal needs a confirmed absence or recusal. The chain seals
    both steps, with the digest of the file; the draw publishes which divisions asked and approved, never why somebody
    is absent.

    An officer may ask for a substitution alone. Only ``srsp.draw.change`` creates requests, in superuser mode.
    """

    _name = "srsp.draw.request"
    _description = "Request to change a draw"
    _inherit = ["srsp.evidence.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"

    draw_id = fields.Many2one(
        "srsp.draw", required=True, readonly=True, index=True, ondelete="restrict"
    )
    task_id = fields.Many2one(related="draw_id.task_id")
    division_id = fields.Many2one(related="draw_id.division_id", store=True, index=True)
    company_id = company_of("draw_id")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    inspection_id = fields.Many2one(
        "srsp.inspection",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    inspector_id = fields.Many2one(
        "srsp.inspector",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        context={"active_test": False},
    )
    absence_id = fields.Many2one(
        "srsp.inspector.absence",
        readonly=True,
        groups=fields.NO_ACCESS,
        ondelete="restrict",
    )
    recusal_id = fields.Many2one(
        "srsp.recusal", readonly=True, groups=fields.NO_ACCESS, ondelete="restrict"
    )
    ground = fields.Selection(
        [
            ("absence", "Confirmed absence"),
            ("recusal", "Confirmed recusal"),
            ("file", "Evidence file"),
        ],
        compute="_compute_ground",
        compute_sudo=True,
    )
    stratum = fields.Char(readonly=True)
    places = fields.Integer("Additional Quantity", readonly=True)
    reason = fields.Char(readonly=True)
    evidence = fields.Binary(attachment=True, readonly=True, prefetch=False)
    evidence_name = fields.Char(readonly=True)
    evidence_digest_hex = fields.Char("SHA-256 of the Evidence", readonly=True)
    state = fields.Selection(
        [
            ("requested", "Requested"),
            ("approved", "Approved"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="requested",
        tracking=True,
        index=True,
    )
    requested_by_id = fields.Many2one("res.users", required=True, readonly=True)
    requested_on = fields.Datetime(required=True, readonly=True)
    decided_by_id = fields.Many2one("res.users", readonly=True)
    decided_on = fields.Datetime(readonly=True)
    refusal_reason = fields.Char(readonly=True)
    approval = fields.Json(
        readonly=True, help="What the draw publishes of an approved request."
    )
    can_decide = fields.Boolean(compute="_compute_can_decide")
    can_cancel = fields.Boolean(compute="_compute_can_decide")

    _open_uniq = models.UniqueIndex(
        "(draw_id, kind, COALESCE(inspection_id, 0), COALESCE(inspector_id, 0)) WHERE state = 'requested'",
        "This change has been requested already.",
    )

    @api.depends("draw_id.number", "kind")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for request in self:
            names = (kinds.get(request.kind), request.draw_id.number)
            request.display_name = " ".join(filter(None, names))

    @api.depends("absence_id", "recusal_id", "evidence_digest_hex")
    def _compute_ground(self):
        for request in self:
            declared = request.absence_id and "absence"
            declared = declared or (request.recusal_id and "recusal")
            request.ground = declared or (request.evidence_digest_hex and "file")

    @api.depends_context("uid")
    @api.depends("state", "requested_by_id")
    def _compute_can_decide(self):
        for request in self:
            is_open = request.state == "requested"
            request.can_decide = is_open and not request._find_objection()
            own = request.requested_by_id == self.env.user
            request.can_cancel = is_open and own

    def _check_evidence(self, vals=None):
        if vals is None or any(request.state != "requested" for request in self):
            raise self._logged_error(
                self.env._("A request to change a draw stays as it was decided.")
            )

    def action_approve(self):
        """Approve the request and carry out the change; all or nothing."""
        self._check_second_person()
        for request in self.sudo():
            request._check_ground()
            request._check_limit()
            draw = request.draw_id
            decision = request._prepare_decision_vals("approved")
            request.write({**decision, "approval": request._prepare_approval()})
            request._carry_out(draw)
            request._settle("draw.change_approved")

    def action_refuse(self):
        return self.env["srsp.reason"]._open(self, "change_refuse")

    def action_cancel(self):
        """Take back a request that nobody has decided on; only who made it can."""
        self.ensure_one()
        self._check_state("requested")
        if self.requested_by_id != self.env.user:
            raise self._logged_error(
                self.env._("Only the person who made the request can cancel it.")
            )
        request = self.sudo()
        request.write(request._prepare_decision_vals("cancelled"))
        request._settle("draw.change_refused")

    def _refuse(self, reason):
        self._check_second_person()
        request = self.sudo()
        decision = request._prepare_decision_vals("refused")
        request.write({**decision, "refusal_reason": reason})
        request._settle("draw.change_refused")

    @api.model
    def _request(self, draw, vals):
        """Make a request of the current user for a change of ``draw``, seal it and notify whoever decides.

        :raise UserError: when the change has no ground, or exceeds a limit of the rulebook
        """
        task = draw.with_env(self.env).task_id
        task._check_role(*(OFFICERS if vals["kind"] == "substitution" else MANAGERS))
        task.check_access("write")
        request = self.sudo().create(
            {
                "draw_id": draw.id,
                "requested_by_id": self.env.uid,
                "requested_on": fields.Datetime.now(),
                **vals,
                **self._find_ground(draw, vals),
            }
        )
        request.evidence_digest_hex = request._digest_evidence()
        request._check_ground()
        request._check_limit()
        self.env["srsp.event"]._seal_state(request, "draw.change_requested")
        self.env["srsp.notice"]._notify_change_requested(request)
        return request

    def _digest_evidence(self):
        """Return the SHA-256 of the file in hexadecimal, or an empty text without one."""
        file = self.with_context(bin_size=False).evidence
        return hashlib.sha256(base64.b64decode(file)).hexdigest() if file else ""

    @api.model
    def _find_ground(self, draw, vals):
        """Return ``absence_id`` or ``recusal_id`` of what lets the inspector of a withdrawal leave ``draw``, if any."""
        if vals["kind"] != "withdrawal":
            return {}
        inspector, task = vals["inspector_id"], draw.task_id
        mine = Domain("inspector_id", "=", inspector) & Domain(
            "state", "=", "confirmed"
        )
        today = clock.today()
        absences = self.env["srsp.inspector.absence"].sudo()
        ahead = absences._get_binding_domain(max(today, task.date_from), task.date_to)
        if absence := absences.search(mine & ahead, limit=1):
            return {"absence_id": absence.id}
        visits = draw.sudo().inspection_ids.filtered(
            lambda visit: (
                visit.stage in NOT_STARTED_STAGES
                and inspector in (visit.officer_ids | visit.expert_ids).ids
            )
        )
        recusals = self.env["srsp.recusal"].sudo()
        ahead = recusals._get_binding_domain(max(today, task.date_from), task.date_to)
        theirs = Domain("entity_id", "in", visits.entity_id.ids)
        return {"recusal_id": recusals.search(mine & theirs & ahead, limit=1).id}

    def _check_ground(self):
        """Raise unless the change has the ground that its kind asks for, and still has it."""
        if self.kind == "withdrawal":
            found = self.absence_id or self.recusal_id
            if not found or found.state != "confirmed":
                raise UserError(self._explain_missing_ground(self.inspector_id))
        elif not (self.reason or "").strip():
            raise UserError(self.env._("Give a reason: it stays on record."))
        elif self.kind == "substitution" and not self.evidence_digest_hex:
            raise UserError(
                self.env._(
                    "Attach a file that shows why %(entity)s cannot be inspected: a photograph or a scan. Its digest "
                    "is sealed and published.",
                    entity=self.inspection_id.entity_id.name,
                )
            )

    @api.model
    def _explain_missing_ground(self, inspector):
        return self.env._(
            "%(inspector)s has neither a confirmed absence in the inspection window nor a confirmed recusal from an "
            "entity still to be visited. Have the inspector declare one, or record it under Inspectors › Absences or "
            "Recusals; once it is confirmed, request the replacement again.",
            inspector=inspector.display_name,
        )

    def _check_limit(self):
        """Raise when this year's changes of this kind in the division have reached the limit of the rulebook."""
        if self.kind not in LIMITS:
            return
        rulebook = self.env["srsp.rulebook"]._get_in_force(self.company_id)
        limit = rulebook[LIMITS[self.kind]]
        year = clock.today().year
        counts = self.draw_id._count_changes(self.company_id, self.division_id)
        if counts.get(year, {}).get(self.kind, 0) >= limit:
            kinds = dict(self._fields["kind"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(division)s has reached the limit of %(limit)s per year that the rulebook sets for “%(kind)s”.",
                    division=self.division_id.name,
                    limit=limit,
                    kind=kinds[self.kind],
                )
            )

    def _check_second_person(self):
        """Raise unless the user may decide on these requests."""
        self._check_role(*MANAGERS)
        self.check_access("read")
        self._check_state("requested")
        for request in self:
            if objection := request._find_objection():
                raise request._logged_error(objection)

    def _find_objection(self):
        """Return in words why the current user cannot decide on this request, or an empty text."""
        request, user = self.sudo(), self.env.user
        asker = request.requested_by_id
        if user == asker:
            return self.env._("The person who requested a change cannot approve it.")
        if user.sudo().srsp_division_ids & asker.srsp_division_ids:
            return self.env._(
                "A change is approved by a person of another division than that of the person who requested it."
            )
        by_policy = asker.has_group(POLICY)
        if by_policy == user.has_group(POLICY):
            return self.env._(
                "What a division requests is approved by a policy officer; what a policy officer requests, by the "
                "manager of the task's division."
            )
        if by_policy and user not in request.division_id._get_heads():
            return self.env._(
                "This change is approved by the manager of %(division)s.",
                division=request.division_id.name,
            )
        return ""

    def _get_deciders(self):
        """Return the users who are asked to decide."""
        if self.requested_by_id.has_group(POLICY):
            return self.division_id._get_heads()
        return self.env["srsp.division"]._find_policy(self.company_id)._get_heads()

    def _prepare_decision_vals(self, state):
        return {
            "state": state,
            "decided_by_id": self.env.uid,
            "decided_on": fields.Datetime.now(),
        }

    def _carry_out(self, draw):
        if self.kind == "substitution":
            self.inspection_id._replace(self.reason, request=self)
        elif self.kind == "extension":
            draw._extend({self.stratum: self.places}, self.reason, request=self)
        elif self.kind == "withdrawal":
            reason = self.company_id._srsp_in_language(self)._get_withdrawal_reason()
            draw._withdraw(self.inspector_id, reason, request=self)
        else:
            draw._void(self.reason, request=self)

    def _get_withdrawal_reason(self):
        """Return what the public reads about a withdrawal, whatever its ground."""
        return self.env._("Cannot serve; the ground has been confirmed")

    def _settle(self, kind):
        """Seal the decision, and tell whoever made the request."""
        self.env["srsp.event"]._seal_state(self, kind)
        self.activity_unlink([TODO])
        self.env["srsp.notice"]._notify_change_decided(self)

    def _prepare_approval(self):
        """Return what the draw publishes: which divisions asked and approved, by staff number where there is one."""
        return {
            "requested_by": self._describe(self.requested_by_id),
            "requested_at": iso(self.requested_on),
            "approved_by": self._describe(self.env.user),
            "approved_at": iso(fields.Datetime.now()),
            "evidence_digest_hex": self.evidence_digest_hex or "",
        }

    def _describe(self, user):
        """Return ``[names of the user's divisions, staff number or empty]``."""
        inspectors = self.env["srsp.inspector"].sudo()
        known = [("user_id", "=", user.id), ("company_id", "=", self.company_id.id)]
        inspector = inspectors.search(known, limit=1)
        divisions = user.sudo().srsp_division_ids.filtered_domain(
            [("company_id", "=", self.company_id.id)]
        )
        return ["、".join(divisions.mapped("name")), inspector.staff_number or ""]

    def _prepare_seal(self):
        """Return what the chain seals of the request as it stands."""
        return {
            "draw": self.draw_id.number,
            "kind": self.kind,
            "state": self.state,
            "inspection": self.inspection_id.number or "",
            "inspector_id": self.inspector_id.id,
            "absence_id": self.absence_id.id,
            "recusal_id": self.recusal_id.id,
            "stratum": self.stratum or "",
            "places": self.places,
            "reason": self.reason or "",
            "evidence_digest_hex": self._digest_evidence(),
            "requested_by_id": self.requested_by_id.id,
            "requested_at": iso(self.requested_on),
            "decided_by_id": self.decided_by_id.id,
            "decided_at": iso(self.decided_on) if self.decided_on else "",
            "refusal_reason": self.refusal_reason or "",
        }


class SrspDraw(models.Model):
    """How often draws were changed."""

    _inherit = "srsp.draw"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    request_ids = fields.One2many(
        "srsp.draw.request",
        "draw_id",
        "Requests to Change",
        groups="srsp_supervision.group_division_officer,srsp_supervision.group_policy_officer,"
        "srsp_supervision.group_auditor",
    )

    @api.model
    def _count_changes(self, company, division=None):
        """Return ``{year: {kind: number}}`` of what happened to the draws of ``company``, by Beijing's calendar.

        The kinds are those of an iteration, and ``void``. Numbers alone, for the public: no record rule applies.

        :param division: the division whose draws are counted; all of them if not given
        """
        self.env.flush_all()
        query = SQL(
            """SELECT extract(year FROM happened + interval '8 hours')::int AS year, kind, count(*)
                 FROM (SELECT iteration.drawn_at, iteration.kind, iteration.draw_id
                         FROM srsp_draw_iteration iteration WHERE iteration.one_time_code_hex IS NOT NULL
                       UNION ALL
                       SELECT event.create_date, 'void', event.res_id FROM srsp_event event
                        WHERE event.res_model = 'srsp.draw' AND event.kind = 'draw.voided'
                      ) change (happened, kind, draw_id)
                 JOIN srsp_draw draw ON draw.id = change.draw_id
                WHERE draw.company_id = %s AND %s GROUP BY 1, 2 ORDER BY 1 DESC""",
            company.id,
            SQL("draw.division_id = %s", division.id) if division else SQL("TRUE"),
        )
        counts = {}
        for year, kind, number in self.env.execute_query(query):
            counts.setdefault(year, {})[kind] = number
        return counts
