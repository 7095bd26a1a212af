from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ...actions import get_action
from ...fields import PrivateOne2many
from ...tools import clock

# What decides, beside certificates and absences, whom a draw may take.
POOL_FIELDS = frozenset(
    "active on_duty pool_kind division_id sector_ids item_ids qualification_ids region_ids".split()
)


class SrspInspector(models.Model):
    """Somebody who may be drawn to inspect, in one of three pools.

    An officer whose certificate does not cover the whole window, who is absent in it, off duty or outside
    his sectors is kept out of draws by ``_get_eligible_domain``; experts join a team but never count toward
    the two officers the law asks for. Nobody changes his own entry.
    """

    _name = "srsp.inspector"
    _description = "Inspector"
    _inherit = ["srsp.guard.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "pool_kind, staff_number"
    _check_company_auto = True
    _rec_names_search = ["name", "staff_number"]
    _guarded_fields = ("inspection_ids",)

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
        "srsp.sector", string="Sectors", check_company=True, tracking=True
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
        tracking=True,
    )
    region_ids = fields.Many2many(
        "srsp.region",
        string="Regions",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="Where the inspector serves, with the regions below; empty: everywhere.",
    )
    title = fields.Char("Professional Title")
    post = fields.Char()
    post_since = fields.Date("In Post Since")
    expertise = fields.Char("Field of Expertise", help="Of an expert.")
    employer = fields.Char(help="Of an expert.")
    certificate_ids = fields.One2many(
        "srsp.inspector.certificate", "inspector_id", "Certificates"
    )
    certificate_number = fields.Char(
        "Enforcement Certificate",
        compute="_compute_certificate",
        inverse="_inverse_certificate",
        store=True,
        tracking=True,
        help="The certificate to enforce the law that lasts longest.",
    )
    certificate_valid_until = fields.Date(
        "Valid Until",
        compute="_compute_certificate",
        inverse="_inverse_certificate",
        store=True,
        tracking=True,
    )
    certificate_state = fields.Selection(
        [
            ("none", "None"),
            ("expired", "Expired"),
            ("soon", "Expires soon"),
            ("valid", "Valid"),
        ],
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
    inspection_ids = fields.Many2many(
        "srsp.inspection",
        "srsp_inspection_officer_rel",
        "inspector_id",
        "inspection_id",
        "Inspections",
    )
    visit_count = fields.Integer(
        "Visits This Year", compute="_compute_visit_count", compute_sudo=True
    )

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

    @api.depends(
        "certificate_ids.kind", "certificate_ids.number", "certificate_ids.valid_until"
    )
    def _compute_certificate(self):
        certificates = self._get_certificates()
        for inspector in self:
            certificate = certificates[inspector]._find_longest()
            inspector.certificate_number = certificate.number
            inspector.certificate_valid_until = certificate.valid_until

    def _inverse_certificate(self):
        """Number and last day in the inspector's own row: of the certificate with that number, else of a new one."""
        new = []
        for inspector in self:
            number = inspector.certificate_number
            until = inspector.certificate_valid_until
            certificate = inspector.certificate_ids._find_official(number)
            if number and until:
                if certificate:
                    certificate.valid_until = until
                else:
                    vals = {"number": number, "valid_until": until}
                    new.append({"inspector_id": inspector.id, **vals})
            elif number or until or inspector.certificate_ids._find_longest():
                raise ValidationError(
                    self.env._(
                        "%(name)s: a certificate has a number and a last day.",
                        name=inspector.display_name,
                    )
                )
        self.env["srsp.inspector.certificate"].create(new)
        # Another one may be the longest now.
        for name in ("certificate_number", "certificate_valid_until"):
            self.env.add_to_compute(self._fields[name], self)

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
        rows = self.env["srsp.training"]._read_group(
            [
                ("participant_ids", "in", self.ids),
                ("date", ">=", today.replace(month=1, day=1)),
                ("date", "<=", today),
            ],
            ["participant_ids"],
            ["hours:sum"],
        )
        hours = {inspector.id: total for inspector, total in rows}
        for inspector in self:
            inspector.training_hours = hours.get(inspector.id, 0)

    @api.depends("inspection_ids")
    def _compute_visit_count(self):
        loads = self._get_loads(clock.today().year)
        for inspector in self:
            inspector.visit_count = loads.get(inspector.id, 0)

    @api.depends("name", "staff_number")
    def _compute_display_name(self):
        for inspector in self:
            inspector.display_name = f"{inspector.name} ({inspector.staff_number})"

    @api.constrains("name", "staff_number")
    def _check_no_identity_number(self):
        self._refuse_identity_number("name", "staff_number")

    @api.model_create_multi
    def create(self, vals_list):
        inspectors = super().create(vals_list)
        localized = inspectors._in_language()
        localized._notify_tasks(localized.env._("entered into the registry"))
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
            self._notify_tasks_of_change(changed, before)
        return result

    def action_open_visits(self):
        self.ensure_one()
        domain = [("officer_ids", "in", self.ids)]
        return get_action(self.env, "srsp_inspection_action", domain=domain, context={})

    def action_withdraw(self):
        return self.env["srsp.reason"]._open(self, "inspector_withdraw")

    def _get_certificates(self):
        """``{inspector: certificates}``, all of them whoever looks.

        ``certificate_ids`` is in the cache as the user may read it, and computed fields in superuser mode find it
        there; a form that adds or changes certificates has them nowhere else.
        """
        certificates = self.env["srsp.inspector.certificate"].sudo()
        stored = certificates.search([("inspector_id", "in", self.ids)])
        found = stored.grouped(lambda record: record.inspector_id.id)
        return {
            inspector: found.get(inspector.id, certificates)
            if isinstance(inspector.id, int)
            else inspector.certificate_ids
            for inspector in self
        }

    def _check_not_own(self):
        """Raise where somebody works on his own entry: what decides about him is for others to keep."""
        if not self.env.su and self.env.user in self.sudo().user_id:
            raise AccessError(
                self.env._("Your own entry in the registry is kept by somebody else.")
            )

    @api.model
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

    @api.model
    def _get_kept_domain(self):
        """The inspectors whose entry and certificates the user keeps: of the own divisions, an administrator all."""
        companies = Domain("company_id", "in", self.env.companies.ids)
        return companies & self.env["srsp.division"]._get_kept_domain()

    @api.model
    def _get_user_domain(self):
        """Users who are no inspector yet."""
        inspectors = self.sudo().with_context(active_test=False)
        known = inspectors._read_group([("user_id", "!=", False)], ["user_id"])
        return [("share", "=", False), ("id", "not in", [user.id for [user] in known])]

    def _get_loads(self, year):
        """Visits of ``year`` per inspector id, as officer or as expert, cancelled ones left out."""
        loads = {}
        for role in ("officer_ids", "expert_ids"):
            counts = self.env["srsp.inspection"]._read_group(
                [
                    (role, "in", self.ids),
                    ("year", "=", year),
                    ("stage", "!=", "cancelled"),
                ],
                [role],
                ["__count"],
            )
            for inspector, count in counts:
                if inspector in self:
                    loads[inspector.id] = loads.get(inspector.id, 0) + count
        return loads

    def _withdraw(self, reason):
        """Take this inspector out of every draw in which a visit of his has not begun."""
        self._check_role("group_division_manager", "group_policy_officer")
        ahead = [("stage", "in", ("assigned", "scheduled")), ("draw_id", "!=", False)]
        mine = ["|", ("officer_ids", "in", self.ids), ("expert_ids", "in", self.ids)]
        draws = self.env["srsp.inspection"].search(ahead + mine).draw_id
        if not draws:
            raise UserError(
                self.env._(
                    "%(inspector)s has no visit that has not begun.",
                    inspector=self.display_name,
                )
            )
        draws.task_id.check_access("write")
        for draw in draws.sudo():
            draw._withdraw(self.sudo(), reason)

    def _get_heads(self):
        """``{inspector id: user}`` to ask about them: the head of the division, or that of the policy division
        where there is none, or where it is the inspector himself."""
        policy = self.env["srsp.division"].search(
            [("company_id", "in", self.company_id.ids), ("kind", "=", "policy")]
        )
        heads = {}
        for inspector in self:
            above = policy.filtered(
                lambda division, own=inspector: division.company_id == own.company_id
            )
            users = (inspector.division_id | above).manager_id.filtered("active")
            heads[inspector.id] = (users - inspector.user_id)[:1]
        return heads

    @api.model
    def _get_pool_domain(self, task):
        """Whose pools ``task`` draws from: a Domain on inspectors."""
        own = Domain(
            "division_id", "in", (task.division_id | task.cooperating_division_ids).ids
        )
        pools = own & Domain("pool_kind", "!=", "expert")
        if task.use_detachment:
            pools |= Domain("pool_kind", "=", "detachment")
        return pools & Domain("company_id", "=", task.company_id.id)

    @api.model
    def _get_eligible_domain(self, task):
        """Who may be drawn for ``task``: a Domain on inspectors, recusals aside.

        Certificates and absences decide by themselves, whoever asks: a certificate covers the whole window,
        a confirmed absence touches no day of it. In one of the task's sectors at least, the officer may inspect
        all of its items and holds what they demand.
        """
        return self._get_available_domain(task) & Domain.OR(
            self._get_able_domain(task, sector) for sector in task.sector_ids
        )

    @api.model
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

    @api.model
    def _get_available_domain(self, task):
        """Officers of the task's pools and sectors who are free to inspect, whatever their scope and qualifications."""
        window = (task.date_from, task.date_to)
        certificates = self.env["srsp.inspector.certificate"]._get_covering_domain
        absences = self.env["srsp.inspector.absence"]._get_binding_domain
        return (
            self._get_pool_domain(task)
            & Domain("on_duty", "=", True)
            & Domain("sector_ids", "in", task.sector_ids.ids)
            & Domain("certificate_ids", "any!", certificates(*window))
            & Domain("absence_ids", "not any!", absences(*window))
        )

    @api.model
    def _get_expert_domain(self, task):
        """Experts who may join the teams of ``task``: they enforce nothing, and need no certificate for it."""
        absences = self.env["srsp.inspector.absence"]._get_binding_domain
        return (
            Domain("pool_kind", "=", "expert")
            & Domain("company_id", "=", task.company_id.id)
            & Domain("on_duty", "=", True)
            & Domain("sector_ids", "in", task.sector_ids.ids)
            & Domain("absence_ids", "not any!", absences(task.date_from, task.date_to))
        )

    @api.model
    def _describe_lacking(self, task):
        """What keeps available officers out of ``task`` because its items ask for it, as a sentence; or nothing."""
        officers = self.sudo().search(self._get_available_domain(task))
        lacking = officers - self.sudo().search(self._get_eligible_domain(task))
        items = task.sudo().item_ids
        reasons = []
        for qualification in items.qualification_ids.sorted("name"):
            asking = items.filtered(lambda i, q=qualification: q in i.qualification_ids)
            found = lacking.filtered(
                lambda officer, q=qualification, asking=asking: (
                    officer.sector_ids & asking.sector_id
                    and q not in officer.qualification_ids
                )
            )
            if found:
                reasons.append(f"{qualification.name} ({len(found)})")
        for item in items:
            lineage = item._get_lineage()
            found = lacking.filtered(
                lambda officer, item=item, lineage=lineage: (
                    item.sector_id in officer.sector_ids
                    and officer.item_ids
                    and not officer.item_ids & lineage
                )
            )
            if found:
                text = self.env._("item scope without %(item)s", item=item.display_name)
                reasons.append(f"{text} ({len(found)})")
        if not reasons:
            return ""
        return self.env._(
            "Left out for what the items demand, with the number of officers who lack it: %(reasons)s.",
            reasons=", ".join(reasons),
        )

    def _find_announced_tasks(self):
        """``{inspector id: tasks}``: announced, not drawn yet, and from whose pools he may be drawn."""
        inspectors = self.sudo().with_context(active_test=False)
        tasks = inspectors.env["srsp.task"].search(
            [
                ("company_id", "in", inspectors.company_id.ids),
                ("announced_on", "!=", False),
                ("state", "in", ("planned", "committed")),
            ]
        )
        members = {
            task: inspectors.filtered_domain(self._get_pool_domain(task))
            for task in tasks
        }
        return {
            inspector.id: tasks.filtered(
                lambda task, inspector=inspector: inspector in members[task]
            )
            for inspector in inspectors
        }

    def _in_language(self):
        """These inspectors in the language of their bureau: for what stays on record with a task."""
        return self.company_id[:1]._srsp_in_language(self)

    def _notify_tasks_of_change(self, names, before):
        """Tell the tasks that had these inspectors in their pools ``before`` or have them now which fields
        ``names`` have changed."""
        localized = self._in_language()
        after = self._find_announced_tasks()
        labels = [
            self._fields[name]._description_string(localized.env) for name in names
        ]
        localized._notify_tasks(
            localized.env._(
                "changed in the registry: %(fields)s", fields=", ".join(labels)
            ),
            {key: before[key] | after[key] for key in after},
        )

    def _notify_tasks(self, what, tasks_by_id=None):
        """Put on record with every announced task that its pool has changed, and by whom.

        :param str what: what happened to each of these inspectors, no more than the task's readers may know
        :param tasks_by_id: ``{inspector id: tasks}``, all that are announced if not given
        """
        if tasks_by_id is None:
            tasks_by_id = self._find_announced_tasks()
        for inspector in self.sudo():
            for task in tasks_by_id[inspector.id]:
                task.with_env(inspector.env).message_post(
                    body=self.env._(
                        "After the announcement, %(inspector)s: %(what)s",
                        inspector=inspector.display_name,
                        what=what,
                    )
                )
