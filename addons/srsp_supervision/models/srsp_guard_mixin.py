from odoo import api, models
from odoo.exceptions import AccessError, UserError


class SrspGuardMixin(models.AbstractModel):
    """Fields that only the business methods may write.

    Record rules say *who* may touch a record; this says *how*: a guarded field moves by its
    ``action_*`` method (which checks the role and then works in superuser mode), never by a form,
    an import, a ``default_*`` context key or an RPC ``write``.
    """

    _name = "srsp.guard.mixin"
    _description = "Fields that only code may write"

    _guarded_fields: tuple[str, ...] = ("state",)

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.su:
            return super().create(vals_list)
        for vals in vals_list:
            self._check_guarded(vals)
        defaults = {f"default_{name}" for name in self._guarded_fields}
        context = {
            key: value for key, value in self.env.context.items() if key not in defaults
        }
        # Replaced on purpose: these defaults must go.
        # pylint: disable-next=context-overridden
        return super(SrspGuardMixin, self.with_context(context)).create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._check_guarded(vals)
        return super().write(vals)

    @api.model
    def _check_guarded(self, vals):
        names = [name for name in self._guarded_fields if name in vals]
        if names:
            raise AccessError(
                self.env._(
                    "%(fields)s of “%(model)s” cannot be edited: use the buttons of its form.",
                    fields=", ".join(
                        self._fields[name]._description_string(self.env)
                        for name in names
                    ),
                    model=self._description,
                )
            )

    def _check_role(self, *groups):
        """Raise unless the user is in one of ``groups`` (short names of this addon's groups)."""
        if self.env.su or any(
            self.env.user.has_group(f"srsp_supervision.{g}") for g in groups
        ):
            return
        names = [
            self.env.ref(f"srsp_supervision.{group}").sudo().name for group in groups
        ]
        raise AccessError(
            self.env._("This step is reserved for: %(roles)s.", roles=", ".join(names))
        )

    def _check_state(self, *states):
        """Raise unless every record is in one of ``states``."""
        labels = dict(self._fields["state"]._description_selection(self.env))
        for record in self:
            if record.state not in states:
                raise UserError(
                    self.env._(
                        "“%(name)s” is in state “%(state)s”; this step needs: %(needed)s.",
                        name=record.display_name,
                        state=labels[record.state],
                        needed=", ".join(labels[state] for state in states),
                    )
                )
