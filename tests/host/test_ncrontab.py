"""NCRONTAB schedules: which are refused, and when the others are due."""

from datetime import UTC, datetime

import pytest

from sandbox.host.ncrontab import parse


@pytest.mark.parametrize(
    ("text", "after", "due"),
    [
        ("0 */5 * * * *", "2026-03-01 10:04:59", "2026-03-01 10:05:00"),
        ("0 */5 * * * *", "2026-03-01 10:05:00", "2026-03-01 10:10:00"),
        ("*/15 * * * * *", "2026-12-31 23:59:50", "2027-01-01 00:00:00"),
        ("0 30 9 * * Mon-Fri", "2026-03-06 09:30:00", "2026-03-09 09:30:00"),
        ("0 0 0 * * 0", "2026-03-02 00:00:00", "2026-03-08 00:00:00"),
        ("0 0 0 * * sunday", "2026-03-02 00:00:00", "2026-03-08 00:00:00"),
        ("0 0 0 29 2 *", "2026-03-01 00:00:00", "2028-02-29 00:00:00"),
        ("0 0 12 1,15 JAN,jul *", "2026-01-15 12:00:00", "2026-07-01 12:00:00"),
        ("5/20 0 0 * * *", "2026-03-01 00:00:05", "2026-03-01 00:00:25"),
        ("0 10-20/5 * * * *", "2026-03-01 10:20:00", "2026-03-01 11:10:00"),
        ("*/5 * * * *", "2026-03-01 10:04:59", "2026-03-01 10:05:00"),
        ("0 0 0 13 * 5", "2026-03-14 00:00:00", "2026-11-13 00:00:00"),
    ],
)
def test_a_schedule_is_due_next(text: str, after: str, due: str) -> None:
    """Steps, lists, ranges and names are read, both day fields count, and a due moment is over once it is reached."""
    found = parse(text).next_after(datetime.fromisoformat(after).replace(tzinfo=UTC))

    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * * *",
        "60 * * * * *",
        "* * 24 * * *",
        "* * * 0 * *",
        "* * * * 13 *",
        "* * * * * 7",
        "* * * * Foo *",
        "*/0 * * * * *",
        "*/x * * * * *",
        "30-10 * * * * *",
        "1- * * * * *",
        "-1 * * * * *",
        "0 0 0 31 2 *",
        "00:05:00",
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    """A wrong number of fields, values out of range and dates that never come are errors at start."""
    with pytest.raises(ValueError, match=r"NCRONTAB|second|minute|hour|day|month|week|never"):
        parse(text)
