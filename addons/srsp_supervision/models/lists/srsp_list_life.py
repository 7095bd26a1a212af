from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools import clock


class SrspList(models.Model):
    """How a version moves: from the call for its parts to the day on which it is superseded."""

    _inherit = "srsp.list"

    def action_open(self):
        """Call the divisions: each gets its part and an activity until the deadline."""
        self._check_role("group_policy_officer")
        self._check_state("draft")
        for record in self.sudo():
            if record.opened_on:
                raise UserError(
                    self.env._("%(list)s: the divisions were called.", list=record.name)
                )
            record._check_deadline()
            record.opened_on = fields.Datetime.now()
            record.part_ids._call()
            record._submit_when_complete()

    def _check_deadline(self):
        today = clock.today()
        if self.part_count and (not self.deadline or self.deadline < today):
            raise UserError(
                self.env._(
                    "%(list)s: set a day, today or later, until which the divisions hand in their parts.",
                    list=self.name,
                )
            )

    def _submit_when_complete(self):
        """With the last part, the version is submitted and the policy division gets its turn."""
        self.ensure_one()
        if self._find_missing_parts():
            return
        self.state = "submitted"
        self._schedule_for_policy(self.env._("All parts are in: consolidate them"))

    def _schedule_for_policy(self, summary, note=""):
        """An activity for the head of the policy division, or the author of the version."""
        self.ensure_one()
        policy = self.env["srsp.division"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "=", "policy"),
                ("manager_id", "!=", False),
            ],
            limit=1,
        )
        user = policy.manager_id or self.create_uid
        if user.active and not user.share:
            self.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=note,
                user_id=user.id,
            )

    def action_consolidate(self):
        """Close the collection: every part is in and every line complete."""
        self._check_role("group_policy_officer")
        for record in self:
            record._check_parts()
        self._check_state("submitted")
        for record in self:
            record._check_lines()
        self.sudo().state = "consolidated"
        self.sudo().activity_unlink(["mail.mail_activity_data_todo"])

    def _find_missing_parts(self):
        """The parts not handed in, other divisions' too: searched, as ``part_ids`` may hold the user's alone."""
        return (
            self.env["srsp.list.part"]
            .sudo()
            .search([("list_id", "in", self.ids), ("state", "!=", "handed_in")])
        )

    def _check_parts(self):
        """Raise while a division that was called has not handed in."""
        missing = self._find_missing_parts()
        if missing:
            raise UserError(
                self.env._(
                    "%(list)s: %(divisions)s have not handed in their part yet. Wait for it, remind them, or take the"
                    " division off the list of those called.",
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
                        "%(list)s: the approval is dated %(date)s, a day still to come.",
                        list=record.name,
                        date=record.approval_date,
                    )
                )
            record._check_parts()
            record._check_lines()
            record.sudo()._get_lines()._freeze_names()
        self.sudo().state = "approved"

    def action_withdraw_approval(self):
        self.ensure_one()
        return self.env["srsp.reason"]._open(self, "approval_withdraw")

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
            self.env["srsp.event"]._seal(
                record, "list.published", record._get_seal_payload()
            )
            record._after_publish()
        self._take_effect()

    def _check_effective_date(self, today):
        """Raise for a date in the past, or one on which another version already holds or will hold."""
        if not self.env.su and self.effective_date < today:
            raise UserError(
                self.env._(
                    "%(list)s: it cannot take effect on %(date)s, which has passed.",
                    list=self.name,
                    date=self.effective_date,
                )
            )
        later = self.sudo().search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "=", self.kind),
                ("state", "in", ("published", "superseded")),
                ("effective_date", ">=", self.effective_date),
                ("id", "!=", self.id),
            ],
            limit=1,
        )
        if later:
            raise UserError(
                self.env._(
                    "%(list)s cannot take effect on %(date)s: %(other)s takes effect on %(later)s. Choose a later day.",
                    list=self.name,
                    date=self.effective_date,
                    other=later.name,
                    later=later.effective_date,
                )
            )

    @api.model
    def _take_effect(self):
        """Supersede what is no longer in force, and move tasks not yet announced to the new version."""
        in_force = self.sudo().browse(self._find_in_force_ids())
        for version in in_force:
            earlier = self.sudo().search(
                [
                    ("company_id", "=", version.company_id.id),
                    ("kind", "=", version.kind),
                    ("state", "=", "published"),
                    ("effective_date", "<", version.effective_date),
                ]
            )
            if earlier:
                earlier.state = "superseded"
                if version.kind == "item":
                    earlier._carry_over(version)

    def _carry_over(self, version):
        """Tasks not yet announced follow their items into ``version``; retired items are reported."""
        tasks = self.env["srsp.task"].search(
            [
                ("state", "=", "planned"),
                ("announced_on", "=", False),
                ("item_ids.list_id", "in", self.ids),
            ]
        )
        successors = tasks.item_ids._find_successors(version)
        for task in version.company_id._srsp_in_language(tasks):
            task._follow_items(successors, version)

    def action_new_version(self):
        """Open a draft that copies this version line by line."""
        self.ensure_one()
        self._check_role("group_policy_officer")
        self.check_access("read")
        self._check_state("published", "superseded")
        self._check_only_one_open()
        draft = self.sudo().copy({"origin_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": draft.id,
            "view_mode": "form",
        }

    def action_generate_plans(self):
        """Ask for the year of which the plans of all divisions are to be made."""
        self.ensure_one()
        self._check_role("group_policy_officer")
        self._check_state("published")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Plans"),
            "res_model": "srsp.plan.generation",
            "view_mode": "form",
            "target": "new",
            "context": {"default_company_id": self.company_id.id},
        }

    def action_view_lines(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"srsp_supervision.srsp_{self.kind}_action"
        )
        return dict(
            action,
            domain=[("list_id", "=", self.id)],
            context={
                "default_list_id": self.id,
                "create": self._is_editable(self.env["srsp.division"]),
            },
        )

    def action_view_parts(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "srsp_supervision.srsp_list_part_action"
        )
        return dict(
            action, name=self.name, domain=[("list_id", "=", self.id)], context={}
        )

    @api.model
    def _cron_daily(self):
        """What the calendar brings: versions taking effect, repealed laws, reminders, escalations."""
        self._take_effect()
        self.env["srsp.legal.basis"]._report_repealed()
        self.env["srsp.list.part"]._remind()

    def _report_repealed(self, bases):
        """Tell the policy division which lines rest on ``bases``, just repealed."""
        lines = self._get_lines().filtered(lambda line: line.legal_basis_ids & bases)
        if lines:
            self._schedule_for_policy(
                self.env._(
                    "%(count)s lines rest on a repealed legal basis", count=len(lines)
                ),
                ", ".join(lines.mapped("display_name")),
            )

    def _after_publish(self):
        """Hook: the version has just been published."""
