from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import AccessError


class SrspGuardMixin(models.AbstractModel):
    """Fields that only the business methods may write.

    Record rules say *who* may write a record; this says *how*: a guarded field is changed by an ``action_*`` method
    (which checks the role and then works in superuser mode), never by a form, an import, a default of the user or an
    RPC ``write``. Computed and related read-only fields are guarded too.
    """

    _name = "srsp.guard.mixin"
    _description = "Fields that only code may write"
    _inherit = ["srsp.check.mixin"]

    _guarded_fields: tuple[str, ...] = ()
    # The version of what the chain seals of these records in `_prepare_seal`, raised when a key changes its meaning.
    _seal_format = 1

    @api.model
    def _has_field_access(self, field, operation):
        """Forms, imports and integrators see a guarded field as read-only."""
        if operation == "write" and not self.env.su and self._is_guarded(field.name):
            return False
        return super()._has_field_access(field, operation)

    def has_access(self, operation):
        """Do not offer New where the rules would refuse every record that the user could enter."""
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
        """The model's own defaults alone for guarded fields: no ``ir.default``, no ``default_*`` of the context.

        All fields are guarded where code creates in superuser mode what the user has no right to create.
        """
        allowed = self.env["ir.model.access"]._get_allowed_models("create")
        may_create = self.env.uid == SUPERUSER_ID or self._name in allowed
        own = {name for name in fields if not may_create or self._is_guarded(name)}
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
        return super(SrspGuardMixin, self._without_guarded_defaults()).create(vals_list)

    def write(self, vals):
        if self.env.su:
            return super().write(vals)
        self._check_guarded(vals)
        return super(SrspGuardMixin, self._without_guarded_defaults()).write(vals)

    def _without_guarded_defaults(self):
        """These records without the context keys that would set a guarded field."""

        def is_kept(key):
            name = key.removeprefix("default_")
            return name == key or not self._is_guarded(name)

        context = {k: v for k, v in self.env.context.items() if is_kept(k)}
        return self.with_env(self.env(context=context))

    @api.model
    def _is_guarded(self, name):
        field = self._fields.get(name)
        derived = field and (field.related or field.compute) and field.readonly
        return name in self._guarded_fields or bool(derived)

    @api.model
    def _check_guarded(self, vals):
        labels = [
            self._fields[name]._description_string(self.env)
            for name in vals
            if self._is_guarded(name)
        ]
        if labels:
            message = self.env._(
                "%(fields)s of “%(model)s” cannot be edited: use the buttons of its form.",
                fields=", ".join(labels),
                model=self.env["ir.model"]._get(self._name).name,
            )
            raise self._logged_error(message, AccessError)
