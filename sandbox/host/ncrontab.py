"""Reads NCRONTAB schedules and tells when one is due next, in UTC.

Format: https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
Day of month and day of week must both match, other than in Unix cron.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import islice, product

# Spelt out: the calendar module's names follow the machine's language.
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
HORIZON = timedelta(days=366 * 8)  # 29 February comes back within eight years, also across 2100


@dataclass(frozen=True, kw_only=True)
class _Field:
    name: str
    low: int
    high: int
    words: Sequence[str] = ()


FIELDS = (
    _Field(name="second", low=0, high=59),
    _Field(name="minute", low=0, high=59),
    _Field(name="hour", low=0, high=23),
    _Field(name="day", low=1, high=31),
    _Field(name="month", low=1, high=12, words=MONTHS),
    _Field(name="day of week", low=0, high=6, words=DAYS),
)


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The values that each field allows."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def next_after(self, moment: datetime) -> datetime:
        """Give the first due second after this moment; raises ValueError when there is none."""
        after = moment.astimezone(UTC)
        for day in islice(self._dates(after), HORIZON.days):
            for hour, minute, second in product(self.hours, self.minutes, self.seconds):
                due = datetime.combine(day, time(hour, minute, second), UTC)
                if due > after:
                    return due
        raise ValueError("the schedule is never due")

    def _dates(self, after: datetime) -> Iterator[datetime]:
        for offset in range(HORIZON.days):
            day = after + timedelta(days=offset)
            if day.day in self.days and day.month in self.months and day.isoweekday() % 7 in self.weekdays:
                yield day


def parse(text: str) -> Schedule:
    """Read six fields, or five without seconds, as the platform does; raises ValueError naming the bad field."""
    parts = text.split()
    if len(parts) == len(FIELDS) - 1:
        parts = ["0", *parts]
    if len(parts) != len(FIELDS):
        raise ValueError(f"{text!r} is not an NCRONTAB schedule: it needs six fields, from seconds to day of week")
    seconds, minutes, hours, days, months, weekdays = (
        _values(field, part) for field, part in zip(FIELDS, parts, strict=True)
    )
    schedule = Schedule(
        seconds=seconds,
        minutes=minutes,
        hours=hours,
        days=frozenset(days),
        months=frozenset(months),
        weekdays=frozenset(weekdays),
    )
    schedule.next_after(datetime(2024, 1, 1, tzinfo=UTC))
    return schedule


def _values(field: _Field, text: str) -> tuple[int, ...]:
    return tuple(sorted({value for item in text.split(",") for value in _item(field, item)}))


def _item(field: _Field, item: str) -> range:
    bounds, slash, step_text = item.partition("/")
    step = _number(field, step_text, item) if slash else 1
    if step < 1:
        raise ValueError(f"{field.name} {item!r}: a step is at least 1")
    if bounds == "*":
        return range(field.low, field.high + 1, step)
    first_text, dash, last_text = bounds.partition("-")
    first = _value(field, first_text, item)
    # NCRONTAB reads "5/15" as "from 5 to the end, every 15".
    last = _value(field, last_text, item) if dash else (field.high if slash else first)
    if last < first:
        raise ValueError(f"{field.name} {item!r}: the range runs backwards")
    return range(first, last + 1, step)


def _value(field: _Field, text: str, item: str) -> int:
    for offset, word in enumerate(field.words):
        if len(text) >= 3 and word.startswith(text.lower()):
            return field.low + offset
    number = _number(field, text, item)
    if not field.low <= number <= field.high:
        raise ValueError(f"{field.name} {item!r}: {number} is not between {field.low} and {field.high}")
    return number


def _number(field: _Field, text: str, item: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{field.name} {item!r}: {text!r} is not a number")
    return int(text)
