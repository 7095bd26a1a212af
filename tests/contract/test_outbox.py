"""The outbox of the addon against the real platform: real commits, on a copy of the demo database."""

import logging
import threading
import time
from datetime import timedelta

import databases
import pytest
from outbox import make_due, owe, refresh, run
from platform_samples import SECRET, rehearse

from odoo import fields

from odoo.addons.srsp_disclosure.tools.platform_client import PlatformClient

WORKERS = 3


def test_a_result_is_accepted_and_its_receipt_kept(registry, channel, platform):
    deliveries = owe(channel, 3)
    run(registry)
    stored = {row["idempotency_key"]: row for row in platform.store.newest()}
    for delivery in refresh(deliveries):
        row = stored[delivery.idempotency_key]
        assert (delivery.state, delivery.attempts) == ("accepted", 1)
        assert delivery.receipt_number == row["receipt"]
        assert (delivery.publication_id.number, delivery.publication_id.digest) == (
            row["number"],
            row["digest"],
        )
        assert delivery.publication_id.disclosed_on
    assert platform.store.counts() == {"accepted": 3, "rejected": 0}


def test_sent_is_committed_before_the_request_leaves(registry, channel, platform):
    delivery, receive, seen = owe(channel), platform.store.receive, []

    def look(*args):
        query = "SELECT state, attempts FROM srsp_delivery"
        seen.extend(databases.query(query, database=registry.db_name))
        return receive(*args)

    platform.store.receive = look
    run(registry)
    assert seen == [("sent", 1)]
    assert refresh(delivery).state == "accepted"


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("error500", "HTTP 500"),
        ("lose_answer", "ConnectionError"),
        ("garbage", "不是 JSON"),
        ("bad_signature", "签名"),
    ],
)
def test_after_a_failure_the_platform_is_asked_and_holds_the_result_once(
    registry, channel, platform, submissions, mode, reason
):
    delivery = owe(channel)
    rehearse(platform, mode)
    run(registry)
    assert refresh(delivery).state == "sent"
    assert reason in delivery.reason
    run(registry)  # not due yet: nothing happens
    assert refresh(delivery).attempts == 1
    make_due(delivery)
    run(registry)
    assert refresh(delivery).state == "accepted"
    assert platform.store.counts() == {"accepted": 1, "rejected": 0}
    assert submissions == [delivery.idempotency_key]


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_receipt_of_an_impossible_time_is_no_receipt(
    registry, channel, platform, minutes
):
    delivery, receive = owe(channel), platform.store.receive
    platform.store.receive = lambda records, now, *rest: receive(
        records, now + minutes * 60, *rest
    )
    for _attempt in ("submitted", "asked about"):
        make_due(delivery)
        run(registry)
        assert refresh(delivery).state == "sent"
        assert "impossible time" in delivery.reason
    assert not delivery.publication_id.disclosed_on


def test_a_delivery_that_a_crash_left_behind_is_asked_about_first(
    registry, channel, platform, submissions
):
    """As after a crash between the platform's acceptance and our writing it down."""
    delivery = owe(channel)
    run(registry)
    receipt = refresh(delivery).receipt_number
    delivery.write({"state": "sent", "receipt_number": False, "received_at": False})
    make_due(delivery)
    run(registry)
    assert refresh(delivery).state == "accepted"
    assert delivery.receipt_number == receipt
    assert submissions == [delivery.idempotency_key]


def test_the_wait_between_attempts_doubles_up_to_a_limit(registry, channel, platform):
    delivery = owe(channel)
    waits = []
    for attempts in (0, 1, 2, 30):
        delivery.attempts = attempts
        make_due(delivery)
        rehearse(platform, "error500")
        run(registry)
        waited = refresh(delivery).next_try_at - delivery.failed_at
        waits.append(waited / timedelta(seconds=60))
    assert waits == [1, 2, 4, 360]


def test_a_rejected_record_waits_for_the_officer_and_is_judged_afresh(
    registry, channel, platform
):
    delivery = owe(channel)
    officer = channel.user_id
    rehearse(platform, "reject")
    run(registry)
    assert refresh(delivery).state == "rejected"
    assert delivery.reason == "演练：平台不予受理"
    assert delivery.activity_ids.user_id == officer
    delivery.with_user(officer).action_retry()
    assert (delivery.state, len(delivery.activity_ids)) == ("pending", 0)
    delivery.env.cr.commit()
    run(registry)
    assert refresh(delivery).state == "accepted"


def test_a_wrong_secret_is_an_error_told_once_and_never_logged(
    registry, channel, platform, caplog
):
    deliveries = owe(channel, 2)
    channel.secret = "a-wrong-secret-of-ours"
    channel.env.cr.commit()
    with caplog.at_level(logging.DEBUG, logger="odoo.addons"):
        run(registry)
    for delivery in refresh(deliveries):
        assert delivery.state == "error"
        assert delivery.reason == "平台拒绝了本次请求（HTTP 401）"
        assert "a-wrong-secret-of-ours" not in delivery.reason
    assert channel.activity_ids.user_id == channel.user_id
    assert len(channel.activity_ids) == 1
    assert channel.activity_ids.summary == "平台拒绝接收报送"
    assert "a-wrong-secret-of-ours" not in caplog.text
    notification = channel.action_test_connection()["params"]
    assert (notification["type"], "a-wrong" in str(notification)) == ("danger", False)


def test_the_connection_can_be_tried(channel):
    assert channel.action_test_connection()["params"]["type"] == "success"


