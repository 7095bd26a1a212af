from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.certificate import one_line

# What a key is made of where the task's strata are by it, in this order.
PARTS = ("risk_class", "mark", "region")
KINDS = {"risk_class": "risk_class", "key": "mark", "region": "region"}


class SrspTaskStratum(models.Model):
    """A ratio of its own for one stratum of a task, with the reason that is published.

    Whoever may write the task may set it, until the draw has been announced.
    """

    _name = "srsp.task.stratum"
    _description = "Ratio of a stratum"
    _inherit = ["srsp.guard.mixin"]
    _order = "task_id, key"
    _rec_name = "key"

    task_id = fields.Many2one(
        "srsp.task", required=True, index=True, ondelete="cascade"
    )
    key = fields.Char("Stratum", required=True, help="Its key, e.g. D, key or D/Gulou.")
    risk_class = fields.Selection(
        selection="_selection_risk_class", compute="_compute_parts", readonly=False
    )
    mark = fields.Selection(
        [("key", "Key targets"), ("ordinary", "Ordinary targets")],
        "Key Mark",
        compute="_compute_parts",
        readonly=False,
    )
    region = fields.Char(
        compute="_compute_parts",
        readonly=False,
        help="As the registry writes it; “none” for targets without one.",
    )
    ratio = fields.Float(digits=(5, 4), required=True)
    reason = fields.Char(required=True, help="Published with the roster.")

    _key_uniq = models.UniqueIndex(
        "(task_id, key)", "This stratum has a ratio of its own already."
    )
    _ratio_range = models.Constraint(
        "CHECK (ratio > 0 AND ratio <= 1)",
        "Ratios lie above 0 and not above 1 (5 % is 0.05).",
    )

    @api.model
    def _selection_risk_class(self):
        classes = self.env["srsp.target"]._fields["risk_class"]
        return [
            *classes._description_selection(self.env),
            ("none", self.env._("Without a risk class")),
        ]

    @api.depends("key", "task_id.stratify_by")
    def _compute_parts(self):
        """A part that the key does not have, or that there is not, stays empty."""
        for stratum in self:
            names = stratum._get_parts(stratum.task_id)
            texts = (stratum.key or "").split("/", max(len(names) - 1, 0))
            parts = dict(zip(names, texts, strict=False))
            for name in PARTS:
                field, text = self._fields[name], parts.get(name)
                known = field.type == "char" or text in field.get_values(self.env)
                stratum[name] = known and text

    @api.model
    def _get_parts(self, task):
        """The names of what a key of ``task`` is made of."""
        kinds = (task.stratify_by or "none").split("+")
        return [KINDS[kind] for kind in kinds if kind in KINDS]

    @api.constrains("reason")
    def _check_reason(self):
        for stratum in self:
            if not stratum.reason.strip():
                raise ValidationError(
                    self.env._(
                        "Stratum %(stratum)s: say why it has a ratio of its own; the reason will be published.",
                        stratum=stratum.key,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        tasks = self.env["srsp.task"]
        strata = super().create(
            [
                self._join_parts(tasks.browse(vals.get("task_id")), vals)
                for vals in vals_list
            ]
        )
        strata._check_task_open()
        return strata

    def write(self, vals):
        self._check_task_open()
        for stratum in self:
            parts = {name: stratum[name] for name in PARTS}
            joined = self._join_parts(stratum.task_id, vals, parts)
            super(SrspTaskStratum, stratum).write(joined)
        self._check_task_open()
        return True

    @api.model
    def _join_parts(self, task, vals, before=None):
        """``vals`` with the key in place of what it is made of.

        :param dict before: the parts as they have been
        """
        joined = {name: value for name, value in vals.items() if name not in PARTS}
        if len(joined) < len(vals) and "key" not in vals:
            parts = {**(before or {}), **vals}
            texts = [one_line(parts.get(name) or "") for name in self._get_parts(task)]
            joined["key"] = "/".join(texts) or "all"
        return joined

    @api.ondelete(at_uninstall=False)
    def _unlink_except_announced(self):
        self._check_task_open()

    def _check_task_open(self):
        if self.env.su:
            return
        self.task_id.check_access("write")
        self.task_id._check_not_announced()
        self.task_id._forget_approval()
