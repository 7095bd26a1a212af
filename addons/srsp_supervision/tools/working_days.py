"""Deadlines in working days."""

from collections.abc import Callable
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


def add_working_days(
    start: date, days: int, is_working: Callable[[date], bool]
) -> date:
    """Return the day on which ``days`` working days after ``start`` are over.

    The start day does not count, whatever day it is (民法典 art. 201). After zero days it is the start itself.

    :param is_working: the caller knows which days are working days (statutory holidays, make-up weekends)
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
