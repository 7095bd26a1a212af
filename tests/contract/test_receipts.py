"""What was sent is not sent again, and no receipt is lost, whatever fails and when: real commits, a real platform."""

import databases
import psycopg2
import pytest
from outbox import LOCK_CHAIN, lock_chain, make_due, owe, refresh, run
from platform_samples import SECRET, rehearse

from odoo import SUPERUSER_ID, api, fields

TASK = "测绘资质巡查 (4/4)"


def count_events(delivery):
    domain = [("res_model", "=", "srsp.delivery"), ("res_id", "in", delivery.ids)]
    kinds = delivery.env["srsp.event"].search(domain).mapped("kind")
    return kinds.count("delivery.accepted")


def assert_accepted_once(registry, delivery, submissions):
    """Accepted, sealed and disclosed, with one submission; another run changes nothing."""
    for _time in ("now", "still"):
        assert refresh(delivery).mapped("state") == ["accepted"] * len(delivery)
        assert delivery.mapped("is_unsealed") == [False] * len(delivery)
        assert all(delivery.publication_id.mapped("disclosed_on"))
        assert count_events(delivery) == len(delivery)
        assert sorted(submissions) == sorted(delivery.mapped("idempotency_key"))
        make_due(delivery)
        run(registry)


def test_what_could_not_be_sent_is_submitted_once(
    registry, channel, platform, submissions
):
    delivery = owe(channel)
    channel.sudo().secret = False
    channel.env.cr.commit()
    run(registry)
    assert refresh(delivery).state == "error"
    channel.secret_input = SECRET
    delivery.with_user(channel.user_id).action_retry()
    delivery.env.cr.commit()
    run(registry)
    assert_accepted_once(registry, delivery, submissions)


@pytest.mark.parametrize("mode", ["lose_answer", "bad_signature"])
def test_what_was_sent_without_an_answer_is_submitted_once(
    registry, channel, platform, submissions, mode
):
    delivery = owe(channel)
    rehearse(platform, mode)
    run(registry)
    assert (refresh(delivery).state, count_events(delivery)) == ("sent", 0)
    make_due(delivery)
    run(registry)
    assert_accepted_once(registry, delivery, submissions)


def test_an_answer_that_nobody_was_there_to_store_is_asked_for(
    registry, channel, platform, submissions
):
    """Our connection to the database dies while the platform answers."""
    delivery, receive, pids = owe(channel), platform.store.receive, []

    def kill(*args):
        databases.query("SELECT pg_terminate_backend(%s)", *pids)
        return receive(*args)

    platform.store.receive = kill
    with pytest.raises(psycopg2.Error), registry.cursor() as cr:
        cr.execute("SELECT pg_backend_pid()")
        pids.extend(cr.fetchone())
        api.Environment(cr, SUPERUSER_ID, {})["srsp.delivery"]._cron_deliver()
    platform.store.receive = receive
    assert refresh(delivery).state == "sent"
    make_due(delivery)
    run(registry)
    assert_accepted_once(registry, delivery, submissions)


def test_what_failed_here_after_the_platform_had_accepted_is_not_submitted_again(
    registry, channel, platform, submissions, monkeypatch
):
    delivery = owe(channel)

    def fail(*args):
        raise KeyError("received_at")

    with monkeypatch.context() as patch:
        patch.setattr(registry["srsp.delivery"], "_check_received_at", fail)
        run(registry)
    assert (refresh(delivery).state, len(submissions)) == ("error", 1)
    delivery.with_user(channel.user_id).action_retry()
    delivery.env.cr.commit()
    run(registry)
    assert_accepted_once(registry, delivery, submissions)


