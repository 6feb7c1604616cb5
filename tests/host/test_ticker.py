"""Timers: on time by a clock of the test's own, one run at a time."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.host.calls import Outcome, Succeeded, TimerCall
from sandbox.host.functions import TimerTrigger
from sandbox.host.ticker import Ticker
from tests.host.conftest import Start
from tests.host.support import MASTER, Running, until

START = datetime(2026, 3, 1, 10, 4, 50, tzinfo=UTC)


class Clock:
    """Stands still but for the sleeps, and ends the test after the wanted number of runs."""

    def __init__(self, runs: int) -> None:
        self.now = START
        self.runs: list[datetime] = []
        self._wanted = runs

    def read(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def run(self, call: TimerCall) -> Outcome:
        assert call.next > self.now
        self.runs.append(self.now)
        self.now += timedelta(seconds=1)
        if len(self.runs) == self._wanted:
            raise asyncio.CancelledError
        return Succeeded()


@pytest.mark.parametrize(
    ("schedule", "on_startup", "expected"),
    [
        ("0 */5 * * * *", False, ["10:05:00", "10:10:00", "10:15:00"]),
        ("0 */5 * * * *", True, ["10:04:50", "10:05:00", "10:10:00"]),
        ("* * * * * *", False, ["10:04:51", "10:04:53", "10:04:55"]),
    ],
)
async def test_a_timer_runs_on_its_schedule(schedule: str, *, on_startup: bool, expected: list[str]) -> None:
    """Runs are on the second, at start if asked, and what a long run missed is not made up for."""
    clock = Clock(len(expected))
    ticker = Ticker(TimerTrigger(schedule, on_startup), clock.run, now=clock.read, sleep=clock.sleep)
    with pytest.raises(asyncio.CancelledError):
        await ticker.serve()

    assert [f"{moment:%H:%M:%S}" for moment in clock.runs] == expected


async def test_a_timer_runs_on_demand(start: Start) -> None:
    """The admin endpoint runs a timer function at once, whatever its schedule says."""
    async with start() as app:
        answer = await app.http.post("/admin/functions/tick", headers=MASTER)
        await until(lambda: _ticked(app))

        assert answer.status_code == 202
        assert app.seen[0]["past_due"] is False
        assert set(app.seen[0]["status"]) == {"Last", "Next", "LastUpdated"}


async def test_a_due_timer_runs_by_itself(start: Start) -> None:
    """Inside a host, a schedule of every second needs no push."""
    async with start(TICK="* * * * * *") as app:
        await until(lambda: _ticked(app))


async def _ticked(app: Running) -> bool:
    return bool(app.seen)
