"""The scheduled actions on real processes: two workers at once, and people who do not wait for them."""

import contextlib
import threading

from actions import ONE_DRAW, chain_without_gap, evidence, state_of, task_of
from people import Person, Refused, announce


def test_two_workers_and_impatient_people_make_exactly_one_draw(start_odoo):
    first = start_odoo()
    second = start_odoo(first.db)
    task_id = task_of(first)
    people = [
        Person(server, "survey_manager") for server in (first, second) for _ in "abc"
    ]
    announce(first, task_id, seconds=12)

    def hurry(person):
        """Press both buttons again and again until the draw is there."""
        while state_of(first, task_id) != "drawn":
            for button in ("action_lock_roster", "action_draw"):
                with contextlib.suppress(Refused):
                    person.call("srsp.task", button, [task_id])

    threads = [threading.Thread(target=hurry, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    assert evidence(first, task_id) == ONE_DRAW
    assert chain_without_gap(first)