def test_receipts_are_kept_while_the_chain_is_busy_and_sealed_afterwards(
    registry, channel, platform, submissions
):
    deliveries = owe(channel, 3)
    with registry.cursor() as busy:
        busy.execute(LOCK_CHAIN)
        run(registry)
        assert refresh(deliveries).mapped("state") == ["accepted"] * 3
        assert all(deliveries.mapped("receipt_number"))
        assert deliveries.mapped("is_unsealed") == [True] * 3
        assert count_events(deliveries) == 0
    run(registry)
    assert_accepted_once(registry, deliveries, submissions)


def test_a_receipt_that_cannot_be_sealed_is_told_once_and_sealed_when_it_can(
    registry, channel, platform, submissions, monkeypatch
):
    delivery = owe(channel)

    def fail(*args):
        raise KeyError("receipt_number")

    with monkeypatch.context() as patch:
        patch.setattr(registry["srsp.delivery"], "_prepare_seal", fail)
        for _time in range(2):
            run(registry)
    assert (refresh(delivery).state, delivery.is_unsealed) == ("accepted", True)
    assert channel.activity_ids.mapped("user_id") == channel.user_id
    assert len(channel.activity_ids) == 1
    run(registry)
    assert_accepted_once(registry, delivery, submissions)
    assert not channel.activity_ids


def test_the_chain_is_free_while_the_platform_answers(registry, channel, platform):
    """Also for the second and the third: the receipt of the one before has been sealed and committed."""
    deliveries, receive, seen = owe(channel, 3), platform.store.receive, []

    def try_lock(*args):
        lock_chain(registry)
        seen.append(count_events(refresh(deliveries)))
        return receive(*args)

    platform.store.receive = try_lock
    run(registry)
    assert seen == [0, 1, 2]
    assert refresh(deliveries).mapped("state") == ["accepted"] * 3


def test_a_platform_becomes_a_witness_though_the_chain_was_busy_when_it_answered(
    registry, channel, platform, submissions
):
    env = channel.env
    env.cr.execute("DELETE FROM srsp_delivery")
    env.invalidate_all()
    channel.takes_commitments = True
    task = env["srsp.task"].search([("name", "=", TASK)])
    task.draw_at = fields.Datetime.add(fields.Datetime.now(), days=2)
    task.action_announce()
    draw = task._lock_roster()
    env.cr.commit()
    delivery = channel.delivery_ids
    with registry.cursor() as busy:
        busy.execute(LOCK_CHAIN)
        run(registry)
        assert refresh(delivery).mapped("state") == ["accepted"]
        assert not draw.witness_ids
    for _time in range(2):
        run(registry)
        env.cr.commit()
        witness = draw.witness_ids
        assert (witness.who, witness.answer) == (channel.name, delivery.receipt_number)
    assert submissions == [delivery.idempotency_key]
    channel.takes_commitments = False
    env.cr.commit()


def test_a_platform_that_fails_for_hours_is_told_once_until_it_answers_again(
    registry, channel, platform
):
    deliveries = owe(channel, 2)
    env = channel.env

    def fail(hours):
        """Fail again, ``hours`` after the first attempt; the to-do of the channel."""
        refresh(deliveries)
        env.cr.execute(
            "UPDATE srsp_delivery SET first_sent_at = now() at time zone 'UTC' - interval '1 hour' * %s",
            [hours],
        )
        env.invalidate_all()
        rehearse(platform, "error500", 2)
        make_due(deliveries)
        run(registry)
        assert refresh(deliveries).mapped("state") == ["sent"] * 2
        return channel.activity_ids

    parameters = env["ir.config_parameter"]
    parameters.set_param("srsp_disclosure.alarm_hours", "12")
    assert not fail(hours=11)
    parameters.set_param("srsp_disclosure.alarm_hours", "")
    assert not fail(hours=3)
    todo = fail(hours=5)
    assert (todo.user_id, len(todo)) == (channel.user_id, 1)
    assert fail(hours=9) == todo
    make_due(refresh(deliveries))
    run(registry)
    assert refresh(deliveries).mapped("state") == ["accepted"] * 2
    assert not channel.activity_ids
