"""Commitments to witnesses through a real mail server that is slow, while the bureau goes on: real commits."""

import threading

import pytest
from conftest import serve
from mail_server import MailServer
from outbox import lock_chain

from odoo import SUPERUSER_ID, api, fields
from odoo.tools import SQL

TASK = "测绘资质巡查 (4/4)"
WITNESSES = {"notary@example.org": "公证处", "press@example.org": "海港日报"}


@pytest.fixture
def mail_server():
    server = MailServer()
    stop = serve(server)
    yield server
    server.go_on.set()
    stop()


@pytest.fixture
def draw(env, mail_server):
    """A roster that has just been locked, and two mails that are to leave."""
    env["ir.mail_server"].create(
        {"name": "slow", "smtp_host": "127.0.0.1", "smtp_port": mail_server.port}
    )
    env["mail.mail"].search([("state", "=", "outgoing")]).state = "cancel"
    task = env["srsp.task"].search([("name", "=", TASK)])
    task.company_id.srsp_witness_emails = ", ".join(
        f"{name} <{address}>" for address, name in WITNESSES.items()
    )
    task.draw_at = fields.Datetime.add(fields.Datetime.now(), days=2)
    task.action_announce()
    draw = task._lock_roster()
    env.cr.commit()
    return draw


def in_transaction(registry, function):
    with registry.cursor() as cr:
        return function(api.Environment(cr, SUPERUSER_ID, {}))


def send(env):
    """What the queue of mails does."""
    env["mail.mail"].process_email_queue()


def record(env):
    """What the scheduled action for witnesses does."""
    env["srsp.draw.witness"]._cron_record_mails()


def get_states(registry, draw):
    """The states of the mails, and who is a witness."""

    def read(env):
        domain = [("model", "=", "srsp.draw"), ("res_id", "=", draw.id)]
        mails = env["mail.mail"].search(domain, order="id")
        witnesses = env["srsp.draw"].browse(draw.id).witness_ids
        return mails.mapped("state"), sorted(witnesses.mapped("who"))

    return in_transaction(registry, read)


def test_a_slow_mail_server_holds_up_nobody_and_a_busy_chain_sends_nothing_twice(
    registry, draw, mail_server
):
    assert get_states(registry, draw) == (["outgoing"] * 2, [])
    queue = threading.Thread(target=in_transaction, args=(registry, send))
    queue.start()
    assert mail_server.arrived.wait(60)

    # The mail server has not answered yet: the chain of the bureau is free.
    def seal(env):
        channel = env.ref("srsp_disclosure.demo_channel")
        channel.active = not channel.active
        return env["srsp.event"].search([], limit=1).res_model

    assert in_transaction(registry, seal) == "srsp.channel"
    assert get_states(registry, draw) == (["outgoing"] * 2, [])
    mail_server.go_on.set()
    queue.join()
    assert get_states(registry, draw) == (["sent"] * 2, [])

    # The chain is busy: nobody is recorded, and no mail is taken for unsent.
    def keep_busy(env):
        sequence = draw.company_id.with_env(env).sudo()._srsp_event_sequence()
        query = SQL("SELECT 1 FROM ir_sequence WHERE id = %s FOR UPDATE", sequence.id)
        env.execute_query(query)
        in_transaction(registry, record)

    in_transaction(registry, keep_busy)
    assert get_states(registry, draw) == (["sent"] * 2, [])
    in_transaction(registry, send)
    assert mail_server.received == 2

    for _time in ("first", "again"):
        in_transaction(registry, record)
        assert get_states(registry, draw) == (["sent"] * 2, [*WITNESSES.values()])
    assert mail_server.received == 2


def test_a_mail_that_is_sent_in_a_sealing_transaction_leaves_after_it(
    registry, env, mail_server
):
    env["ir.mail_server"].search([]).unlink()
    env["ir.mail_server"].create(
        {"name": "slow", "smtp_host": "127.0.0.1", "smtp_port": mail_server.port}
    )
    env.cr.commit()
    mails = []

    def seal_and_send(env):
        channel = env.ref("srsp_disclosure.demo_channel")
        channel.active = not channel.active
        vals = {"email_to": "press@example.org", "subject": "x", "body_html": "x"}
        mail = env["mail.mail"].create(vals)
        mails.extend(mail.ids)
        mail.send()

    sender = threading.Thread(target=in_transaction, args=(registry, seal_and_send))
    sender.start()
    assert mail_server.arrived.wait(60)
    lock_chain(registry)  # the mail server has not answered yet
    mail_server.go_on.set()
    sender.join()
    assert env["mail.mail"].browse(mails).state == "sent"
    assert mail_server.received == 1
