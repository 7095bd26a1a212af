import base64
import hashlib

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ...actions import get_action, get_dialog_action, get_form_action
from ...tools import clock
from ..base.mail_activity_mixin import TODO
from ..base.srsp_division import INSPECTING

OPEN_STATES = ("draft", "submitted", "consolidated", "approved")
FROZEN_STATES = ("approved", "published", "superseded")


class SrspList(models.Model):
    """One numbered version of one of the two lists (两单).

    ``draft → submitted → consolidated → approved → published → superseded``. The policy division opens a
    version with a deadline; each division called edits its own part, a copy of what is in force, and hands
    it in; with the last part the version is submitted. Approval freezes it. A published version takes
    effect on its date and supersedes the one before; a correction is a new version.
    """

    _name = "srsp.list"
    _description = "Supervision list"
    _inherit = ["srsp.guard.mixin", "mail.thread", "mail.activity.mixin"]
    _phone_texts = ("purpose",)
    _order = "kind desc, version desc"
    _check_company_auto = True
    _rec_names_search = ["approval_number"]
    _guarded_fields = ("state", "version", "opened_on", "published_on", "origin_id")

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
    origin_id = fields.Many2one(
        "srsp.list", "Copied From", readonly=True, index=True, copy=False
    )
    purpose = fields.Text(
        "Version Notes",
        copy=False,
        help="Points for the divisions to review; shown when the collection starts.",
    )
    deadline = fields.Date(
        "Submission Deadline",
        copy=False,
        tracking=True,
        help="For the contributing divisions.",
    )
    opened_on = fields.Datetime("Parts Called On", readonly=True, copy=False)
    approval_number = fields.Char("Approval Document", copy=False, tracking=True)
    approval_date = fields.Date(copy=False, tracking=True)
    approval_scan = fields.Binary(
        "Scan of the Approval", attachment=True, copy=False, prefetch=False
    )
    approval_scan_name = fields.Char(copy=False)
    effective_date = fields.Date(copy=False, tracking=True)
    published_on = fields.Date(readonly=True, copy=False)
    part_ids = fields.One2many("srsp.list.part", "list_id", "Parts", copy=False)
    # Stored, so that handing in writes the version's row: of two divisions that do it at once, one is tried
    # again and sees that it is the last.
    part_count = fields.Integer(
        "Contributing Divisions", compute="_compute_part_count", store=True
    )
    handed_in_count = fields.Integer(
        "Submitted Parts", compute="_compute_part_count", store=True
    )
    item_ids = fields.One2many("srsp.item", "list_id", "Items", copy=True)
    duty_ids = fields.One2many("srsp.duty", "list_id", "Duties", copy=True)
    line_count = fields.Integer(compute="_compute_line_count")
    repealed_count = fields.Integer(
        "Lines with Repealed Basis", compute="_compute_line_count"
    )
    sector_warning = fields.Text(compute="_compute_sector_warning")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    _version_uniq = models.UniqueIndex(
        "(company_id, kind, version)", "This version of the list already exists."
    )

    @api.depends("kind", "version")
    @api.depends_context("lang")
    def _compute_name(self):
        for record in self:
            record.name = self.env._(
                "%(kind)s, version %(version)s",
                kind=record._get_kind_label(),
                version=record.version,
            )

    @api.depends("item_ids.legal_basis_ids", "duty_ids.legal_basis_ids")
    def _compute_line_count(self):
        for record in self:
            lines = record._get_lines()
            record.line_count = len(lines)
            record.repealed_count = len(lines.filtered("repealed_basis"))

    @api.depends("part_ids.state")
    def _compute_part_count(self):
        parts = self.env["srsp.list.part"].sudo()
        domain = [("list_id", "in", self.ids)]
        states = dict(parts._read_group(domain, ["list_id"], ["state:array_agg"]))
        for record in self:
            found = states.get(record, [])
            record.part_count = len(found)
            record.handed_in_count = found.count("handed_in")

    @api.depends("item_ids.sector_id", "item_ids.division_id")
    @api.depends_context("lang")
    def _compute_sector_warning(self):
        for record in self:
            record.sector_warning = record.item_ids._describe_foreign_sectors()

    @api.model_create_multi
    def create(self, vals_list):
        lists = super().create(vals_list)
        for record in lists.sudo().filtered(lambda record: not record.version):
            record.version = record._find_siblings()[:1].version + 1
        for record, vals in zip(lists, vals_list, strict=True):
            record._check_only_one_open()
            if not self.env.su:
                record._copy_last()
            if not vals.get("part_ids"):  # which a new form sends empty
                record.sudo()._call_all()
        return lists

    def write(self, vals):
        if vals.keys() - {"effective_date"} or any(
            record.state != "approved" for record in self
        ):
            self._check_open()
        self._check_identity(vals)
        result = super().write(vals)
        if "deadline" in vals:
            if not self.env.su:  # superuser mode enters the lists of past years
                for record in self:
                    if record.opened_on and record.state == "draft":
                        record._check_deadline()
            self.sudo().part_ids._move_deadline()
        return result

    def copy(self, default=None):
        if not self.env.su:
            raise UserError(
                self.env._(
                    "A list cannot be duplicated: open a new version, which records the version it was copied from."
                )
            )
        return super().copy(default)

    def unlink(self):
        self.check_access("unlink")
        self._unlink_except_frozen()
        versions = self.sudo()
        versions.opened_on = False
        versions.part_ids.unlink()  # with their activities, which the database would leave behind
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen(self):
        if any(record.state not in ("draft", "submitted") for record in self):
            raise UserError(self.env._("Only a draft of a list can be deleted."))

    def action_open(self):
        """Call the divisions: each gets its part and an activity until the deadline."""
        self._check_role("group_policy_officer")
        self._check_state("draft")
        for record in self.sudo():
            if record.opened_on:
                raise UserError(
                    self.env._(
                        "%(list)s: the collection from the divisions has started.",
                        list=record.name,
                    )
                )
            record._check_deadline()
            record.opened_on = fields.Datetime.now()
            record.part_ids._call()
            record._submit_when_complete()

    def action_consolidate(self):
        """Close the collection: every part is in and every line complete."""
        self._check_role("group_policy_officer")
        for record in self:
            record._check_parts()
        self._check_state("submitted")
        for record in self:
            record._check_lines()
        self.sudo().state = "consolidated"
        self.sudo().activity_unlink([TODO])

    def action_approve(self):
        """Record the approval by 审改办, which freezes the version."""
        self._check_role("group_policy_officer")
        self._check_state("consolidated")
        for record in self:
            if not (
                record.approval_number
                and record.approval_date
                and record.sudo().approval_scan
            ):
                raise UserError(
                    self.env._(
                        "%(list)s: enter number, date and scan of the approval document first.",
                        list=record.name,
                    )
                )
            if record.approval_date > clock.today():
                raise UserError(
                    self.env._(
                        "%(list)s: the approval is dated %(date)s, which is in the future.",
                        list=record.name,
                        date=record.approval_date,
                    )
                )
            record._check_parts()
            record._check_lines()
            record.sudo()._get_lines()._freeze_names()
        self.sudo().state = "approved"

    def action_withdraw_approval(self):
        return self.env["srsp.reason"]._open(self, "approval_withdraw")

    def action_publish(self):
        self._check_role("group_policy_officer")
        self._check_state("approved")
        today = clock.today()
        for record in self.sudo():
            record._check_parts()
            record.effective_date = record.effective_date or today
            record.with_env(self.env)._check_effective_date(today)
            record._check_lines()  # by the rulebook of that day, and of the divisions that are left
            record.write({"state": "published", "published_on": today})
            self.env["srsp.event"]._seal_state(record, "list.published")
            record._after_publish()
        self._take_effect()

    def action_new_version(self):
        """Open a draft that copies this version line by line."""
        self.ensure_one()
        self._check_role("group_policy_officer")
        self.check_access("read")
        self._check_state("published", "superseded")
        self._check_only_one_open()
        draft = self.sudo().copy({"origin_id": self.id})
        return get_form_action(draft)

    def action_generate_plans(self):
        """Ask for the year of which the plans of all divisions are to be made."""
        self.ensure_one()
        self._check_role("group_policy_officer")
        self._check_state("published")
        return get_dialog_action(
            self.env["srsp.plan.generation"],
            self.env._("Plans"),
            context={"default_company_id": self.company_id.id},
        )

    def action_view_lines(self):
        self.ensure_one()
        return self._view_lines(self.env["srsp.division"])

    def action_view_parts(self):
        self.ensure_one()
        return get_action(
            self.env,
            "srsp_list_part_action",
            name=self.name,
            domain=[("list_id", "=", self.id)],
            context={},
        )

    def _view_lines(self, division, **values):
        """The action that shows the lines, those of ``division`` alone if there is one, with other ``values``."""
        known = {"list_id": self.id}
        if division:
            known["division_id"] = division.id
        return get_action(
            self.env,
            f"srsp_{self.kind}_action",
            domain=[(name, "=", value) for name, value in known.items()],
            context={
                **{f"default_{name}": value for name, value in known.items()},
                "create": self._is_editable(division),
            },
            **values,
        )

    def _get_kind_label(self):
        return self._fields["kind"].convert_to_export(self.kind, self)

    def _get_lines(self):
        """The items or duties of the version, those that the user may read."""
        self.ensure_one()
        return self.item_ids if self.kind == "item" else self.duty_ids

    def _find_siblings(self, *conditions):
        """The other versions of the same list that meet the ``conditions``, the last one first, in superuser mode."""
        return self.sudo().search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "=", self.kind),
                ("id", "!=", self.id),
                *conditions,
            ]
        )

    def _copy_last(self):
        """Begin a version that a user opens by hand with the lines of the last one published."""
        base, draft = self._find_base(), self.sudo()
        if base and not draft._get_lines():
            draft.origin_id = base
            base.sudo()._get_lines().copy({"list_id": draft.id})

    def _check_only_one_open(self):
        other = self._find_siblings(("state", "in", OPEN_STATES))[:1]
        if other:
            raise UserError(
                self.env._(
                    "%(list)s is still being prepared: publish it, or delete it, before you open another version.",
                    list=other.name,
                )
            )

    def _call_all(self):
        """Put every division that has something to say on the list of those to be called."""
        divisions = self.env["srsp.division"].search(
            [("company_id", "=", self.company_id.id), ("kind", "in", INSPECTING)]
        )
        divisions |= self._get_lines().division_id.filtered(
            lambda division: division.active and division.kind != "external"
        )
        self.part_ids = [
            Command.create({"division_id": division.id}) for division in divisions
        ]

    def _prepare_seal(self):
        """What the integrity chain keeps of a published version: digests of its words and of its approval."""
        lines = self._get_lines()
        scan = base64.b64decode(self.with_context(bin_size=False).approval_scan or b"")
        return {
            "kind": self.kind,
            "version": self.version,
            "approval_number": self.approval_number or "",
            "approval_date": fields.Date.to_string(self.approval_date) or "",
            "approval_scan_sha256": hashlib.sha256(scan).hexdigest(),
            "effective_date": fields.Date.to_string(self.effective_date),
            "lines": len(lines),
            "columns": lines._digest_columns(),
        }

    def _check_identity(self, vals):
        """Raise for a change of kind or bureau: what hangs on a version would not follow."""
        if not self.env.su and any(
            vals.get(name, old) != old
            for row in self.read(["kind", "company_id"], load=None)
            for name, old in row.items()
        ):
            raise UserError(
                self.env._(
                    "A list keeps its kind and its bureau: delete the draft and create another list."
                )
            )

    def _check_open(self):
        """Raise for a frozen version; the business methods work in superuser mode."""
        if not self.env.su and any(record.state in FROZEN_STATES for record in self):
            raise UserError(
                self.env._(
                    "An approved list is frozen: make a new version to correct it."
                )
            )

    def _is_editable(self, division):
        """Whether the user may change the lines of ``division`` now (empty: of any of the user's own)."""
        self.ensure_one()
        if self.state in FROZEN_STATES:
            return False
        user = self.env.user
        if self.env.su or user.has_group("srsp_supervision.group_policy_officer"):
            return True
        own = user.sudo().srsp_division_ids
        return (
            bool(self.opened_on)
            and self.state == "draft"
            and user.has_group("srsp_supervision.group_division_officer")
            and any(
                part.state != "handed_in"
                and part.division_id in own
                and part.division_id in (division or own)
                for part in self.sudo().part_ids
            )
        )

    def _check_deadline(self):
        today = clock.today()
        if self.part_count and (not self.deadline or self.deadline < today):
            raise UserError(
                self.env._(
                    "%(list)s: set a day, today or later, as the submission deadline of the divisions.",
                    list=self.name,
                )
            )

    def _submit_when_complete(self):
        """With the last part, the version is submitted and the policy division gets its turn."""
        self.ensure_one()
        if not self._find_missing_parts():
            self.state = "submitted"
            self._schedule_for_policy(
                self.env._("All parts have been submitted: consolidate them")
            )

    def _schedule_for_policy(self, summary, note=""):
        """An activity for the head of the policy division, or the author of the version."""
        self.ensure_one()
        policy = self.env["srsp.division"]._find_policy(self.company_id)
        user = policy.manager_id.filtered("active") or self.create_uid
        users = user.filtered(lambda user: not user.share)
        self._srsp_tell(users, summary, note)

    def _find_missing_parts(self):
        """The parts not handed in, other divisions' too: searched, as ``part_ids`` may hold the user's alone."""
        parts = self.env["srsp.list.part"].sudo()
        return parts.search([("list_id", "in", self.ids), ("state", "!=", "handed_in")])

    def _check_parts(self):
        """Raise while a division that was called has not handed in."""
        missing = self._find_missing_parts()
        if missing:
            raise UserError(
                self.env._(
                    "%(list)s: %(divisions)s have not submitted their part yet. Wait for it, remind them, or remove "
                    "the division from the contributing divisions.",
                    list=self.name,
                    divisions=", ".join(missing.division_id.mapped("name")),
                )
            )

    def _check_lines(self):
        lines = self._get_lines()
        if not lines:
            raise UserError(
                self.env._("%(list)s has no line: add one first.", list=self.name)
            )
        lines._check_complete()

    def _withdraw_approval(self, reason):
        """Open an approved version again before it is published; it needs a new approval."""
        self._check_role("group_policy_officer")
        self._check_state("approved")
        version = self.sudo()
        version.message_post(
            body=self.env._(
                "The approval %(number)s was withdrawn: %(reason)s",
                number=version.approval_number,
                reason=reason,
            )
        )
        version.write(
            {
                "state": "consolidated",
                "approval_number": False,
                "approval_date": False,
                "approval_scan": False,
            }
        )
        version._get_lines().frozen_names = False

    def _after_publish(self):
        """Hook: the version has just been published."""
