from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError

RISK_SOURCES = [
    ("manual", "Manual"),
    ("import", "Import"),
    ("results", "Results of inspections"),
]
LOGGED = frozenset(["risk_class", "state", "is_key"])
# The field of a target that says why the other one holds what it does.
REASONS = {"state": "state_reason", "is_key": "key_reason"}


class Origin(NamedTuple):
    """Where a move comes from, under the context key ``srsp_origin``; no caller from outside can send one."""

    source: str = "manual"  # a key of RISK_SOURCES
    reason: str = ""  # of a move that the target itself says no reason for

    @classmethod
    def of(cls, env):
        origin = env.context.get("srsp_origin")
        return origin if isinstance(origin, cls) else cls()


class SrspTargetChange(models.Model):
    """The history of a target: one append-only row for every move of risk class, state or key mark.

    ``old`` and ``new`` hold the value of the field as it is stored: ``A`` to ``D`` or nothing for the
    risk class, ``active``/``suspended``/``cancelled`` for the state, ``1`` or nothing for the key mark.
    Written by ``srsp.target`` and, set-wise, by the import of registries.
    """

    _name = "srsp.target.change"
    _description = "Change of a target"
    _inherit = ["srsp.evidence.mixin"]
    _unchecked_texts = ("old", "new")
    _order = "changed_on desc, id desc"
    _rec_name = "field"
    _log_access = False

    target_id = fields.Many2one("srsp.target", required=True, readonly=True, index=True)
    field = fields.Selection(
        [("risk_class", "Risk class"), ("state", "State"), ("is_key", "Key mark")],
        "Changed Field",
        required=True,
        readonly=True,
    )
    old = fields.Char("Old Stored Value", readonly=True)
    new = fields.Char("New Stored Value", readonly=True)
    old_name = fields.Char("Before", compute="_compute_names")
    new_name = fields.Char("After", compute="_compute_names")
    reason = fields.Char(readonly=True)
    source = fields.Selection(
        RISK_SOURCES, required=True, readonly=True, default="manual"
    )
    user_id = fields.Many2one("res.users", "Performed By", required=True, readonly=True)
    changed_on = fields.Datetime(
        required=True, readonly=True, default=fields.Datetime.now
    )

    _back_idx = models.Index("(changed_on) WHERE field = 'state' AND new = 'active'")

    @api.depends("field", "old", "new")
    @api.depends_context("lang")
    def _compute_names(self):
        targets = self.env["srsp.target"]
        names = {
            name: dict(targets._fields[name]._description_selection(self.env))
            for name in ("risk_class", "state")
        }
        names["is_key"] = {"1": self.env._("Key target"), False: self.env._("Ordinary")}
        for change in self:
            labels = names[change.field]
            change.old_name = labels.get(change.old, change.old)
            change.new_name = labels.get(change.new, change.new)

    def _check_evidence(self, vals=None):
        changed = self.env._("The history of a target cannot be changed.")
        deleted = self.env._("The history of a target cannot be deleted.")
        raise UserError(deleted if vals is None else changed)

    def _keep(self, targets, before):
        """Add a row for every logged field in which a target differs from its dict in ``before``."""
        origin = Origin.of(self.env)
        return self.sudo().create(
            [
                {
                    "target_id": target.id,
                    "field": name,
                    "old": "1" if old[name] is True else old[name],
                    "new": "1" if target[name] is True else target[name],
                    "reason": (name in REASONS and target[REASONS[name]])
                    or origin.reason
                    or False,
                    "source": origin.source,
                    "user_id": self.env.uid,
                }
                for target, old in zip(targets, before, strict=True)
                for name in sorted(old)
                if target[name] != old[name]
            ]
        )


def describe_change(env, records, names):
    """Return in the language of ``env`` that the fields ``names`` of ``records`` have changed."""
    labels = (records._fields[name]._description_string(env) for name in names)
    return env._("changed in the registry: %(fields)s", fields=", ".join(labels))
