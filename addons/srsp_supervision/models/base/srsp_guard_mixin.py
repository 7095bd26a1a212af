import logging

from odoo import api, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...tools.identity import holds_identity, mask_all

_logger = logging.getLogger(__name__)

# What a caller may put into the context to leave no trace.
SILENCERS = ("tracking_disable", "mail_notrack", "mail_create_nolog")


class SrspGuardMixin(models.AbstractModel):
    """Fields that only the business methods may write.

    Record rules say *who* may touch a record; this says *how*: a guarded field moves by its
    ``action_*`` method (which checks the role and then works in superuser mode), never by a form,
    an import, a default of the user's own or an RPC ``write``. Stored fields that are derived from
    others are guarded too, and nobody can ask for a change to go untracked. To whoever is no superuser a
    guarded field is read-only, so no form sends it.
    """

    _name = "srsp.guard.mixin"
    _description = "Fields that only code may write"

    _guarded_fields: tuple[str, ...] = ()
    _public_texts: tuple[str, ...] = ()  # others read them: no identity number in them

    @api.constrains(lambda self: self._public_texts)
    def _check_no_identity_number(self):
        self._refuse_identity_number(*self._public_texts)

    @api.model
    def _has_field_access(self, field, operation):
        """Nobody writes a guarded field: forms, imports and integrators see it as read-only."""
        if operation == "write" and not self.env.su and self._is_guarded(field.name):
            return False
        return super()._has_field_access(field, operation)

    def has_access(self, operation):
        """Nobody is offered New for what the rules would refuse whatever is entered."""
        allowed = super().has_access(operation)
        if operation == "create" and allowed and not self.env.su:
            return self._can_create()
        return allowed

    def _check_step(self, groups, *states):
        """Raise unless the user is in one of ``groups``, may write the records, and each is in one of ``states``.

        Without ``states`` any will do.
        """
        self._check_role(*groups)
        self.check_access("write")
        if states:
            self._check_state(*states)

    @api.model
    def _can_create(self):
        """Whether there is a record of this model that the user, who has the right to create, may create."""
        return True

    @api.model
    def default_get(self, fields):
        """The model's own defaults alone, for guarded fields and whenever code creates the record.

        Otherwise a user's ``ir.default`` or a ``default_*`` context key would bend what the code
        writes in superuser mode on that user's behalf.
        """
        own = [name for name in fields if self.env.su or self._is_guarded(name)]
        result = super().default_get([name for name in fields if name not in own])
        for name in own:
            field = self._fields.get(name)
            if field and field.default:
                value = field.convert_to_cache(
                    field.default(self), self, validate=False
                )
                result[name] = field.convert_to_write(value, self)
        return result

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.su:
            return super().create(vals_list)
        for vals in vals_list:
            self._check_guarded(vals)
        return super(SrspGuardMixin, self._tracked()).create(vals_list)

    def write(self, vals):
        if self.env.su:
            return super().write(vals)
        self._check_guarded(vals)
        return super(SrspGuardMixin, self._tracked()).write(vals)

    def _tracked(self):
        """These records without the context keys that would switch tracking off or set a guarded field."""
        dropped = {
            key
            for key in self.env.context
            if key in SILENCERS
            or (key.startswith("default_") and self._is_guarded(key[len("default_") :]))
        }
        if not dropped:
            return self
        context = self.env.context.items()
        kept = {key: value for key, value in context if key not in dropped}
        return self.with_env(self.env(context=kept))

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

    @api.model
    def _is_guarded(self, name):
        field = self._fields.get(name)
        derived = field and (field.related or field.compute) and field.readonly
        return name in self._guarded_fields or bool(derived)

    @api.model
    def _check_guarded(self, vals):
        names = [name for name in vals if self._is_guarded(name)]
        if names:
            raise self._logged_error(
                self.env._(
                    "%(fields)s of “%(model)s” cannot be edited: use the buttons of its form.",
                    fields=", ".join(
                        self._fields[name]._description_string(self.env)
                        for name in names
                    ),
                    model=self.env["ir.model"]._get(self._name).name,
                ),
                AccessError,
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

    def _check_role(self, *groups):
        """Raise unless the user is in one of ``groups`` (of this addon, unless the name has another's prefix)."""
        groups = [g if "." in g else f"srsp_supervision.{g}" for g in groups]
        if self.env.su or any(map(self.env.user.has_group, groups)):
            return
        names = [self.env.ref(group).sudo().name for group in groups]
        raise self._logged_error(
            self.env._("This step is reserved for: %(roles)s.", roles=", ".join(names)),
            AccessError,
        )

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
