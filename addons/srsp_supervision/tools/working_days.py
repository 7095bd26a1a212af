"""Deadlines in working days.

What a working day is stays the caller's knowledge (statutory holidays, make-up weekends):
every function asks ``is_working(day)``.
"""

from collections.abc import Callable
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


def add_working_days(
    start: date, days: int, is_working: Callable[[date], bool]
) -> date:
    """Return the day on which ``days`` working days after ``start`` are over.

    The start day does not count, whatever day it is (民法典 art. 201: the day a period begins
    on is not counted). Zero days is the start itself.

    :raises ValueError: when ``days`` is negative
    :raises OverflowError: when there is no such day in the calendar
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
    """Return how many working days lie after ``start`` up to and including ``end``.

    Negative when ``end`` lies before ``start``: the working days by which a deadline is past.
    """
    if end < start:
        return -working_days_between(end, start, is_working)
    days = (start + timedelta(days=step) for step in range(1, (end - start).days + 1))
    return sum(1 for day in days if is_working(day))
