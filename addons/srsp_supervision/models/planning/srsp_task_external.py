from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_list

from ...actions import get_action, get_dialog_action


class SrspTask(models.Model):
    """A task whose targets a higher authority has drawn (上级下发名单).

    The list comes by ``srsp.task.roster.import`` and is the roster, whole: nothing is drawn, the same lock,
    randomness and assignment decide who inspects. The file and its digest stay with the task.
    """

    _inherit = "srsp.task"  # pylint: disable=consider-merging-classes-inherited

    mode = fields.Selection(
        [
            ("own", "Drawn by the bureau"),
            ("external", "List from a higher authority"),
        ],
        string="Selection Mode",
        default="own",
        required=True,
        tracking=True,
    )
    external_authority = fields.Char("Drawn By", readonly=True, copy=False)
    external_document = fields.Char("Document Number", readonly=True, copy=False)
    external_issued_on = fields.Date("Issued On", readonly=True, copy=False)
    external_file = fields.Binary(
        "Original List File", attachment=False, readonly=True, copy=False
    )
    external_file_name = fields.Char(readonly=True, copy=False)
    external_digest_hex = fields.Char(
        "SHA-256 of the File", readonly=True, copy=False, help="Published."
    )
    roster_ids = fields.One2many(
        "srsp.task.roster", "task_id", "Targets on the List", readonly=True
    )
    roster_count = fields.Integer(
        "List Size", compute="_compute_roster_count", compute_sudo=True
    )

    @api.depends("roster_ids")
    def _compute_roster_count(self):
        counts = dict(
            self.env["srsp.task.roster"]._read_group(
                [("task_id", "in", self.ids)], ["task_id"], ["__count"]
            )
        )
        for task in self:
            task.roster_count = counts.get(task, 0)

    @api.constrains("ratio", "mode")
    def _check_external_ratio(self):
        for task in self.filtered(lambda task: task.mode == "external"):
            if task.ratio != 1:
                raise ValidationError(
                    self.env._(
                        "Task %(task)s: every target on a list drawn elsewhere is inspected; the ratio is 100 %%.",
                        task=task.name,
                    )
                )

    def action_import_roster(self):
        """Open the form that takes over the list."""
        self.ensure_one()
        self._check_roster_open()
        return get_dialog_action(
            self.env["srsp.task.roster.import"],
            self.env._("Import a List"),
            context={"default_task_id": self.id},
        )

    def action_view_roster(self):
        self.ensure_one()
        domain = [("task_id", "=", self.id)]
        return get_action(self.env, "srsp_task_roster_action", domain=domain)

    def _check_roster_open(self):
        """Raise unless the user may give the task another list now."""
        self._check_role("group_division_officer", "group_policy_officer")
        self.check_access("write")
        self._check_state("planned")
        if self.announced_on or self.mode != "external":
            raise UserError(
                self.env._(
                    "Task %(task)s cannot import a list: it runs its own draw, or has been announced.",
                    task=self.name,
                )
            )

    def _get_scope_domain(self):
        """Of a list sent down: exactly who stands on it."""
        if self.mode == "own":
            return super()._get_scope_domain()
        return Domain("roster_ids.task_id", "=", self.id)

    def _check_announceable(self):
        if self.mode == "external":
            self._check_roster()
        return super()._check_announceable()

    def _check_roster(self):
        """Raise unless there is a list and the registry still knows it as it was when it was taken over."""
        if not self.roster_count:
            raise UserError(
                self.env._(
                    "Task %(task)s: import the list from the higher authority first.",
                    task=self.name,
                )
            )
        stale = self.env["srsp.target"].sudo()
        domain = self._get_scope_domain() & (
            Domain("state", "=", "cancelled")
            | Domain("sector_id", "not in", self.sector_ids.ids)
        )
        if count := stale.search_count(domain):
            raise UserError(
                self.env._(
                    "Task %(task)s: %(count)s targets of the list have left the registry or belong to a sector "
                    "without an item here (%(codes)s). Complete the items, or import a corrected list.",
                    task=self.name,
                    count=count,
                    codes=format_list(
                        self.env, stale.search(domain, limit=5).mapped("code")
                    ),
                )
            )

    def _get_external(self):
        """``external`` of the commitment (readme/CERTIFICATE.md), or None where the bureau draws."""
        if self.mode == "own":
            return None
        return {
            "authority": self.external_authority,
            "document": self.external_document,
            "issued_on": fields.Date.to_string(self.external_issued_on),
            "file_digest_hex": self.external_digest_hex,
        }
