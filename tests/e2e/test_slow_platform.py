"""A platform that answers with one byte every eight seconds, and the locks and draws that are due meanwhile."""

import threading
import time

import pytest
from actions import ONE_DRAW, evidence, state_of, task_of, wait_for
from dripper import Dripper
from people import announce


@pytest.fixture
def platform():
    server = Dripper(b"HTTP/1.1 200 OK\r\nX-Long: ")
    server.pause = 8
    thread = threading.Thread(target=server.serve_forever, args=(0.1,))
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_roster_is_locked_and_drawn_within_a_minute_whatever_a_platform_does(
    start_odoo, platform
):
    def owe(query):
        query("UPDATE srsp_channel SET url = %s, active = true", platform.url)
        query(
            """INSERT INTO srsp_delivery (publication_id, channel_id, state, attempts, next_try_at, create_date,
                                          idempotency_key)
               SELECT publication.id, channel.id, 'pending', 0, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC',
                      publication.number || '-slow'
                 FROM srsp_publication publication, srsp_channel channel WHERE publication.kind = 'result'
               ON CONFLICT (publication_id, channel_id) DO UPDATE
                  SET state = 'pending', next_try_at = excluded.next_try_at"""
        )
        query("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE active")

    server = start_odoo(before=owe)
    task_id = task_of(server)
    wait_for(lambda: platform.asked, seconds=120)
    announce(server, task_id, seconds=20)
    begun = time.monotonic()
    wait_for(lambda: state_of(server, task_id) == "committed", seconds=60)
    print(f"locked {time.monotonic() - begun:.1f} s after it was due")
    wait_for(lambda: time.monotonic() > begun + 20)
    wait_for(lambda: state_of(server, task_id) == "drawn", seconds=60)
    print(f"drawn {time.monotonic() - begun - 20:.1f} s after it was due")
    assert evidence(server, task_id) == ONE_DRAW
    server.stop()
