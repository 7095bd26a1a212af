from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ...actions import get_action
from ...fields import PrivateOne2many, UnconstrainedMany2many
from ...tools import clock
from ..registry.srsp_target import PERMIT_STATES
from ..registry.srsp_target_change import describe_change

# What decides, beside certificates and absences, whom a draw may take.
POOL_FIELDS = frozenset(
    "active on_duty pool_kind division_id sector_ids item_ids qualification_ids region_ids".split()
)


class SrspInspector(models.Model):
    """Somebody who may be drawn to inspect, in one of three pools.

    ``_get_eligible_domain`` keeps out of a draw every officer whose certificate does not cover the whole
    window, who is absent in it, off duty or of other sectors. Experts join a team but never count toward the
    two officers that the law requires. Nobody changes their own entry.
    """

    _name = "srsp.inspector"
    _description = "Inspector"
    _inherit = ["srsp.guard.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "pool_kind, staff_number"
    _check_company_auto = True
    _rec_names_search = ["name", "staff_number"]
    _guarded_fields = ("inspection_ids",)
    _phone_texts = ("mobile", "certificate_number")

    name = fields.Char("Full Name", required=True)
    staff_number = fields.Char(
        required=True, help="Public label in draws; not an identity number."
    )
    user_id = fields.Many2one(
        "res.users",
        "Login",
        index="btree_not_null",
        domain=lambda self: self._get_user_domain(),
    )
    pool_kind = fields.Selection(
        [("division", "Division"), ("detachment", "Detachment"), ("expert", "Experts")],
        string="Pool",
        required=True,
        default="division",
        tracking=True,
        group_expand=True,
    )
    division_id = fields.Many2one(
        "srsp.division",
        required=True,
        index=True,
        check_company=True,
        tracking=True,
        default=lambda self: self.env["srsp.division"]._find_own(),
    )
    sector_ids = fields.Many2many(
        "srsp.sector",
        string="Sectors",
        check_company=True,
        tracking=True,
        domain="[('active', '=', True)]",
        context={"active_test": False},
    )
    item_ids = fields.Many2many(
        "srsp.item",
        string="Item Scope",
        ondelete="restrict",
        check_company=True,
        domain=[("list_id.is_in_force", "=", True)],
        tracking=True,
        help="The items that the inspector may inspect, in this version of the list and in later ones; empty: all of"
        " the sectors.",
    )
    qualification_ids = fields.Many2many(
        "srsp.qualification",
        "srsp_inspector_qualification_rel",
        "inspector_id",
        "qualification_id",
        "Qualifications",
        ondelete="restrict",
        check_company=True,
        domain="[('active', '=', True)]",
        context={"active_test": False},
        tracking=True,
    )
    region_ids = fields.Many2many(
        "srsp.region",
        string="Regions",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        domain="[('active', '=', True)]",
        context={"active_test": False},
        help="Regions that the inspector serves, including their child regions; empty: all regions.",
    )
    title = fields.Char("Professional Title")
    post = fields.Char()
    post_since = fields.Date("In Post Since")
    expertise = fields.Char("Field of Expertise", help="For experts only.")
    employer = fields.Char(help="For experts only.")
    certificate_ids = fields.One2many(
        "srsp.inspector.certificate", "inspector_id", "Certificates"
    )
    certificate_number = fields.Char(
        "Enforcement Certificate",
        compute="_compute_certificate_number",
        inverse="_inverse_certificate",
        help="The enforcement certificate with the latest expiry date, for those who may read certificates.",
    )
    certificate_valid_until = fields.Date(
        "Valid Until",
        compute="_compute_certificate",
        inverse="_inverse_certificate",
        store=True,
        tracking=True,
    )
    certificate_state = fields.Selection(
        [("none", "None"), *PERMIT_STATES[1:]],
        string="Certificate",
        compute="_compute_certificate_state",
        compute_sudo=True,
    )
    on_duty = fields.Boolean(default=True, tracking=True)
    absence_ids = PrivateOne2many("srsp.inspector.absence", "inspector_id", "Absences")
    is_absent = fields.Boolean(
        "Absent Today", compute="_compute_is_absent", compute_sudo=True
    )
    training_ids = fields.Many2many("srsp.training", string="Trainings")
    training_hours = fields.Float(
        "Training Hours This Year", compute="_compute_training_hours", compute_sudo=True
    )
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    recusal_ids = PrivateOne2many("srsp.recusal", "inspector_id", "Recusals")
    inspection_ids = UnconstrainedMany2many(
        "srsp.inspection",
        "srsp_inspection_officer_rel",
        "inspector_id",
        "inspection_id",
        "Inspections",
        copy=False,
    )
    visit_count = fields.Integer(
        "Visits This Year", compute="_compute_visit_count", compute_sudo=True
    )

    _staff_number_uniq = models.UniqueIndex(
        "(company_id, staff_number)",
        "An inspector with this staff number already exists.",
    )
    _staff_number_format = models.Constraint(
        r"CHECK (staff_number !~ '[\t\n\r]')",
        "A staff number must not contain tabs or line breaks.",
    )
    _user_uniq = models.UniqueIndex(
        "(company_id, user_id) WHERE user_id IS NOT NULL",
        "This login already belongs to another inspector.",
    )

    @api.depends(
        "certificate_ids.kind", "certificate_ids.number", "certificate_ids.valid_until"
    )
    @api.depends_context("uid")
    def _compute_certificate_number(self):
        certificates = self._get_certificates(self.env.su)
        for inspector in self:
            longest = certificates[inspector]._find_longest()
            inspector.certificate_number = longest.number

    @api.depends("certificate_ids.kind", "certificate_ids.valid_until")
    def _compute_certificate(self):
        certificates = self._get_certificates()
        for inspector in self:
            longest = certificates[inspector]._find_longest()
            inspector.certificate_valid_until = longest.valid_until

    def _inverse_certificate(self):
        """Number and last day in the inspector's own row: of the certificate with that number, else of a new one."""
        new = []
        for inspector in self:
            number = inspector.certificate_number
            until = inspector.certificate_valid_until
            certificates = inspector.certificate_ids
            if number and until:
                if known := certificates._find_official(number):
                    known.valid_until = until
                else:
                    vals = {"number": number, "valid_until": until}
                    new.append({"inspector_id": inspector.id, **vals})
            elif number or until or certificates._find_longest():
                message = self.env._(
                    "%(name)s: a certificate has a number and a last day.",
                    name=inspector.display_name,
                )
                raise ValidationError(message)
        self.env["srsp.inspector.certificate"].create(new)
        # Another one may be the longest now.
        self.env.add_to_compute(self._fields["certificate_valid_until"], self)
        self.invalidate_recordset(["certificate_number"], flush=False)

    @api.depends(
        "certificate_ids.kind",
        "certificate_ids.valid_from",
        "certificate_ids.valid_until",
    )
    def _compute_certificate_state(self):
        """The state of the longest certificate that has begun."""
        today = clock.today()
        certificates = self._get_certificates()
        for inspector in self:
            begun = certificates[inspector].filtered(
                lambda record: not record.valid_from or record.valid_from <= today
            )
            inspector.certificate_state = begun._find_longest().state or "none"

    @api.depends("absence_ids.state", "absence_ids.date_from", "absence_ids.date_to")
    def _compute_is_absent(self):
        today = clock.today()
        absences = self.env["srsp.inspector.absence"]
        binding = absences._get_binding_domain(today, today)
        absent = absences.search(binding & Domain("inspector_id", "in", self.ids))
        for inspector in self:
            inspector.is_absent = inspector in absent.inspector_id

    @api.depends("training_ids.date", "training_ids.hours")
    def _compute_training_hours(self):
        today = clock.today()
        year = [("date", ">=", today.replace(month=1, day=1)), ("date", "<=", today)]
        held = [("participant_ids", "in", self.ids), *year]
        trainings = self.env["srsp.training"]
        hours = dict(trainings._read_group(held, ["participant_ids"], ["hours:sum"]))
        for inspector in self:
            inspector.training_hours = hours.get(inspector, 0)

    @api.depends("inspection_ids")
    def _compute_visit_count(self):
        loads = self._get_loads(clock.today().year)
        for inspector in self:
            inspector.visit_count = loads.get(inspector.id, 0)

    @api.depends("name", "staff_number")
    def _compute_display_name(self):
        for inspector in self:
            inspector.display_name = f"{inspector.name} ({inspector.staff_number})"

    @api.model_create_multi
    def create(self, vals_list):
        inspectors = super().create(vals_list)
        inspectors._notify_tasks(lambda env: env._("entered into the registry"))
        return inspectors

    def write(self, vals):
        # Who is who in draws and reviews: not for those who are drawn and review.
        if {"user_id", "staff_number", "pool_kind", "division_id"} & vals.keys():
            self._check_role("group_administrator")
        self._check_not_own()
        changed = sorted(POOL_FIELDS & vals.keys())
        before = self._find_announced_tasks() if changed else {}
        result = super().write(vals)
        if changed:
            after = self._find_announced_tasks()
            tasks = {key: before[key] | after[key] for key in after}
            self._notify_tasks(lambda env: describe_change(env, self, changed), tasks)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_inspected(self):
        if busy := self.filtered(lambda inspector: inspector.sudo().inspection_ids):
            raise UserError(
                self.env._(
                    "%(inspectors)s made inspections, which name them: archive them instead.",
                    inspectors=", ".join(busy.mapped("display_name")),
                )
            )

    def action_open_visits(self):
        self.ensure_one()
        domain = [("officer_ids", "in", self.ids)]
        return get_action(self.env, "srsp_inspection_action", domain=domain, context={})

    def action_withdraw(self):
        """Request the withdrawal of this inspector from every draw with a visit of theirs that has not begun."""
        self.ensure_one()
        self._check_role("group_division_manager", "group_policy_officer")
        ahead = [("stage", "in", ("assigned", "scheduled")), ("draw_id", "!=", False)]
        mine = ["|", ("officer_ids", "in", self.ids), ("expert_ids", "in", self.ids)]
        draws = self.env["srsp.inspection"].search(ahead + mine).draw_id
        if not draws:
            message = self.env._(
                "%(inspector)s has no visit that has not begun.",
                inspector=self.display_name,
            )
            raise UserError(message)
        requests = self.env["srsp.draw.request"]
        vals = {"kind": "withdrawal", "inspector_id": self.id}
        for draw in draws:
            requests |= requests._request(draw, vals)
        domain = [("id", "in", requests.ids)]
        return get_action(self.env, "srsp_draw_request_action", domain=domain)

    def _get_certificates(self, su=True):
        """``{inspector: certificates}``, all of them whoever looks, or else those that the user may read.

        ``certificate_ids`` is in the cache as the user may read it, and computed fields in superuser mode find it
        there; a form that adds or changes certificates has them nowhere else.
        """
        none = self.env["srsp.inspector.certificate"].sudo(su)
        stored = none.search([("inspector_id", "in", self.ids)]).grouped("inspector_id")
        return {
            record: stored.get(record, none) if record.id else record.certificate_ids
            for record in self
        }

    def _check_not_own(self):
        """Raise AccessError where users work on their own entry."""
        if not self.env.su and self.env.user in self.sudo().user_id:
            message = self.env._(
                "Your own entry in the registry is maintained by another person."
            )
            raise AccessError(message)

    def _get_declarable_domain(self):
        """The inspectors about whom the user may declare something: oneself, a head's staff; an administrator all."""
        user = self.env.user
        domain = Domain("company_id", "in", self.env.companies.ids)
        if user.has_group("srsp_supervision.group_administrator"):
            return domain
        mine = Domain("user_id", "=", user.id)
        if user.has_group("srsp_supervision.group_division_manager"):
            mine |= Domain("division_id", "in", user.sudo().srsp_division_ids.ids)
        return domain & mine

    def _get_kept_domain(self):
        """The inspectors whose entry and certificates the user keeps: of the own divisions, an administrator all."""
        companies = Domain("company_id", "in", self.env.companies.ids)
        return companies & self.env["srsp.division"]._get_kept_domain()

    def _get_user_domain(self):
        """Users who are no inspector yet."""
        inspectors = self.sudo().with_context(active_test=False)
        known = inspectors._read_group([("user_id", "!=", False)], ["user_id"])
        return [("share", "=", False), ("id", "not in", [user.id for [user] in known])]

    def _find_own(self):
        """The user's own entry in the current company, or none."""
        own = [("user_id", "=", self.env.uid), ("company_id", "=", self.env.company.id)]
        return self.search(own, limit=1)

    def _get_loads(self, year):
        """Visits of ``year`` per inspector id, as officer or as expert, cancelled ones left out."""
        loads = Counter()
        visits = Domain("year", "=", year) & Domain("stage", "!=", "cancelled")
        for role in ("officer_ids", "expert_ids"):
            counts = self.env["srsp.inspection"]._read_group(
                visits & Domain(role, "in", self.ids), [role], ["__count"]
            )
            loads.update({found.id: n for found, n in counts if found in self})
        return loads

    def _get_heads(self):
        """Return ``{inspector id: user}``: the division's head; for heads, or without one, the policy division's."""
        find_policy = self.env["srsp.division"]._find_policy
        above = {company: find_policy(company) for company in self.company_id}
        heads = {}
        for inspector in self:
            divisions = inspector.division_id | above[inspector.company_id]
            users = divisions.manager_id.filtered("active")
            heads[inspector.id] = (users - inspector.user_id)[:1]
        return heads

    def _get_pool_domain(self, task):
        """Whose pools ``task`` draws from: a Domain on inspectors."""
        divisions = task.division_id | task.cooperating_division_ids
        pools = Domain("division_id", "in", divisions.ids)
        pools &= Domain("pool_kind", "!=", "expert")
        if task.use_detachment:
            pools |= Domain("pool_kind", "=", "detachment")
        return pools & Domain("company_id", "=", task.company_id.id)

    def _get_eligible_domain(self, task):
        """Who may be drawn for ``task``: a Domain on inspectors, recusals aside.

        Certificates and absences decide by themselves, whoever asks: a certificate covers the whole window,
        a confirmed absence touches no day of it. In one of the task's sectors at least, the officer may inspect
        all of its items and holds what they demand.
        """
        return self._get_available_domain(task) & Domain.OR(
            self._get_able_domain(task, sector) for sector in task.sector_ids
        )

    def _get_able_domain(self, task, sector):
        """Inspectors of ``sector`` who may inspect the task's items in it: by their scope and their qualifications."""
        items = task.sudo().item_ids.filtered(lambda item: item.sector_id == sector)
        scope = Domain.AND(
            Domain("item_ids", "any!", [("id", "in", item._get_lineage().ids)])
            for item in items
        )
        demanded = Domain.AND(
            Domain("qualification_ids", "any!", [("id", "=", qualification.id)])
            for qualification in items.qualification_ids
        )
        whole_sector = Domain("item_ids", "not any!", Domain.TRUE)
        return (
            Domain("sector_ids", "in", sector.ids) & (whole_sector | scope) & demanded
        )

    def _get_available_domain(self, task):
        """Officers of the task's pools and sectors who are free to inspect, whatever their scope and qualifications."""
        certificates = self.env["srsp.inspector.certificate"]
        covering = certificates._get_covering_domain(task.date_from, task.date_to)
        official = Domain("certificate_ids", "any!", covering)
        return self._get_pool_domain(task) & self._get_free_domain(task) & official

    def _get_expert_domain(self, task):
        """Experts who may join the teams of ``task``: they enforce nothing, and need no certificate for it."""
        experts = Domain("pool_kind", "=", "expert")
        experts &= Domain("company_id", "=", task.company_id.id)
        return experts & self._get_free_domain(task)

    def _get_free_domain(self, task):
        """Who is on duty in a sector of ``task`` and not absent in its window."""
        absences = self.env["srsp.inspector.absence"]._get_binding_domain
        return (
            Domain("active", "=", True)
            & Domain("on_duty", "=", True)
            & Domain("sector_ids", "in", task.sector_ids.ids)
            & Domain("absence_ids", "not any!", absences(task.date_from, task.date_to))
        )

    def _describe_lacking(self, task):
        """What keeps available officers out of ``task`` because its items ask for it, as a sentence; or nothing."""
        officers = self.sudo().search(self._get_available_domain(task))
        lacking = officers - self.sudo().search(self._get_eligible_domain(task))
        items = task.sudo().item_ids
        causes = []
        for qualification in items.qualification_ids.sorted("name"):
            asking = items.filtered(lambda i, q=qualification: q in i.qualification_ids)
            found = lacking.filtered_domain(
                Domain("sector_ids", "in", asking.sector_id.ids)
                & Domain("qualification_ids", "not in", qualification.ids)
            )
            causes.append((qualification.name, found))
        for item in items:
            found = lacking.filtered_domain(
                Domain("sector_ids", "in", item.sector_id.ids)
                & Domain("item_ids", "!=", False)
                & Domain("item_ids", "not in", item._get_lineage().ids)
            )
            text = self.env._("item scope without %(item)s", item=item.display_name)
            causes.append((text, found))
        reasons = [f"{text} ({len(found)})" for text, found in causes if found]
        if not reasons:
            return ""
        return self.env._(
            "Excluded because of the items' requirements, with the number of officers who do not meet them: "
            "%(reasons)s.",
            reasons=", ".join(reasons),
        )

    def _find_announced_tasks(self):
        """Return ``{inspector id: tasks}``: announced, not drawn yet, with the inspector in their pool."""
        inspectors = self.sudo().with_context(active_test=False)
        bureaus = ("company_id", "in", inspectors.company_id.ids)
        ahead = ("state", "in", ("planned", "committed"))
        announced = [("announced_on", "!=", False), ahead, bureaus]
        tasks = inspectors.env["srsp.task"].search(announced)
        found = dict.fromkeys(self.ids, tasks.browse())
        for task in tasks:
            for inspector in inspectors.filtered_domain(self._get_pool_domain(task)):
                found[inspector.id] |= task
        return found

    def _notify_tasks(self, tell, tasks_by_id=None):
        """Put on record with every announced task that its pool has changed, and by whom.

        :param tell: a function that says in the language of an environment what happened to each of these
            inspectors, no more than the task's readers may know
        :param tasks_by_id: ``{inspector id: tasks}``, all that are announced if not given
        """
        if tasks_by_id is None:
            tasks_by_id = self._find_announced_tasks()
        localized = self.company_id[:1]._srsp_in_language(self.sudo())
        env = localized.env
        for inspector in localized:
            for task in tasks_by_id[inspector.id]:
                body = env._(
                    "After the announcement, %(inspector)s: %(what)s",
                    inspector=inspector.display_name,
                    what=tell(env),
                )
                task.with_env(env).message_post(body=body)
