from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.certificate import one_line

# What the strata of a task are by → the field that holds this part of a key, in the order of the parts.
PART_FIELDS = {"risk_class": "risk_class", "key": "mark", "region": "region_id"}
NOWHERE = "none"  # in a key: targets without a region


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
    region_id = fields.Many2one(
        "srsp.region",
        compute="_compute_parts",
        readonly=False,
        help="Empty: targets without a region.",
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
            for name in ("risk_class", "mark"):
                text = parts.get(name)
                known = text in self._fields[name].get_values(self.env)
                stratum[name] = known and text
            stratum.region_id = self.env["srsp.region"].search(
                [
                    ("company_id", "=", stratum.task_id.company_id.id),
                    ("label", "=", parts.get("region_id")),
                ]
            )

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
        strata.task_id._forget_approval()
        return strata

    def write(self, vals):
        self._check_task_open()
        tasks = self.task_id
        for stratum in self:
            parts = {name: stratum[name] for name in PART_FIELDS.values()}
            joined = self._join_parts(stratum.task_id, vals, parts)
            super(SrspTaskStratum, stratum).write(joined)
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

    @api.model
    def _join_parts(self, task, vals, before=None):
        """``vals`` with the key in place of what it is made of.

        :param dict before: the parts as they have been
        """
        names = PART_FIELDS.values()
        joined = {name: value for name, value in vals.items() if name not in names}
        if len(joined) < len(vals) and "key" not in vals:
            parts = {**(before or {}), **vals}
            texts = [
                self._get_part_text(name, parts.get(name))
                for name in self._get_parts(task)
            ]
            joined["key"] = "/".join(texts) or "all"
        return joined

    @api.model
    def _get_part_text(self, name, value):
        """A part as the key has it."""
        if name != "region_id":
            return one_line(value or "")
        region = self.env["srsp.region"].browse(int(value or 0)).exists()
        return region.label or NOWHERE

    @api.model
    def _rename_regions(self, company, labels):
        """Let the strata of rosters that are not locked yet follow their regions.

        :param dict labels: {label as it was: as it is now}
        """
        strata = self.sudo().search(
            [
                ("task_id.company_id", "=", company.id),
                ("task_id.state", "=", "planned"),
                ("task_id.stratify_by", "like", "region"),
            ]
        )
        for stratum in strata if labels else ():
            places = len(self._get_parts(stratum.task_id)) - 1
            *parts, region = stratum.key.split("/", places)
            if region in labels:
                stratum.key = "/".join([*parts, labels[region]])

    def _check_task_open(self):
        if self.env.su:
            return
        self.task_id.check_access("write")
        self.task_id._check_not_announced()
