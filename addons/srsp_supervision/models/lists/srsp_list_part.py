from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ...fields import company_of
from ...tools import clock
from ..base.isolation import do_each
from ..base.mail_activity_mixin import TODO


class SrspListPart(models.Model):
    """One division's part of a version: called with a deadline, handed in, perhaps sent back.

    ``editing → handed_in`` (or ``returned → handed_in``). While a part is open, its division alone edits
    the lines it answers for.
    """

    _name = "srsp.list.part"
    _description = "Part of a supervision list"
    _inherit = ["srsp.guard.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "list_id desc, state, deadline, id"
    _check_company_auto = True
    _mail_post_access = "read"
    _guarded_fields = (
        "state",
        "handed_in_by_id",
        "handed_in_on",
        "comment",
        "reminded_on",
        "escalated_on",
    )

    list_id = fields.Many2one(
        "srsp.list", required=True, index=True, ondelete="cascade", check_company=True
    )
    company_id = company_of("list_id")
    kind = fields.Selection(related="list_id.kind")
    list_state = fields.Selection(
        related="list_id.state", string="List State", tracking=False
    )
    opened_on = fields.Datetime(related="list_id.opened_on")
    purpose = fields.Text(related="list_id.purpose")
    deadline = fields.Date(related="list_id.deadline", store=True, tracking=False)
    division_id = fields.Many2one(
        "srsp.division",
        required=True,
        index=True,
        check_company=True,
        domain=[("kind", "!=", "external")],
    )
    state = fields.Selection(
        [
            ("editing", "Being edited"),
            ("returned", "Sent back"),
            ("handed_in", "Part submitted"),
        ],
        default="editing",
        required=True,
        tracking=True,
        group_expand=True,
    )
    comment = fields.Text("Return Comment", readonly=True)
    handed_in_by_id = fields.Many2one("res.users", readonly=True)
    handed_in_on = fields.Datetime(readonly=True)
    reminded_on = fields.Date(readonly=True)
    escalated_on = fields.Date(readonly=True)
    is_overdue = fields.Boolean("Overdue", compute="_compute_is_overdue")
    line_count = fields.Integer("Lines", compute="_compute_changes")
    change_count = fields.Integer("Changes", compute="_compute_changes")
    repealed_count = fields.Integer(
        "Lines with Repealed Basis", compute="_compute_changes"
    )
    change_summary = fields.Char(
        compute="_compute_changes", help="Compared with the version it was copied from."
    )
    sector_warning = fields.Text(compute="_compute_sector_warning", compute_sudo=True)
    changes = fields.Html(
        "Change Details", compute="_compute_changes_html", sanitize=False
    )

    _division_uniq = models.UniqueIndex(
        "(list_id, division_id)", "This division is already a contributing division."
    )

    @api.depends("list_id", "division_id")
    def _compute_display_name(self):
        for part in self:
            part.display_name = f"{part.list_id.name} · {part.division_id.name or ''}"

    @api.depends("state", "deadline", "opened_on")
    def _compute_is_overdue(self):
        today = clock.today()
        for part in self:
            part.is_overdue = bool(
                part.opened_on
                and part.state != "handed_in"
                and part.deadline
                and part.deadline < today
            )

    @api.depends("list_id", "division_id", "state")
    def _compute_changes(self):
        for part in self:
            changes = part.list_id._compare(part.list_id.origin_id, part.division_id)
            lines = part._get_own_lines()
            part.line_count = len(lines)
            part.repealed_count = len(lines.filtered("repealed_basis"))
            part.change_count = len(changes)
            labels = part.list_id._get_change_labels()
            counts = part.list_id._count_changes(changes)
            part.change_summary = " ".join(
                f"{labels[kind]} {count}" for kind, count in counts.items() if count
            )

    @api.depends("list_id.item_ids.sector_id", "list_id.item_ids.division_id")
    @api.depends_context("lang")
    def _compute_sector_warning(self):
        for part in self:
            own = [("division_id", "=", part.division_id.id)]
            items = part.list_id.item_ids.filtered_domain(own)
            part.sector_warning = items._describe_foreign_sectors()

    @api.depends("list_id", "division_id", "state")
    def _compute_changes_html(self):
        for part in self:
            comparison = self.env["srsp.list.comparison"].new(
                {
                    "list_id": part.list_id.id,
                    "base_id": part.list_id.origin_id.id,
                    "division_id": part.division_id.id,
                }
            )
            part.changes = comparison.body

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._check_draft()
        parts.sudo().filtered("opened_on")._call()
        return parts

    def write(self, vals):
        if not self.env.su and {"list_id", "division_id"} & vals.keys():
            self._check_draft()
            if "list_id" in vals or any(part.opened_on for part in self):
                raise UserError(
                    self.env._("A contributing division can be removed, not exchanged.")
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen(self):
        self._check_draft()

    def unlink(self):
        versions = self.list_id
        for part in self.filtered("opened_on"):
            part.list_id.sudo().message_post(
                body=self.env._(
                    "%(division)s was removed from the contributing divisions.",
                    division=part.division_id.name,
                )
            )
        result = super().unlink()
        for version in versions.exists().sudo().filtered("opened_on"):
            if version.state == "draft":
                version._submit_when_complete()
        return result

    def action_hand_in(self):
        self._check_own()
        self.check_access("read")
        self._check_state("editing", "returned")
        for part in self.sudo():
            if part.list_state != "draft" or not part.opened_on:
                raise UserError(
                    self.env._(
                        "%(list)s is not open: the collection has not started, or the list has been submitted.",
                        list=part.list_id.name,
                    )
                )
            part._get_own_lines()._check_complete()
            part.write(
                {
                    "state": "handed_in",
                    "handed_in_by_id": self.env.uid,
                    "handed_in_on": fields.Datetime.now(),
                }
            )
            part.activity_feedback([TODO])
            if part.sector_warning:
                part.message_post(body=part.sector_warning)
            part.list_id._submit_when_complete()

    def action_return(self):
        return self.env["srsp.reason"]._open(self, "part_return")

    def action_view_lines(self):
        self.ensure_one()
        return self.list_id._view_lines(self.division_id, name=self.display_name)

    def _check_draft(self):
        if not self.env.su and any(part.list_state != "draft" for part in self):
            raise UserError(
                self.env._(
                    "Contributing divisions can only be added or removed while the list is a draft."
                )
            )

    def _call(self):
        """Tell each division that its part is open."""
        for record in self:
            part = record.company_id._srsp_in_language(record)
            part.division_id._schedule(
                part,
                self.env._("Submit your part of %(list)s", list=part.list_id.name),
                part.purpose or "",
                part.deadline,
            )

    def _move_deadline(self):
        """The list's deadline has moved: reminders start again, activities follow."""
        self.write({"reminded_on": False, "escalated_on": False})
        self.activity_reschedule([TODO], date_deadline=self[:1].list_id.deadline)

    def _check_own(self):
        """Raise unless the user belongs to the division: nobody hands in for another."""
        self._check_role("group_division_manager", "group_policy_officer")
        foreign = self.division_id - self.env.user.sudo().srsp_division_ids
        if not self.env.su and foreign:
            raise AccessError(
                self.env._(
                    "The part of %(division)s can only be submitted by that division.",
                    division=foreign[0].sudo().name,
                )
            )

    def _get_own_lines(self):
        return self.list_id._get_lines().filtered(
            lambda line: line.division_id == self.division_id
        )

    def _return(self, reason):
        """Send the part back with a comment; the version waits for it again."""
        self._check_role("group_policy_officer")
        self._check_state("handed_in")
        part = self.sudo()
        part.list_id._check_state("draft", "submitted", "consolidated")
        part.write({"state": "returned", "comment": reason})
        part.list_id.state = "draft"
        part.list_id.activity_unlink([TODO])
        part.message_post(body=reason)
        part.division_id._schedule(
            part,
            self.env._("Your part was sent back: correct and submit it"),
            reason,
            part.deadline,
        )

    @api.model
    def _remind(self):
        """Remind divisions before the deadline, tell the policy division after it; once each."""
        today = clock.today()
        waiting = self.search(
            [
                ("state", "!=", "handed_in"),
                ("list_id.state", "=", "draft"),
                ("list_id.opened_on", "!=", False),
                ("deadline", "!=", False),
            ]
        )
        for company, parts in waiting.grouped("company_id").items():
            days = self.env["srsp.rulebook"]._find_in_force(company).reminder_days
            soon = today + timedelta(days=days)

            def remind(part, soon=soon):
                if not part.reminded_on and part.deadline <= soon:
                    part._send_reminder()
                    part.reminded_on = today
                if not part.escalated_on and part.deadline < today:
                    part._escalate()
                    part.escalated_on = today

            do_each(company._srsp_in_language(parts), remind)

    def _send_reminder(self):
        division = self.division_id
        people = self.company_id._srsp_find_readers(
            division.manager_id | division.member_ids, self.display_name
        )
        self.message_notify(
            partner_ids=people.partner_id.ids,
            subject=self.env._("Reminder: %(part)s", part=self.display_name),
            body=self.env._(
                "The part of %(division)s must be submitted by %(date)s.",
                division=division.name,
                date=format_date(self.env, self.deadline),
            ),
        )

    def _escalate(self):
        self.list_id._schedule_for_policy(
            self.env._(
                "%(division)s is late with its part", division=self.division_id.name
            ),
            self.env._(
                "It was due on %(date)s.", date=format_date(self.env, self.deadline)
            ),
        )
