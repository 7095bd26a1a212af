"""The addon comes to a bureau that has worked without it: what exists is published bit by bit, with real commits."""

from collections import Counter

import pytest
from outbox import lock_chain

from odoo import SUPERUSER_ID, api

from odoo.addons.srsp_disclosure import post_init_hook
from odoo.addons.srsp_disclosure.models.publication import srsp_publication_backfill

AT_ONCE = {"list", "plan", "announcement", "roster"}


@pytest.fixture
def before(env, monkeypatch):
    """The bureau before the installation; what was published of ``(model, id, kind)`` until now."""
    monkeypatch.setattr(srsp_publication_backfill, "MAX_BATCH", 7)
    publications = env["srsp.publication"].search([])
    published = {(p.res_model, p.res_id, p.kind) for p in publications}
    env.cr.execute("DELETE FROM srsp_delivery")
    env.cr.execute("DELETE FROM srsp_publication")
    env.cr.commit()
    return published


def get_cron(env):
    return env.ref("srsp_disclosure.ir_cron_backfill")


def run(registry):
    """One run of the scheduled action, as the server runs it."""
    with registry.cursor() as cr:
        cron = get_cron(api.Environment(cr, SUPERUSER_ID, {}))
        cron.method_direct_trigger()


def get_published(env):
    env.cr.commit()
    rows = env["srsp.publication"].search([], order="id")
    return rows, Counter((p.res_model, p.res_id, p.kind) for p in rows)


def assert_whole(env, before):
    """Everything has been published once, in the order in which it was formed, with rising numbers."""
    rows, published = get_published(env)
    assert published == Counter(before)
    assert rows.mapped("number") == sorted(rows.mapped("number"))
    results = rows.filtered(lambda p: p.kind in ("draw", "result"))
    moments = results.mapped("formed_at")
    assert moments == sorted(moments)
    events = env["srsp.event"].search(
        [("res_model", "=", "srsp.publication"), ("res_id", "in", rows.ids)],
        order="sequence",
    )
    assert events.mapped("res_id") == rows.ids
    assert not env["srsp.publication"]._count_missing()
    channel = env.ref("srsp_disclosure.demo_channel")
    owed = env["srsp.delivery"].search([("channel_id", "=", channel.id)])
    assert sorted(owed.publication_id.ids) == sorted(
        rows.filtered(
            lambda p: p.kind == "result" and p.company_id == channel.company_id
        ).ids
    )


def test_the_installation_publishes_what_cannot_wait_and_the_action_the_rest(
    registry, env, before
):
    post_init_hook(env)
    rows, published = get_published(env)
    assert set(rows.mapped("kind")) <= AT_ONCE
    wanted = {key for key in before if key[2] in ("list", "plan", "announcement")}
    assert wanted <= set(published)
    assert env["srsp.publication"]._count_missing() == len(before) - len(rows)
    run(registry)
    assert_whole(env, before)
    assert not env["srsp.publication"]._count_missing()


def test_an_interrupted_run_goes_on_where_it_ended_and_a_closing_comes_in_between(
    registry, env, before, monkeypatch
):
    post_init_hook(env)
    env.cr.commit()
    publications = registry["srsp.publication"]
    publish, batches = publications._publish_batch, []

    def die(self, batch):
        lock_chain(registry)  # nobody holds it between two batches
        if len(batches) == 3:
            raise KeyboardInterrupt
        batches.append(len(batch))
        publish(self, batch)

    before_it = len(get_published(env)[0])
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(publications, "_publish_batch", die)
        run(registry)
    rows, published = get_published(env)
    assert max(batches) <= 7
    done = before_it + sum(batches)
    assert (len(rows), max(published.values())) == (done, 1)
    # The newest visit is closed now: it is published at once, long before its turn.
    missing = env["srsp.publication"]._find_missing()
    newest = [one for one in missing if one.kind == "result"][-1]
    env["srsp.publication"]._publish(newest.record, "result")
    env.cr.commit()
    run(registry)
    rows, published = get_published(env)
    assert published == Counter(before)
    assert rows[done].res_id == newest.record.id
    assert rows.mapped("number") == sorted(rows.mapped("number"))


def test_what_cannot_be_published_holds_up_nothing_else(
    registry, env, before, monkeypatch
):
    post_init_hook(env)
    env.cr.commit()
    broken = next(
        m for m in env["srsp.publication"]._find_missing() if m.kind == "result"
    )
    prepare = registry["srsp.inspection"]._prepare_publication_vals

    def fail(self, kind):
        if self.id == broken.record.id:
            raise KeyError("uscc")
        return prepare(self, kind)

    with monkeypatch.context() as patch:
        patch.setattr(registry["srsp.inspection"], "_prepare_publication_vals", fail)
        run(registry)
    _rows, published = get_published(env)
    assert Counter(before) - published == Counter(
        [("srsp.inspection", broken.record.id, "result")]
    )
    assert env["srsp.publication"]._count_missing() == 1
    run(registry)
    assert get_published(env)[1] == Counter(before)
    assert not env["srsp.publication"]._count_missing()
