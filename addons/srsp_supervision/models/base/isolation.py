"""Work of which one part's failure undoes nothing of the others'."""

import logging

from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)


def attempt(cr, work, *arguments):
    """Call ``work(*arguments)``; return whether it succeeded. A failure is logged, and what it had done is undone.

    A conflict with another transaction is raised: it concerns the whole of this one, and the next run of the scheduled
    action meets it no more.
    """
    try:
        with cr.savepoint():
            work(*arguments)
    except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
        raise
    except Exception:
        _logger.exception("%s failed: %s", work.__qualname__, arguments)
        return False
    return True


def do_each(records, work):
    """Attempt ``work(record)`` for each record; return those for which it failed."""
    return records.filtered(lambda record: not attempt(record.env.cr, work, record))
