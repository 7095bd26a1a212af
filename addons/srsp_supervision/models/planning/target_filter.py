"""The target filter of a task: a domain on targets that a user enters and the public reads with the roster."""

import ast
from collections.abc import Collection

from odoo.exceptions import ValidationError
from odoo.fields import Domain

# The fields that a target filter may ask about: regions themselves, whose names may change.
FILTER_FIELDS = frozenset(
    "id code name region_id permit_number permit_valid_until risk_class is_key"
    " entity_id.region_id entity_id.kind".split()
)
REGION_OPERATORS = ("in", "not in", "=", "!=", "child_of")


def get_filter_domain(task):
    """Return the target filter of ``task`` as a Domain.

    Only FILTER_FIELDS may be asked about: the filter is evaluated for the whole registry, and its count must not
    reveal what the user may not read.

    :raise ValidationError: for a filter that is not such a domain
    """
    try:
        domain = Domain(ast.literal_eval(task.target_domain or "[]"))
        domain.validate(task.env["srsp.target"])
        conditions = list(domain.iter_conditions())
    except (ValueError, SyntaxError, TypeError) as error:
        message = task.env._(
            "Task %(task)s: the target filter cannot be read.", task=task.name
        )
        raise ValidationError(message) from error
    foreign = {one.field_expr for one in conditions} - FILTER_FIELDS
    foreign |= {
        f"{one.field_expr} {one.operator}"
        for one in conditions
        if one.field_expr.endswith("region_id") and one.operator not in REGION_OPERATORS
    }
    if foreign:
        message = task.env._(
            "Task %(task)s: the target filter cannot use %(fields)s; available fields: %(known)s.",
            task=task.name,
            fields=", ".join(sorted(foreign)),
            known=", ".join(sorted(FILTER_FIELDS)),
        )
        raise ValidationError(message)
    return domain


def get_public_filter(task):
    """Return the target filter of ``task`` as the public reads it, with the names of the regions."""

    def name_regions(condition):
        if not condition.field_expr.endswith("region_id"):
            return condition
        operator, value = condition.operator, condition.value
        register = task.env["srsp.region"].sudo().with_context(active_test=False)
        if operator == "child_of":
            regions, operator = register.search([("id", "child_of", value)]), "in"
            value = regions.ids
        values = value if isinstance(value, Collection) else [value]
        labels = sorted(register.browse(filter(None, values)).mapped("label"))
        labels += [False] if not all(values) else []
        operator = {"=": "in", "!=": "not in"}.get(operator, operator)
        return Domain(condition.field_expr.removesuffix("_id"), operator, labels)

    if "region_id" not in (task.target_domain or ""):
        return task.target_domain or "[]"
    return str(list(get_filter_domain(task).map_conditions(name_regions)))
