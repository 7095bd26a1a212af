# For Odoo's shell (kept.py): what the demonstration does not do, so that a kept database has an event of every kind.
# ``answer`` are the kinds that are still missing.
# ruff: noqa: F821
from odoo.exceptions import UserError

from odoo.addons.srsp_supervision.tools import clock


def first(records, act):
    """Act on the first record of which the product lets one do so."""
    for record in records:
        try:
            with env.cr.savepoint():
                return act(record)
        except UserError:
            continue
    raise UserError(f"nothing can be done with any of {records}")


draws = env["srsp.draw"].sudo().search([("state", "=", "drawn")])
events = env["srsp.event"]
policy = env["res.users"].search([("login", "=", "policy")])


def extend(draw):
    """Draw one more in the first stratum that has one left."""
    first(
        env["srsp.draw.line"].search(
            [
                ("draw_id", "=", draw.id),
                ("excluded_reason", "=", False),
                ("iteration", "=", False),
            ],
            limit=1,
        ),
        lambda line: draw._extend(
            {line.stratum: 1}, "The kept database has one of each"
        ),
    )


def withdraw(draw):
    """Let others take over the visits of one who has not begun."""
    first(
        env["srsp.inspector"].browse(draw.inspector_refs.values()),
        lambda inspector: draw._withdraw(
            inspector, "The kept database has one of each"
        ),
    )


first(draws, extend)
first(draws, withdraw)
line = env["srsp.draw.line"].search([("excluded_reason", "!=", False)], limit=1)
line.with_user(policy).action_open_to_company()
[request] = env["srsp.draw.request"].search([("state", "=", "requested")], limit=1)
first(
    env["res.users"].search([("share", "=", False)]),
    lambda user: request.with_user(user)._refuse("The ground is not proven"),
)
# Takes an open draw by lottery and two persons; the event says nothing of the record that could be compared.
events._seal(
    draws[0],
    "draw.entries_differ",
    {"format": 1, "number": draws[0].number, "entries": []},
)
order = env["srsp.rectification"].sudo().search([("state", "=", "open")], limit=1)
order.verification = "Not remedied within the deadline."
order.write({"state": "handed_over", "verified_on": clock.today()})
delivery = env["srsp.delivery"].sudo().search([("state", "!=", "accepted")], limit=1)
delivery.write(
    {"state": "accepted", "receipt_number": "R-1", "received_at": "2026-11-30 02:00:00"}
)
events._seal_state(delivery, "delivery.accepted")
channel = env["srsp.channel"].sudo().search([], limit=1)
channel.active = False
channel.active = True
person = env["srsp.entity"].sudo().search([("kind", "=", "person")], limit=1)
person.identity_number = "11010519491231002X"
env.flush_all()
env["srsp.event.change"]._seal_pending()
present = {kind for [kind] in events._read_group([], ["kind"])}
# No addon goes here: tests/install removes them.
removals = {"addon.removal_confirmed", "addon.removed"}
answer = sorted(events._get_kind_names().keys() - present - removals)
