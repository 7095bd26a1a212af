import json
from bisect import bisect_right
from datetime import date, timedelta
from pathlib import Path

from odoo.tests import BaseCase

from ...tools.working_days import add_working_days

CALENDAR = json.loads(
    (Path(__file__).parents[1] / "data" / "statutory_days.json").read_text()
)
OFF, WORK = (
    frozenset(map(date.fromisoformat, CALENDAR[key])) for key in ("off", "work")
)


def is_working(day):
    return day in WORK or (day.weekday() < 5 and day not in OFF)


class TestWorkingDays(BaseCase):
    def test_twenty_working_days_over_the_great_holidays(self):
        for start, deadline in (
            # Counted by hand on the State Council's calendars.
            (
                date(2020, 1, 17),
                date(2020, 2, 21),
            ),  # Sunday 19 January works, holiday prolonged
            (
                date(2020, 9, 25),
                date(2020, 10, 29),
            ),  # Sunday 27 September, Saturday 10 October
            (date(2024, 2, 2), date(2024, 3, 6)),  # Sundays 4 and 18 February work
            (
                date(2024, 9, 27),
                date(2024, 10, 30),
            ),  # Sunday 29 September, Saturday 12 October
            (
                date(2025, 1, 24),
                date(2025, 2, 27),
            ),  # Sunday 26 January, Saturday 8 February
            (
                date(2025, 9, 26),
                date(2025, 10, 30),
            ),  # Sunday 28 September, Saturday 11 October
        ):
            with self.subTest(start=start):
                self.assertEqual(deadline, add_working_days(start, 20, is_working))

    def test_every_start_in_six_years_agrees_with_a_list_of_working_days(self):
        days = [date(2020, 1, 1) + timedelta(days=step) for step in range(2192)]
        working = [day for day in days if is_working(day)]
        for start in days[:-60]:
            first = bisect_right(working, start)
            for count in (1, 5, 20):
                deadline = add_working_days(start, count, is_working)
                self.assertEqual(working[first + count - 1], deadline)

    def test_the_start_does_not_count_whether_it_is_a_working_day_or_not(self):
        friday, saturday, monday = (
            date(2024, 6, 21),
            date(2024, 6, 22),
            date(2024, 6, 24),
        )
        self.assertEqual(monday, add_working_days(friday, 1, is_working))
        self.assertEqual(monday, add_working_days(saturday, 1, is_working))

    def test_no_days_are_over_at_once_and_negative_ones_are_refused(self):
        holiday = date(2025, 10, 1)
        self.assertEqual(holiday, add_working_days(holiday, 0, is_working))
        with self.assertRaises(ValueError):
            add_working_days(holiday, -1, is_working)

    def test_a_calendar_without_working_days_ends_in_an_error(self):
        with self.assertRaises(OverflowError):
            add_working_days(date.max - timedelta(days=3), 1, lambda day: False)
