"""How long to wait before looking again: pure arithmetic, with the jitter handed in (0 to 1)."""

from __future__ import annotations

from datetime import timedelta

LAG = timedelta(minutes=10)  # a record that was announced and cannot be read yet is replication lag for so long
DEPLOYMENT = timedelta(days=1)  # no two releases run at once for longer: what only a newer one reads needs a person
TOO_OLD = timedelta(days=7)  # a delayed signal older than this needs a person


def soon(jitter: float) -> float:
    """After a conflict or a busy link: 2 to 10 seconds, so that rivals do not meet again."""
    return 2 + 8 * jitter


def lagging(age: timedelta) -> float:
    """After a look at what was announced and cannot be read yet: half a minute at first, then half its age more."""
    return max(30.0, age.total_seconds() / 2)


def transient(tries: int, retry_after: float | None, jitter: float) -> float:
    """After a transient failure: what the server asked for, else 15 s doubling to an hour, up to a quarter more."""
    base = retry_after if retry_after is not None else 15 * 2 ** min(tries, 8)
    return min(base, 3600.0) * (1 + jitter / 4)


def waiting(tries: int) -> timedelta:
    """Between two looks of heal at a deal that lacks data: a quarter of an hour, doubling to a day."""
    return min(timedelta(minutes=15 * int(2 ** min(tries, 7))), timedelta(days=1))