def test_an_address_inside_is_not_reached_unless_the_system_administrator_allows_it(
    channel, drip
):
    server = drip(b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\npassword=")
    channel.env["ir.config_parameter"].set_param("srsp.allowed_networks", "10.0.0.0/8")
    channel.url = f"{server.url}/admin"
    params = channel.action_test_connection()["params"]
    assert (params["type"], server.asked) == ("danger", 0)
    channel.env["ir.config_parameter"].set_param("srsp.allowed_networks", "127.0.0.1")
    params = channel.action_test_connection()["params"]
    assert params["message"] == "平台拒绝了本次请求（HTTP 404）"
    channel.env.cr.rollback()


def test_a_platform_that_drips_costs_one_exchange_and_the_others_go_on(
    registry, channel, platform, drip, monkeypatch
):
    monkeypatch.setitem(PlatformClient.__init__.__kwdefaults__, "seconds", 1)
    slow_server = drip(b"HTTP/1.1 200 OK\r\nX-Long: ")
    owed = owe(channel, 3)
    slow = channel.copy({"name": "慢平台", "url": slow_server.url, "secret": SECRET})
    slow._queue(owed.publication_id)
    channel.env.cr.commit()
    begun = time.monotonic()
    run(registry)
    assert time.monotonic() - begun < 10
    assert refresh(owed).mapped("state") == ["accepted"] * 3
    assert sorted(slow.delivery_ids.mapped("state")) == ["pending", "pending", "sent"]
    assert slow_server.asked == 1
    assert min(slow.delivery_ids.mapped("next_try_at")) > fields.Datetime.now()
    run(registry)  # nothing is due
    assert slow_server.asked == 1
    slow.active = False
    channel.env.cr.commit()


def test_a_channel_that_failed_last_comes_after_the_others(
    registry, channel, platform, drip, monkeypatch
):
    monkeypatch.setitem(PlatformClient.__init__.__kwdefaults__, "seconds", 1)
    slow_server = drip()
    owed = owe(channel, 2)
    slow = channel.copy({"name": "慢平台", "url": slow_server.url, "secret": SECRET})
    slow._queue(owed.publication_id)
    make_due(slow.delivery_ids)
    owed.failed_at = fields.Datetime.now()
    channel.env.cr.commit()
    order, receive = [], platform.store.receive
    platform.store.receive = lambda *args: (
        order.append(slow_server.asked) or receive(*args)
    )
    run(registry)
    assert order == [1, 1]  # the one that had failed came after the one that had not
    order.clear()
    anew = {"state": "pending", "attempts": 0, "next_try_at": fields.Datetime.now()}
    owed.write(anew)
    make_due(slow.delivery_ids)
    run(registry)
    assert order == [1, 1]  # now the slow one comes last
    slow.active = False
    channel.env.cr.commit()


@pytest.mark.parametrize(
    "change",
    [
        {"receipt": "9" * 3_000_000},
        {"receipt": "XY\0"},
        {"receipt": "XY\ud800"},
        {"received_at": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_an_answer_made_to_break_something_is_no_receipt(
    registry, channel, platform, caplog, change
):
    delivery, receive = owe(channel), platform.store.receive
    platform.store.receive = lambda *args: [row | change for row in receive(*args)]
    run(registry)
    assert (refresh(delivery).state, delivery.receipt_number) == ("sent", False)
    assert delivery.next_try_at > fields.Datetime.now()
    assert "failed" not in caplog.text


def test_a_receipt_from_before_the_first_attempt_is_no_receipt(
    registry, channel, platform
):
    """The record lay in the outbox for weeks; a receipt of those weeks would hide that it went out too late."""
    delivery, receive = owe(channel), platform.store.receive
    delivery.env.cr.execute("UPDATE srsp_delivery SET create_date = '2020-01-01'")
    delivery.env.cr.commit()
    platform.store.receive = lambda records, now, *rest: receive(
        records, now - 39 * 24 * 3600, *rest
    )
    run(registry)
    assert refresh(delivery).state == "sent"
    assert "impossible time" in delivery.reason
    assert not delivery.publication_id.disclosed_on


def test_an_archived_channel_delivers_nothing(registry, channel, platform):
    delivery = owe(channel)
    channel.active = False
    channel.env.cr.commit()
    run(registry)
    assert refresh(delivery).state == "pending"
    assert platform.store.newest() == []


def test_an_error_belongs_to_its_record(registry, channel, monkeypatch, caplog):
    deliveries = owe(channel, 3)
    broken = deliveries[0].idempotency_key
    prepare = registry["srsp.delivery"]._prepare_record

    def fail(self):
        if self.idempotency_key == broken:
            raise KeyError("uscc")
        return prepare(self)

    monkeypatch.setattr(registry["srsp.delivery"], "_prepare_record", fail)
    run(registry)
    assert refresh(deliveries).mapped("state") == ["error", "accepted", "accepted"]
    assert "KeyError" in deliveries[0].reason
    assert f"Delivery {deliveries[0].id} failed" in caplog.text


def test_several_workers_deliver_everything_once(
    registry, channel, platform, submissions
):
    deliveries = owe(channel, 20)
    start = threading.Barrier(WORKERS)

    def work():
        start.wait()
        run(registry)

    workers = [threading.Thread(target=work) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    # What a worker lost to another one in the same instant comes back with its lease.
    make_due(refresh(deliveries).filtered(lambda d: d.state != "accepted"))
    run(registry)
    assert set(refresh(deliveries).mapped("state")) == {"accepted"}
    assert sorted(submissions) == sorted(deliveries.mapped("idempotency_key"))
    assert platform.store.counts() == {"accepted": 20, "rejected": 0}
