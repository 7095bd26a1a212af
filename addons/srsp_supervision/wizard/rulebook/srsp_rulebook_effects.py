from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import groupby

from ...actions import get_dialog_action
from ...models.rulebook.srsp_rulebook import PARAMETERS
from ...models.rulebook.srsp_rulebook_effects import GENERAL, LOCKED_STATES

MAX_SHOWN_EFFECTS = 50


class SrspRulebookEffects(models.TransientModel):
    """Shows what a rulebook would change against the one it replaces, then publishes it."""

    _name = "srsp.rulebook.effects"
    _description = "Effects of a rulebook"
    _inherit = ["srsp.wizard.mixin"]

    rulebook_id = fields.Many2one("srsp.rulebook", required=True, readonly=True)
    seen = fields.Json(readonly=True)  # what the reader was shown: date and parameters
    effects = fields.Html(compute="_compute_effects", sanitize=False)

    @api.depends("rulebook_id")
    @api.depends_context("lang")
    def _compute_effects(self):
        for wizard in self:
            wizard.rulebook_id.check_access("read")
            wizard.effects = self.env["ir.qweb"]._render(
                "srsp_supervision.srsp_rulebook_effects_table",
                wizard._prepare_table(wizard.rulebook_id),
            )

    def action_confirm(self):
        self.ensure_one()
        if self.seen != _get_terms(self.rulebook_id):
            raise UserError(
                self.env._(
                    "The draft has been changed in the meantime: review the expected changes again."
                )
            )
        self.rulebook_id._publish()
        return {"type": "ir.actions.act_window_close"}

    @api.model
    def _open(self, rulebook):
        """The action that opens the form for ``rulebook``."""
        wizard = self.create({"rulebook_id": rulebook.id, "seen": _get_terms(rulebook)})
        return get_dialog_action(wizard, self.env._("Expected Changes"))

    def _prepare_table(self, rulebook):
        """Values of the template: the rulebooks, the changes, the effects by parameter and kind."""
        previous = rulebook._find_in_force(
            rulebook.company_id, rulebook.effective_date
        ).with_env(self.env)
        effects, changes = [], []
        if previous:
            effects = rulebook._get_effects(previous)
            changes = rulebook._get_changes(previous)
        groups = groupby(effects, lambda effect: (effect.parameter, effect.what))
        groups = [(*key, found) for key, found in groups]
        moved = {parameter for parameter, _what, _found in groups}
        return {
            "rulebook": rulebook,
            "previous": previous,
            "changes": [(c, self._explain(c.parameter, moved)) for c in changes],
            "groups": [
                (
                    what,
                    len(found),
                    found[:MAX_SHOWN_EFFECTS],
                    self._get_rest(len(found)),
                )
                for _parameter, what, found in groups
            ],
            "scope": [
                self.env._(
                    "%(count)s tasks whose roster is not locked yet will run under it.",
                    count=len(rulebook._get_open_tasks()),
                ),
                self.env._(
                    "%(count)s tasks keep the rulebook under which their roster was locked.",
                    count=len(rulebook._find_tasks(*LOCKED_STATES)),
                ),
            ],
        }

    def _explain(self, parameter, moved):
        if parameter in moved:
            return self.env._("See below")
        if parameter in GENERAL:
            return self.env._("Events after the effective date")
        return self.env._("No existing record is affected")

    def _get_rest(self, count):
        rest = count - MAX_SHOWN_EFFECTS
        return self.env._("and %(count)s more", count=rest) if rest > 0 else ""


def _get_terms(rulebook):
    """What decides about the effects, as JSON keeps it."""
    return [str(rulebook.effective_date), *(rulebook[name] for name in PARAMETERS)]
