"""Steps of the outbox that several tests take, with real commits."""

import databases

from odoo import SUPERUSER_ID, api, fields

LOCK_CHAIN = "SELECT 1 FROM ir_sequence WHERE code = 'srsp.event' FOR UPDATE NOWAIT"


def owe(channel, count=1):
    """Owe the channel ``count`` results and nothing else; the new deliveries."""
    env = channel.env
    env.cr.execute("DELETE FROM srsp_delivery")
    env.cr.execute("UPDATE srsp_publication SET disclosed_on = NULL, was_late = NULL")
    env.invalidate_all()
    results = env["srsp.publication"].search([("kind", "=", "result")], limit=count)
    assert len(results) == count
    channel._queue(results)
    env.cr.commit()
    return channel.delivery_ids


def run(registry):
    """What the scheduled action does, in a process of its own."""
    with registry.cursor() as cr:
        api.Environment(cr, SUPERUSER_ID, {})["srsp.delivery"]._cron_deliver()


def make_due(deliveries):
    deliveries.next_try_at = fields.Datetime.now()
    deliveries.env.cr.commit()


def refresh(records):
    """See what others have committed."""
    records.env.cr.commit()
    return records


def lock_chain(registry):
    """Take the chain with a connection of its own, and give it back: fails when somebody holds it."""
    databases.query(LOCK_CHAIN, database=registry.db_name)
