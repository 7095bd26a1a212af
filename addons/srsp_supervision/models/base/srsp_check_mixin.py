import logging

from odoo import api, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...tools.clock import BEIJING
from ...tools.identity import holds_identity, mask_all
from ...tools.phone import holds_phone, mask_phones

_logger = logging.getLogger(__name__)


class SrspCheckMixin(models.AbstractModel):
    """What a business method checks before it acts: the role of the user, the state of the records, their texts."""

    _name = "srsp.check.mixin"
    _description = "Checks of roles and states"

    _phone_texts: tuple[str, ...] = ()  # telephone numbers belong here, or digits alike
    _unchecked_texts: tuple[str, ...] = ()  # written by code, or read by nobody

    @api.constrains(lambda self: self._get_checked_texts())
    def _check_personal_numbers(self):
        """Others read what is typed, and much of it is published for good."""
        self._refuse_personal_numbers(*self._get_checked_texts())

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Let ``today`` in a filter be Beijing's, whatever the time zone of the reader."""
        local = self.with_context(tz=BEIJING.key)
        return super(SrspCheckMixin, local)._search(domain, *args, **kwargs)

    def _create(self, data_list):
        for data in data_list:
            self._check_required(self._fields, data["stored"])
        return super()._create(data_list)

    def write(self, vals):
        self._check_required(vals, vals)
        return super().write(vals)

    @api.model
    def _check_required(self, names, vals):
        """Raise for a required field that is empty: PostgreSQL would write the whole row into the server's log."""
        for name in names:
            field = self._fields.get(name)
            if (
                field
                and field.required
                and (vals.get(name) is None or vals[name] is False)
                and field.column_type
                and field.store
                and not field.compute
                and field.type not in ("boolean", "integer", "float", "monetary")
            ):
                message = self.env._(
                    "“%(field)s” of “%(model)s” is required.",
                    field=field._description_string(self.env),
                    model=self.env["ir.model"]._get(self._name).name,
                )
                raise ValidationError(message)

    @api.model
    def _get_checked_texts(self):
        """The names of all texts that somebody may type, and that others may read."""
        return [
            name
            for name, field in self._fields.items()
            if field.type in ("char", "text", "html")
            and not field.related
            and (field.inverse if field.compute else field.store)
            and name not in self._unchecked_texts
        ]

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

    def _refuse_personal_numbers(self, *names):
        """Raise where somebody's identity or telephone number stands in one of these fields."""
        for record in self:
            for name in names:
                text = record[name] or ""
                if holds_identity(text):
                    message = self.env._(
                        "%(field)s: “%(value)s” contains an identity number, which others would be able to read."
                        " Remove it; the identity number of a natural person belongs in its own field on the"
                        " entity's form, where it is masked.",
                        field=self._fields[name]._description_string(self.env),
                        value=mask_all(text),
                    )
                elif name not in self._phone_texts and holds_phone(text):
                    message = self.env._(
                        "%(field)s: “%(value)s” contains a telephone number, which others would be able to read."
                        " Remove it; telephone numbers belong in the fields of the contact.",
                        field=self._fields[name]._description_string(self.env),
                        value=mask_phones(text),
                    )
                else:
                    continue
                raise ValidationError(message)
