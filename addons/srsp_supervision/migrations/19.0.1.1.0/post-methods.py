"""The methods of an item were a text; they become entries of the register, and a frozen version keeps its text."""

import re

from odoo.api import SUPERUSER_ID, Environment
from odoo.tools import sql

SEPARATORS = re.compile(r"\s*[、，,;；\n]\s*")


def migrate(cr, version):
    if not sql.column_exists(cr, "srsp_item", "method"):
        return
    env = Environment(cr, SUPERUSER_ID, {})
    cr.execute(
        """SELECT company_id, method, array_agg(id) FROM srsp_item
            WHERE btrim(method) != '' AND id NOT IN (SELECT srsp_item_id FROM srsp_item_srsp_method_rel)
         GROUP BY 1, 2"""
    )
    for company_id, text, item_ids in cr.fetchall():
        methods = _find_methods(env, company_id, SEPARATORS.split(text.strip()))
        cr.execute(
            """INSERT INTO srsp_item_srsp_method_rel (srsp_item_id, srsp_method_id)
               SELECT item, method FROM unnest(%s) item, unnest(%s) method""",
            [item_ids, methods.ids],
        )
    # What was sealed is the text as it was written, in the order in which it was.
    cr.execute(
        """UPDATE srsp_item SET frozen_names = frozen_names || jsonb_build_object('method_ids', coalesce(method, ''))
            WHERE frozen_names IS NOT NULL"""
    )
    env.invalidate_all()


def _find_methods(env, company_id, names):
    """Return the methods called ``names``, with those that the register does not have yet."""
    register = env["srsp.method"].with_context(active_test=False)
    methods = register.browse()
    for name in dict.fromkeys(filter(None, names)):
        known = register.search(
            [("name", "=", name), ("company_id", "in", [company_id, False])], limit=1
        )
        methods |= known or register.create({"name": name, "company_id": company_id})
    return methods
