"""What goes to PostgreSQL beside the queries themselves. Knows cursors, and no ORM."""

import contextlib


@contextlib.contextmanager
def planned(cr, **settings):
    """Run the statements inside with these ``settings`` (texts) of PostgreSQL, e.g. ``enable_nestloop="off"``."""
    before = {}
    for name, value in settings.items():
        cr.execute("SELECT current_setting(%s)", [name])
        [before[name]] = cr.fetchone()
        cr.execute("SELECT set_config(%s, %s, true)", [name, value])
    yield
    for name, value in before.items():
        cr.execute("SELECT set_config(%s, %s, true)", [name, value])
