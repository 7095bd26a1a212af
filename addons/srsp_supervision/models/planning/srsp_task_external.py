from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_list

from ...actions import get_action, get_dialog_action
from ..base.srsp_division import OFFICERS


class SrspTask(models.Model):
    """A task whose targets a higher authority has drawn (上级下发名单).

    The list comes by ``srsp.task.roster.import`` and is the roster, whole: nothing is drawn, the same lock, randomness
    and assignment decide who inspects. The file and its digest stay with the task.
    """

    _inherit = "srsp.task"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    mode = fields.Selection(
        [("own", "Drawn by the bureau"), ("external", "List from a higher authority")],
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
        lines, domain = self.env["srsp.task.roster"], [("task_id", "in", self.ids)]
        counts = dict(lines._read_group(domain, ["task_id"], ["__count"]))
        for task in self:
            task.roster_count = counts.get(task, 0)

    def action_import_roster(self):
        """Open the form that takes over the list."""
        self.ensure_one()
        self._check_roster_open()
        wizard, title = self.env["srsp.task.roster.import"], self.env._("Import a List")
        context = {"default_task_id": self.id}
        return get_dialog_action(wizard, title, context=context)

    def action_view_roster(self):
        self.ensure_one()
        domain = [("task_id", "=", self.id)]
        return get_action(self.env, "srsp_task_roster_action", domain=domain)

    def _check_roster_open(self):
        """Raise unless the user may give the task another list now."""
        self._check_step(OFFICERS, "planned")
        if self.announced_on or self.mode != "external":
            message = self.env._(
                "Task %(task)s cannot import a list: it runs its own draw, or has been announced.",
                task=self.name,
            )
            raise UserError(message)

    def _get_scope_domain(self):
        """Of a list sent down: exactly who stands on it."""
        if self.mode == "own":
            return super()._get_scope_domain()
        return Domain("roster_ids.task_id", "=", self.id)

    def _get_lock_domain(self):
        """Of a list sent down: the same, whatever has become of them."""
        if self.mode == "own":
            return super()._get_lock_domain()
        return self._get_scope_domain()

    def _find_roster_obstacles(self):
        """Yield what is wrong unless there is a list and the registry still knows it as it was when it was imported."""
        if not self.roster_count:
            yield self.env._(
                "Task %(task)s: import the list from the higher authority first.",
                task=self.name,
            )
        targets = self.env["srsp.target"].sudo()
        stale = Domain("sector_id", "not in", self.sector_ids.ids)
        stale |= Domain("state", "=", "cancelled")
        if found := targets.search(self._get_scope_domain() & stale):
            yield self.env._(
                "Task %(task)s: %(count)s targets of the list have left the registry or belong to a sector "
                "without an item here (%(codes)s). Complete the items, or import a corrected list.",
                task=self.name,
                count=len(found),
                codes=format_list(self.env, found[:5].mapped("code")),
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
