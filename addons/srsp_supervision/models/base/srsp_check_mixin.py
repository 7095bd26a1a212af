import logging

from odoo import models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...tools.identity import holds_identity, mask_all

_logger = logging.getLogger(__name__)


class SrspCheckMixin(models.AbstractModel):
    """What a business method checks before it acts: the role of the user, the state of the records, their texts."""

    _name = "srsp.check.mixin"
    _description = "Checks of roles and states"

    def _logged_error(self, message, kind=UserError):
        """Return the error to raise, having left in the server's log who tried what.

        The log is the trace that stays: the transaction is rolled back, and no role of Odoo reaches the log.
        """
        _logger.warning(
            "Refused: %s, uid: %s, model: %s, ids: %s",
            message,
            self.env.uid,
            self._name,
            self.ids,
        )
        return kind(message)

    def _check_role(self, *groups):
        """Raise unless the user is in one of ``groups`` (of this addon, unless the name has another's prefix)."""
        names = [g if "." in g else f"srsp_supervision.{g}" for g in groups]
        if self.env.su or any(map(self.env.user.has_group, names)):
            return
        roles = ", ".join(self.env.ref(name).sudo().name for name in names)
        message = self.env._("This step is reserved for: %(roles)s.", roles=roles)
        raise self._logged_error(message, AccessError)

    def _check_state(self, *states):
        """Raise unless every record is in one of ``states``."""
        labels = dict(self._fields["state"]._description_selection(self.env))
        for record in self:
            if record.state not in states:
                raise self._logged_error(
                    self.env._(
                        "“%(name)s” is in state “%(state)s”; this step needs: %(needed)s.",
                        name=record.display_name,
                        state=labels[record.state],
                        needed=", ".join(labels[state] for state in states),
                    )
                )

    def _refuse_identity_number(self, *names):
        """Raise where somebody's identity number stands in one of these fields, which others get to read."""
        for record in self:
            for name in names:
                if holds_identity(record[name] or ""):
                    raise ValidationError(
                        self.env._(
                            "%(field)s: “%(value)s” contains an identity number, which others would be able to read."
                            " Remove it; the identity number of a natural person belongs in its own field on the"
                            " entity's form, where it is masked.",
                            field=self._fields[name]._description_string(self.env),
                            value=mask_all(record[name]),
                        )
                    )
