"""Settings of PostgreSQL for some statements, set with a cursor alone, without the ORM."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """The part of a database cursor that is used here."""

    def execute(self, query: str, params: Sequence[str]) -> Any: ...

    def fetchone(self) -> Any: ...


@contextlib.contextmanager
def planned(cr: Cursor, **settings: str) -> Iterator[None]:
    """Run the statements inside with these ``settings`` of PostgreSQL, e.g. ``enable_nestloop="off"``."""
    before: dict[str, str] = {}
    for name, value in settings.items():
        cr.execute("SELECT current_setting(%s)", [name])
        [before[name]] = cr.fetchone()
        cr.execute("SELECT set_config(%s, %s, true)", [name, value])
    yield
    for name, value in before.items():
        cr.execute("SELECT set_config(%s, %s, true)", [name, value])
