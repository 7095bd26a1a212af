import ast
from collections.abc import Collection

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

# What a target filter may ask about.
FILTER_FIELDS = frozenset(
    "id code name region region_id permit_number permit_valid_until risk_class is_key"
    " entity_id.region entity_id.region_id entity_id.kind".split()
)
REGION_OPERATORS = ("in", "not in", "=", "!=", "child_of")


class SrspTask(models.Model):
    """Whom a task may draw: the targets of its sectors that match its filter."""

    _inherit = "srsp.task"

    sector_ids = fields.Many2many(
        "srsp.sector",
        string="Sectors",
        compute="_compute_sector_ids",
        compute_sudo=True,
        help="Its own and those of its items: more than one in a joint draw.",
    )
    target_count = fields.Integer(
        "Targets in Scope", compute="_compute_target_count", compute_sudo=True
    )

    @api.depends("sector_id", "item_ids.sector_id")
    def _compute_sector_ids(self):
        for task in self:
            task.sector_ids = task.sector_id | task.item_ids.sector_id

    @api.depends("sector_ids", "target_domain", "mode")
    def _compute_target_count(self):
        for task in self:
            try:
                task.target_count = self.env["srsp.target"].search_count(
                    task._get_pool_domain()
                )
            except UserError:
                task.target_count = 0

    @api.constrains("target_domain")
    def _check_target_domain(self):
        for task in self:
            task._get_pool_domain()

    def action_view_targets(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "srsp_supervision.srsp_target_action"
        )
        return dict(action, domain=list(self._get_pool_domain()), context={})

    def _is_whole(self):
        """Whether the task draws from all targets of its sectors."""
        return self.mode == "own" and (self.target_domain or "[]").strip() == "[]"

    @api.model
    def _group_open(self):
        """The tasks that are not drawn yet, of all companies, in lists that draw from the same targets."""
        tasks = self.sudo().search([("state", "in", ("planned", "committed"))])
        return tasks.grouped(
            lambda task: (
                task.company_id,
                task.sector_ids,
                task.target_domain,
                task.id if task.mode == "external" else 0,
            )
        ).values()

    def _get_pool_domain(self):
        """Targets that can be drawn or are left out with a reason: a Domain on targets."""
        self.ensure_one()
        return self._get_scope_domain() & Domain("state", "!=", "cancelled")

    def _get_lock_domain(self):
        """The pool, and whoever left the registry since the draw was announced: shown as left out."""
        gone = Domain("state", "=", "cancelled")
        if self.mode == "own":
            gone &= Domain("state_date", ">=", self.announced_on)
        return self._get_pool_domain() | (self._get_scope_domain() & gone)

    def _get_scope_domain(self):
        """Targets of the task's sectors that match its filter, whatever their state."""
        return self._get_chosen_domain() & Domain(
            [
                ("company_id", "=", self.company_id.id),
                ("sector_id", "in", self.sector_ids.ids),
            ]
        )

    def _get_chosen_domain(self):
        """The target filter as a Domain.

        Only the fields of FILTER_FIELDS may be asked about: the filter is evaluated for the whole
        registry, and its count must tell nobody what he may not read.
        """
        try:
            chosen = Domain(ast.literal_eval(self.target_domain or "[]"))
            chosen.validate(self.env["srsp.target"])
            names = {condition.field_expr for condition in chosen.iter_conditions()}
            names |= {
                f"{condition.field_expr} {condition.operator}"
                for condition in chosen.iter_conditions()
                if condition.field_expr.endswith("region_id")
                and condition.operator not in REGION_OPERATORS
            }
        except (ValueError, SyntaxError, TypeError) as error:
            raise ValidationError(
                self.env._(
                    "Task %(task)s: the target filter cannot be read.", task=self.name
                )
            ) from error
        if foreign := names - FILTER_FIELDS:
            raise ValidationError(
                self.env._(
                    "Task %(task)s: the target filter may not ask about %(fields)s; it knows %(known)s.",
                    task=self.name,
                    fields=", ".join(sorted(foreign)),
                    known=", ".join(sorted(FILTER_FIELDS)),
                )
            )
        return chosen

    def _get_public_filter(self):
        """The target filter as outsiders can read it: regions by name, as the registry and the strata call them."""

        def name(condition):
            if not condition.field_expr.endswith("region_id"):
                return condition
            operator, value = condition.operator, condition.value
            register = self.env["srsp.region"].sudo().with_context(active_test=False)
            if operator == "child_of":
                regions, operator = register.search([("id", "child_of", value)]), "in"
                value = regions.ids
            values = value if isinstance(value, Collection) else [value]
            labels = sorted(register.browse(filter(None, values)).mapped("label"))
            labels += [False] if not all(values) else []
            operator = {"=": "in", "!=": "not in"}.get(operator, operator)
            return Domain(condition.field_expr.removesuffix("_id"), operator, labels)

        if "region_id" not in (self.target_domain or ""):
            return self.target_domain or "[]"
        return str(list(self._get_chosen_domain().map_conditions(name)))
