"""Regions were free text of targets and entities and tags of inspectors; they become entries of the register."""

import ast
from functools import partial

from odoo.api import SUPERUSER_ID, Environment
from odoo.fields import Domain
from odoo.tools import sql

# The regions of a company as they have been written, and those that were tags.
WRITTEN = """
SELECT btrim(region) FROM srsp_entity WHERE company_id = %(company)s AND region_id IS NULL
 UNION SELECT btrim(region) FROM srsp_target WHERE company_id = %(company)s AND region_id IS NULL
"""
TAGGED = "SELECT btrim(name) FROM srsp_inspector_region WHERE company_id = %(company)s"
LINK = """
UPDATE srsp_entity SET region_id = %(region)s, region = %(label)s
 WHERE company_id = %(company)s AND btrim(region) = %(name)s AND region_id IS NULL;
UPDATE srsp_target SET region_id = %(region)s, region = %(label)s
 WHERE company_id = %(company)s AND btrim(region) = %(name)s AND region_id IS NULL
"""
MOVE_TAGS = """
INSERT INTO srsp_inspector_srsp_region_rel (srsp_inspector_id, srsp_region_id)
SELECT rel.srsp_inspector_id, %(region)s
  FROM srsp_inspector_srsp_inspector_region_rel rel
  JOIN srsp_inspector_region tag ON tag.id = rel.srsp_inspector_region_id
 WHERE tag.company_id = %(company)s AND btrim(tag.name) = %(name)s
    ON CONFLICT DO NOTHING
"""


def migrate(cr, version):
    env = Environment(cr, SUPERUSER_ID, {})
    had_tags = sql.table_exists(cr, "srsp_inspector_region")
    for company in env["res.company"].search([]):
        names = set()
        for query in (WRITTEN, TAGGED) if had_tags else (WRITTEN,):
            cr.execute(query, {"company": company.id})
            names.update(name for [name] in cr.fetchall() if name)
        for name, region in _find_regions(env, company, sorted(names)).items():
            values = {
                "company": company.id,
                "name": name,
                "region": region.id,
                "label": region.label,
            }
            cr.execute(LINK, values)
            if had_tags:
                cr.execute(MOVE_TAGS, values)
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


def _find_regions(env, company, names):
    """{name: region}; what the register does not have yet gets a provisional code, to be corrected."""
    register = env["srsp.region"]
    known = register._get_words(company)
    found = {name: known[name] for name in names if len(known.get(name, ())) == 1}
    codes = (f"X{number:05d}" for number in range(1, 100_000))
    codes = (code for code in codes if code not in known)
    for name in names:
        if name not in found:
            found[name] = register.create(
                {"name": name, "code": next(codes), "company_id": company.id}
            )
    return found
