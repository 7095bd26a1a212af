"""The target filter of a task: a domain on targets that a user enters and the public reads with the roster."""

import ast
from collections.abc import Collection

from odoo.exceptions import ValidationError
from odoo.fields import Domain

# What a target filter asks about: kinds of targets, never a single one. Regions themselves, whose names may change.
FILTER_FIELDS = frozenset(
    "sector_id region_id permit_valid_until risk_class is_key entity_id.region_id entity_id.kind".split()
)
EQUALITIES = ("in", "not in", "=", "!=")
REGION_OPERATORS = (*EQUALITIES, "child_of")
COMPARISONS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥"}


def get_filter_domain(task):
    """Return the target filter of ``task`` as a Domain.

    Only FILTER_FIELDS may be asked about: the filter is evaluated for the whole registry, and its count must not reveal
    what the user may not read.

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
    _refuse(task, foreign)
    return domain


def check_filter(task):
    """Raise unless the target filter of ``task`` asks about kinds of targets alone.

    :raise ValidationError: for a filter that could name a single target, or that has no words
    """
    _refuse(
        task,
        {
            one.field_expr
            if one.field_expr not in FILTER_FIELDS
            else f"{one.field_expr} {one.operator} {one.value}"
            for one in get_filter_domain(task).iter_conditions()
            if not _is_about_a_kind(one)
        },
    )


def get_public_filter(task):
    """Return the target filter of ``task`` as a program of the public reads it, with the names of the regions."""

    def name_records(condition):
        if not condition.field_expr.endswith("_id"):
            return condition
        operator, labels = _get_labels(task, condition)
        return Domain(condition.field_expr.removesuffix("_id"), operator, labels)

    if "_id" not in (task.target_domain or ""):
        return task.target_domain or "[]"
    return str(list(get_filter_domain(task).map_conditions(name_records)))


def describe_filter(task):
    """Return the target filter of ``task`` in words, in the language of its environment; empty without one."""
    joins = {
        "&": task.env._("%(first)s and %(second)s"),
        "|": task.env._("%(first)s or %(second)s"),
    }
    stack = []  # [(text, the operator that joins its parts), …]
    domain = get_filter_domain(task)
    for token in reversed([] if domain.is_true() else list(domain)):
        if token == "!":
            text, _join = stack.pop()
            stack.append((task.env._("not (%(condition)s)", condition=text), ""))
        elif isinstance(token, str):
            first, second = (
                text if join in ("", token) else f"({text})"
                for text, join in (stack.pop(), stack.pop())
            )
            stack.append((joins[token] % {"first": first, "second": second}, token))
        else:
            stack.append((_describe_condition(task, Domain([token])), ""))
    return stack[0][0] if stack else ""


def _refuse(task, foreign):
    if foreign:
        message = task.env._(
            "Task %(task)s: the target filter cannot use %(fields)s; available fields: %(known)s.",
            task=task.name,
            fields=", ".join(sorted(foreign)),
            known=", ".join(sorted(FILTER_FIELDS)),
        )
        raise ValidationError(message)


def _is_about_a_kind(condition):
    """Whether a condition may stand in a filter; a permit ends before or after a day, for one day names its holder."""
    name, operator = condition.field_expr, condition.operator
    values = _list_values(condition)
    if name == "permit_valid_until":
        return operator in COMPARISONS or (operator in EQUALITIES and not any(values))
    if name.endswith("region_id"):
        return operator in REGION_OPERATORS and _are_ids(values)
    if name == "sector_id":
        return operator in EQUALITIES and _are_ids(values)
    return name in FILTER_FIELDS and operator in EQUALITIES


def _are_ids(values):
    return all(value is False or isinstance(value, int) for value in values)


def _list_values(condition):
    value = condition.value
    is_list = isinstance(value, Collection) and not isinstance(value, str)
    return list(value) if is_list else [value]


def _get_labels(task, condition):
    """Return the operator and the names of the regions or sectors of a condition; False stands for none."""
    operator, values = condition.operator, _list_values(condition)
    name, label = "srsp.region", "label"
    if condition.field_expr == "sector_id":
        name, label = "srsp.sector", "name"
    register = task.env[name].sudo().with_context(active_test=False)
    if operator == "child_of":
        values = register.search([("id", "child_of", values)]).ids
    labels = sorted(register.browse(filter(None, values)).mapped(label))
    labels += [False] if not all(values) else []
    return {"=": "in", "!=": "not in", "child_of": "in"}.get(operator, operator), labels


def _describe_condition(task, condition):
    operator, values = condition.operator, _list_values(condition)
    model, names = task.env["srsp.target"], []
    for name in condition.field_expr.split("."):
        field = model._fields[name]
        names.append(field._description_string(task.env))
        model = task.env[field.comodel_name] if field.relational else model
    if field.type == "many2one":
        operator, values = _get_labels(task, condition)
    elif field.type == "selection":
        labels = dict(field._description_selection(task.env))
        values = [labels.get(value, value) for value in values]
    elif field.type == "boolean":
        texts = {True: task.env._("yes"), False: task.env._("no")}
        values = [texts[bool(value)] for value in values]
    parts = {
        "field": " › ".join(names),
        "values": ", ".join(
            task.env._("none") if value is False else str(value) for value in values
        ),
    }
    if operator in ("in", "="):
        return task.env._("%(field)s: %(values)s", **parts)
    if operator in ("not in", "!="):
        return task.env._("%(field)s: not %(values)s", **parts)
    return f"{parts['field']} {COMPARISONS.get(operator, operator)} {parts['values']}"
