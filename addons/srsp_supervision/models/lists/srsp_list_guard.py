from odoo import api, models
from odoo.exceptions import UserError

FROZEN_STATES = ("approved", "published", "superseded")


class SrspList(models.Model):
    """What of a version may change, by whom and until when."""

    _inherit = "srsp.list"

    def write(self, vals):
        if vals.keys() - {"effective_date"} or any(
            record.state != "approved" for record in self
        ):
            self._check_open()
        self._check_identity(vals)
        result = super().write(vals)
        if "deadline" in vals:
            self._check_deadline_moved()
            self.sudo().part_ids._move_deadline()
        return result

    def _check_deadline_moved(self):
        """A deadline is moved to a day still to come; superuser mode tells of days gone by."""
        if not self.env.su:
            for record in self:
                if record.opened_on and record.state == "draft":
                    record._check_deadline()

    def _check_identity(self, vals):
        """Raise for a change of kind or bureau: what hangs on a version would not follow."""
        names = ("kind", "company_id")
        if not self.env.su and any(
            name in vals
            and vals[name]
            != record._fields[name].convert_to_write(record[name], record)
            for record in self
            for name in names
        ):
            raise UserError(
                self.env._(
                    "A list keeps its kind and its bureau: delete the draft and open another one."
                )
            )

    def copy(self, default=None):
        if not self.env.su:
            raise UserError(
                self.env._(
                    "A list is not duplicated: open a new version, which remembers what it was copied from."
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

    def _is_frozen(self):
        return self.state in FROZEN_STATES

    def _check_open(self):
        """Raise for a frozen version; the business methods work in superuser mode."""
        if not self.env.su and any(record._is_frozen() for record in self):
            raise UserError(
                self.env._(
                    "An approved list is frozen: make a new version to correct it."
                )
            )

    def _is_editable(self, division):
        """May the user change the lines of ``division`` (none: of one of his own) now?"""
        self.ensure_one()
        if self._is_frozen():
            return False
        user = self.env.user
        if self.env.su or user.has_group("srsp_supervision.group_policy_officer"):
            return True
        own = user.sudo().srsp_division_ids
        part = self.sudo().part_ids.filtered(
            lambda part: (
                part.state != "handed_in"
                and part.division_id in own
                and part.division_id in (division or own)
            )
        )
        return bool(
            part
            and self.opened_on
            and self.state == "draft"
            and user.has_group("srsp_supervision.group_division_officer")
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen(self):
        if any(record.state not in ("draft", "submitted") for record in self):
            raise UserError(self.env._("Only a draft of a list can be deleted."))
