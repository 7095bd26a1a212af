"""Regions were free text of targets and entities and tags of inspectors; they become entries of the register."""

import ast
from functools import partial

from odoo.api import SUPERUSER_ID, Environment
from odoo.fields import Domain
from odoo.tools import SQL, sql

OLD_TABLE = "srsp_inspector_region"
OLD_RELATION = "srsp_inspector_srsp_inspector_region_rel"


def migrate(cr, version):
    env = Environment(cr, SUPERUSER_ID, {})
    had_tags = sql.table_exists(cr, OLD_TABLE)
    for company in env["res.company"].search([]):
        names = _get_names(env, company, had_tags)
        regions = _find_regions(env, company, names)
        for name, region in regions.items():
            for table in ("srsp_entity", "srsp_target"):
                cr.execute(
                    SQL(
                        "UPDATE %s SET region_id = %s, region = %s"
                        " WHERE company_id = %s AND btrim(region) = %s AND region_id IS NULL",
                        SQL.identifier(table),
                        region.id,
                        region.label,
                        company.id,
                        name,
                    )
                )
            if had_tags:
                _move_tags(env, company, name, region)
    env.invalidate_all()
    domain = [("state", "=", "planned"), ("target_domain", "like", "region")]
    for task in env["srsp.task"].search(domain):
        filter_domain = Domain(ast.literal_eval(task.target_domain))
        converted = filter_domain.map_conditions(partial(_convert, env, task))
        task.target_domain = str(list(converted))


def _convert(env, task, condition):
    """The condition of a target filter, on regions in place of their names."""
    name, operator, value = condition.field_expr, condition.operator, condition.value
    if name not in ("region", "entity_id.region"):
        return condition
    register = env["srsp.region"].with_context(active_test=False)
    named = Domain("label", operator, value)
    negative = operator.startswith(("!", "not "))
    own = Domain("company_id", "=", task.company_id.id)
    ids = register.search(own & (~named if negative else named)).ids
    values = [value] if isinstance(value, (str, bool)) else value
    empty = [] if all(values) else [False]
    return Domain(f"{name}_id", "not in" if negative else "in", ids + empty)


def _get_names(env, company, had_tags):
    """The regions of ``company`` as they have been written."""
    tags = SQL(
        "UNION SELECT btrim(name) FROM %s WHERE company_id = %s",
        SQL.identifier(OLD_TABLE),
        company.id,
    )
    rows = env.execute_query(
        SQL(
            """SELECT btrim(region) FROM srsp_entity WHERE company_id = %s AND region_id IS NULL
                UNION SELECT btrim(region) FROM srsp_target WHERE company_id = %s AND region_id IS NULL %s""",
            company.id,
            company.id,
            tags if had_tags else SQL(),
        )
    )
    return sorted(name for [name] in rows if name)


def _find_regions(env, company, names):
    """{name: region}; what the register does not have yet gets a provisional code, to be corrected."""
    register = env["srsp.region"]
    known = register._get_words(company)
    found = {name: known[name] for name in names if len(known.get(name, ())) == 1}
    codes = (f"X{number:05d}" for number in range(1, 100_000))
    for name in names:
        if name not in found:
            code = next(code for code in codes if code not in known)
            found[name] = register.create(
                {"name": name, "code": code, "company_id": company.id}
            )
    return found


def _move_tags(env, company, name, region):
    field = env["srsp.inspector"]._fields["region_ids"]
    env.cr.execute(
        SQL(
            """INSERT INTO %s (%s, %s)
               SELECT rel.srsp_inspector_id, %s FROM %s rel JOIN %s tag ON tag.id = rel.srsp_inspector_region_id
                WHERE tag.company_id = %s AND btrim(tag.name) = %s ON CONFLICT DO NOTHING""",
            SQL.identifier(field.relation),
            SQL.identifier(field.column1),
            SQL.identifier(field.column2),
            region.id,
            SQL.identifier(OLD_RELATION),
            SQL.identifier(OLD_TABLE),
            company.id,
            name,
        )
    )
