"""What goes to PostgreSQL beside the queries themselves. Knows cursors, and no ORM."""

import contextlib
import csv
import io
import uuid
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

STREAM_ROWS = 5_000  # fetched at a time
# A scan that hashes gains from a second core; PostgreSQL does not know how expensive a hash is.
PARALLEL = {
    "max_parallel_workers_per_gather": "1",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
}


def stream(cr: Any, query: Any) -> Iterator[tuple[Any, ...]]:
    """Iterate over the rows of an ``SQL`` by a cursor of the server: memory does not grow with their number."""
    with cr._cnx.cursor(name=f"srsp_{uuid.uuid4().hex}") as cursor:
        cursor.itersize = STREAM_ROWS
        cursor.execute(query.code, query.params)
        yield from cursor


def digest_rows(cr: Any, query: Any, digest: Any) -> int:
    """Feed a ``hashlib`` digest the rows of an ``SQL`` as ``COPY … TO STDOUT`` writes them; return their number."""
    statement = cr.mogrify(f"COPY ({query.code}) TO STDOUT", query.params)
    # psycopg2 calls ``write`` for each row: a class of ours would take longer than the hash.
    cr.copy_expert(statement.decode(), SimpleNamespace(write=digest.update))
    return int(cr.rowcount)


def copy_rows(
    cr: Any, table: str, names: Iterable[str], rows: Iterable[Iterable[Any]]
) -> None:
    """Copy ``rows`` into the columns ``names`` of a table; an empty text is NULL."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    columns = ", ".join(f'"{name}"' for name in names)
    cr.copy_expert(
        f"COPY {table} ({columns}) FROM STDIN WITH (FORMAT csv)",
        io.StringIO(text.getvalue().replace("\0", "\ufffd")),
    )


def set_local(cr: Any, **settings: str) -> None:
    """Set ``settings`` (texts) of PostgreSQL until the transaction ends."""
    for name, value in settings.items():
        cr.execute("SELECT set_config(%s, %s, true)", [name, value])


@contextlib.contextmanager
def planned(cr: Any, **settings: str) -> Iterator[None]:
    """Run the statements inside with these ``settings`` (texts) of PostgreSQL, e.g. ``enable_nestloop="off"``."""
    before: dict[str, str] = {}
    for name in settings:
        cr.execute("SELECT current_setting(%s)", [name])
        [before[name]] = cr.fetchone()
    set_local(cr, **settings)
    yield
    set_local(cr, **before)
