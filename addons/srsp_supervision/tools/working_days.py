"""Deadlines in working days.

The caller knows which days are working days (statutory holidays, make-up weekends): every
function calls ``is_working(day)``.
"""

from collections.abc import Callable
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


def add_working_days(
    start: date, days: int, is_working: Callable[[date], bool]
) -> date:
    """Return the day on which ``days`` working days after ``start`` are over.

    The start day does not count, whatever day it is (民法典 art. 201: the day on which a period
    begins is not counted). After zero days it is the start itself.

    :raises ValueError: when ``days`` is negative
    :raises OverflowError: when the day would be after the year 9999
    """
    if days < 0:
        raise ValueError("a deadline cannot lie before its start")
    day = start
    while days:
        day += ONE_DAY
        if is_working(day):
            days -= 1
    return day


def working_days_between(
    start: date, end: date, is_working: Callable[[date], bool]
) -> int:
    """Return the number of working days after ``start`` up to and including ``end``.

    It is negative when ``end`` is before ``start``: the working days by which a deadline has been missed.
    """
    if end < start:
        return -working_days_between(end, start, is_working)
    days = (start + timedelta(days=step) for step in range(1, (end - start).days + 1))
    return sum(1 for day in days if is_working(day))
