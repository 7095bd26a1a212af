# For Odoo's shell (kept.py): what a database says, which no upgrade may change. ``answer`` is ``{tables: {table: rows},
# publications: {number: digest}, certificates: {draw: hash}, chain: [[number, hash], …], secret: digest}``.
# ruff: noqa: F821
import hashlib

OWN = ("srsp.event", "srsp.event.change", "srsp.event.row", "srsp.event.check")


def read(query):
    env.cr.execute(query)
    return env.cr.fetchall()


tables = {}
for name, model in env.registry.items():
    is_ours = name.startswith("srsp.") and name not in OWN
    if is_ours and model._auto and not model._abstract and not model._transient:
        [[tables[model._table]]] = read(f"SELECT count(*) FROM {model._table}")
draws = env["srsp.draw"].search([("drawn_at", "!=", False)])
numbers = env["srsp.entity"].sudo().search([]).mapped("identity_number")
answer = {
    "tables": tables,
    "publications": dict(read("SELECT number, digest FROM srsp_publication")),
    "certificates": {draw.number: draw._get_certificate_event().hash for draw in draws},
    "chain": read(
        "SELECT sequence, hash FROM srsp_event ORDER BY company_id, sequence"
    ),
    "secret": hashlib.sha256(repr(sorted(filter(None, numbers))).encode()).hexdigest(),
}
