"""The simulator's own 429: a window of calls whose numbers a test chooses, since the vendor's are not public."""

from __future__ import annotations

import httpx
import pytest

from tests.contract.sandbox_partner_center import BASE, REFERRALS, Sandbox, sandbox


async def asked(box: Sandbox, times: int) -> list[tuple[int, str | None]]:
    """Status and Retry-After of so many lists."""
    answers: list[httpx.Response] = [await box.client.get(REFERRALS) for _ in range(times)]
    return [(answer.status_code, answer.headers.get("retry-after")) for answer in answers]


async def test_a_window_of_calls_is_full_and_empties() -> None:
    """Beyond its requests the window answers 429 with the seconds until it takes one again, and then does."""
    async with sandbox() as box:
        await box.control("limits", {"requests": 2, "window": 30})
        assert await asked(box, 3) == [(200, None), (200, None), (429, "30")]
        await box.control("clock", {"advance": 30})
        assert await asked(box, 1) == [(200, None)]


async def test_a_refused_call_counts() -> None:
    """Whoever asks again at once has to wait for longer: the refused calls fill the window too."""
    async with sandbox() as box:
        await box.control("limits", {"requests": 2, "window": 30})
        await asked(box, 2)
        await box.control("clock", {"advance": 20})
        assert await asked(box, 3) == [(429, "10"), (429, "10"), (429, "30")]


async def test_there_is_no_limit_until_somebody_sets_one() -> None:
    """Nothing is refused at start, nor after a reset."""
    async with sandbox() as box:
        assert await asked(box, 3) == [(200, None)] * 3
        await box.control("limits", {"requests": 1})
        await box.control("reset", {})
        assert await asked(box, 3) == [(200, None)] * 3


@pytest.mark.parametrize("body", [{"nosuch": 1}, {"requests": "many"}, {"requests": True}])
async def test_a_limit_is_two_numbers(body: dict[str, object]) -> None:
    """A mistake in a limit is the caller's, and changes nothing."""
    async with sandbox() as box:
        answer = await box.client.post(f"{BASE}/control/limits", json=body)
        assert answer.status_code == 400
        assert await asked(box, 3) == [(200, None)] * 3
