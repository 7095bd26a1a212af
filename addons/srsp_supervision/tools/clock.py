"""Legal time: dates and times in Beijing, whatever the time zone of the user or the machine."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")  # the legal time of the whole country


def today() -> date:
    """Return today's date in Beijing, from which every legal date and deadline counts."""
    return datetime.now(BEIJING).date()


def beijing_date(moment: datetime) -> date:
    """Return the date in Beijing of a UTC time without a time zone, as a database holds it."""
    return moment.replace(tzinfo=UTC).astimezone(BEIJING).date()


def beijing_midnight(day: date) -> datetime:
    """Return the beginning of a day in Beijing, as a UTC time without a time zone."""
    return datetime.combine(day, time(), BEIJING).astimezone(UTC).replace(tzinfo=None)


def beijing_time(moment: datetime) -> str:
    """Return a UTC time without a time zone as Beijing time, ``2025-01-31 08:00``."""
    return moment.replace(tzinfo=UTC).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")


def iso(moment: datetime) -> str:
    """Return a UTC time without a time zone as ISO 8601 text to the second, ``2026-03-20T01:30:00Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
