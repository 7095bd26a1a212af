from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.certificate import one_line
from ..rulebook.srsp_rulebook import RISK_CLASSES

# What the strata of a task are by → the field that holds this part of a key, in the order of the parts.
PART_FIELDS = {"risk_class": "risk_class", "key": "mark", "region": "region_id"}


class SrspTaskStratum(models.Model):
    """A ratio of its own for one stratum of a task, with the reason that is published.

    Whoever may write the task may set it, until the draw has been announced.
    """

    _name = "srsp.task.stratum"
    _description = "Sampling ratio of a stratum"
    _inherit = ["srsp.guard.mixin"]
    _order = "task_id, key"
    _rec_name = "key"

    task_id = fields.Many2one(
        "srsp.task", required=True, index=True, ondelete="cascade"
    )
    key = fields.Char(
        "Stratum", required=True, help="Stratum key, e.g. D, key or D/Gulou."
    )
    risk_class = fields.Selection(
        [*RISK_CLASSES, ("none", "Without a risk class")],
        compute="_compute_parts",
        readonly=False,
    )
    mark = fields.Selection(
        [("key", "Key targets"), ("ordinary", "Ordinary targets")],
        "Key Mark",
        compute="_compute_parts",
        readonly=False,
    )
    region_id = fields.Many2one(
        "srsp.region",
        compute="_compute_parts",
        readonly=False,
        help="Empty: targets without a region.",
    )
    ratio = fields.Float("Sampling Ratio", digits=(5, 4), required=True)
    reason = fields.Char(required=True, help="Published with the roster.")

    _key_uniq = models.UniqueIndex(
        "(task_id, key)", "This stratum already has a separate ratio."
    )
    _ratio_range = models.Constraint(
        "CHECK (ratio > 0 AND ratio <= 1)",
        "The ratio must be above 0 and at most 1 (5 % is 0.05).",
    )

    @api.depends("key", "task_id.stratify_by")
    def _compute_parts(self):
        """A part that the key does not have, or that there is not, stays empty."""
        for stratum in self:
            names = stratum._get_parts(stratum.task_id)
            parts = dict(zip(names, (stratum.key or "").split("/", len(names) - 1)))
            for name in ("risk_class", "mark"):
                known = parts.get(name) in self._fields[name].get_values(self.env)
                stratum[name] = known and parts[name]
            company, label = stratum.task_id.company_id, parts.get("region_id")
            stratum.region_id = self.env["srsp.region"].search(
                [("company_id", "=", company.id), ("label", "=", label)]
            )

    @api.constrains("reason")
    def _check_reason(self):
        for stratum in self:
            if not stratum.reason.strip():
                message = self.env._(
                    "Stratum %(stratum)s: enter the reason for its separate ratio; the reason will be published.",
                    stratum=stratum.key,
                )
                raise ValidationError(message)

    @api.model_create_multi
    def create(self, vals_list):
        strata = super().create([self.browse()._join_parts(vals) for vals in vals_list])
        strata._check_task_open()
        strata.task_id._forget_approval()
        return strata

    def write(self, vals):
        self._check_task_open()
        tasks = self.task_id
        for stratum in self:
            super(SrspTaskStratum, stratum).write(stratum._join_parts(vals))
        self._check_task_open()
        (tasks | self.task_id)._forget_approval()
        return True

    def unlink(self):
        self.task_id._forget_approval()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_announced(self):
        self._check_task_open()

    @api.model
    def _get_parts(self, task):
        """The names of what a key of ``task`` is made of."""
        kinds = (task.stratify_by or "none").split("+")
        return [PART_FIELDS[kind] for kind in kinds if kind in PART_FIELDS]

    def _join_parts(self, vals):
        """``vals`` with the key in place of its parts; a part that ``vals`` does not name is as it has been."""
        joined = {k: v for k, v in vals.items() if k not in PART_FIELDS.values()}
        if len(joined) < len(vals) and "key" not in vals:
            parts = {name: vals.get(name, self[name]) for name in PART_FIELDS.values()}
            region = self.env["srsp.region"].browse(int(parts["region_id"] or 0))
            texts = {
                "risk_class": one_line(parts["risk_class"] or ""),
                "mark": one_line(parts["mark"] or ""),
                "region_id": region.exists().label or "none",
            }
            task = self.task_id or self.task_id.browse(vals.get("task_id"))
            key = "/".join(texts[name] for name in self._get_parts(task))
            joined["key"] = key or "all"
        return joined

    @api.model
    def _rename_regions(self, company, labels):
        """Let the strata of rosters that are not locked yet follow ``labels``: {label as it was: as it is now}."""
        strata = self.sudo().search(
            [
                ("task_id.company_id", "=", company.id),
                ("task_id.state", "=", "planned"),
                ("task_id.stratify_by", "like", "region"),
            ]
        )
        for stratum in strata:
            places = len(self._get_parts(stratum.task_id)) - 1
            *parts, region = stratum.key.split("/", places)
            if region in labels:
                stratum.key = "/".join([*parts, labels[region]])

    def _check_task_open(self):
        if not self.env.su:
            self.task_id.check_access("write")
            self.task_id._check_not_announced()
