"""What one worker asks of a system at once, and what a 429 of one request means for the others."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest

from shared.connectors import dynamics
from shared.connectors.dynamics.batch import Part
from shared.connectors.dynamics.calls import Calls
from shared.connectors.rest import UNSAID_SHUT, Rest, Verdicts
from shared.connectors.turnstile import LONGEST_TURN, Turnstile
from shared.domain.policy import Policy
from shared.errors import CosellError, Throttled
from shared.platform.identity import StaticTokens
from tests.fakes import virtual
from tests.fakes.store import FakeClock

LATENCY = 0.1  # seconds


class Server:
    """Answers each path after its time; `/429/57` with that status and Retry-After, `/hang` never."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.busy = self.most = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            await asyncio.sleep(3600 if request.url.path == "/hang" else LATENCY)
        finally:
            self.busy -= 1
        _, _, seconds = request.url.path.partition("/429")
        headers = {"Retry-After": seconds[1:]} if seconds[1:] else {}
        return httpx.Response(429 if "429" in request.url.path else 200, headers=headers, text="{}")

    def rest(self, most: int = 1_000, **over: Any) -> Rest:
        given: dict[str, Any] = {
            "system": "Example",
            "base_url": "https://api.example.com",
            "scope": "",
            "tokens": StaticTokens("t"),
            "client": httpx.AsyncClient(transport=httpx.MockTransport(self)),
            "verdicts": Verdicts(),
            "turnstile": Turnstile(most, tick=now),
        }
        return Rest(**(given | over))


def now() -> float:
    return asyncio.get_running_loop().time()


async def ended(call: Coroutine[Any, Any, Any]) -> tuple[str, float]:
    """How a call ended, and when."""
    try:
        await call
    except CosellError as error:
        return type(error).__name__.strip("_"), round(now(), 3)
    return "ok", round(now(), 3)


async def shut_and_opened(rest: Rest) -> None:
    """A 429 of one second, and that second."""
    await all_of(rest, "429/1", attempts=1)
    await asyncio.sleep(1)


async def all_of(rest: Rest, *paths: str, **options: Any) -> list[tuple[str, float]]:
    return list(await asyncio.gather(*(ended(rest.call("POST", path, **options)) for path in paths)))


def test_no_more_than_its_share_at_once_and_in_turn() -> None:
    """A worker never has more requests under way than its share, and who came first goes first."""
    server = Server()

    async def work() -> list[tuple[str, float]]:
        return await all_of(server.rest(2), *"abcde")

    assert virtual.run(work()) == [("ok", 0.1), ("ok", 0.1), ("ok", 0.2), ("ok", 0.2), ("ok", 0.3)]
    assert server.most == 2
    assert server.asked == ["/a", "/b", "/c", "/d", "/e"]


def test_waiting_for_a_turn_is_not_the_calls_own_time() -> None:
    """A call's limit begins with its turn: nine calls before it do not make it fail."""

    async def work() -> list[tuple[str, float]]:
        return await all_of(Server().rest(1, longest=1.5 * LATENCY), *"abcdefghij")

    assert virtual.run(work())[-1] == ("ok", 1.0)


def test_a_turn_that_does_not_come_is_no_effect_and_no_pause() -> None:
    """What waited in vain was not sent: neither Unavailable, whose effect is open, nor Throttled, which stops all."""
    server = Server()

    async def work() -> list[tuple[str, float]]:
        return await all_of(server.rest(1), "hang", "b")

    assert virtual.run(work()) == [("Unavailable", 60.0), ("Transient", LONGEST_TURN)]
    assert server.asked == ["/hang"]


def test_a_call_and_its_turn_fit_into_the_lease() -> None:
    """A write that begins in time has ended before its intent's lease does, its wait for a turn included."""
    longest = Server().rest().longest + LONGEST_TURN
    assert longest <= Policy().longest_call < Policy().lease


def test_a_429_stops_the_requests_of_all() -> None:
    """After one request was told to wait, no other one is sent: each is Throttled with the seconds that are left."""
    server = Server()

    async def work() -> None:
        rest = server.rest(1)
        assert await all_of(rest, "429/57", "b", "c") == [("Throttled", 0.1), ("Shut", 0.1), ("Shut", 0.1)]
        await asyncio.sleep(20)
        with pytest.raises(Throttled, match="nothing was sent") as caught:
            await rest.call("GET", "d")
        assert caught.value.retry_after == pytest.approx(37)
        await asyncio.sleep(38)
        await rest.call("GET", "e")

    virtual.run(work())
    assert server.asked == ["/429/57", "/e"]


def test_a_success_does_not_open_it_early() -> None:
    """An answer to what was sent before the 429 says nothing about what would be sent after it."""
    server = Server()

    async def work() -> list[tuple[str, float]]:
        rest = server.rest()
        refused = asyncio.ensure_future(ended(rest.call("GET", "429/57")))
        await asyncio.sleep(LATENCY / 2)
        before = asyncio.ensure_future(ended(rest.call("GET", "before")))
        found = [await refused, await before]
        return [*found, *await all_of(rest, "after")]

    assert virtual.run(work()) == [("Throttled", 0.1), ("ok", 0.15), ("Shut", 0.15)]
    assert "/after" not in server.asked


def test_of_two_times_the_later_one_stands() -> None:
    """A shorter Retry-After that arrives later does not shorten the longer one."""
    server = Server()

    async def work() -> list[tuple[str, float]]:
        rest = server.rest()
        await all_of(rest, "429/57", "429/10")
        await asyncio.sleep(30)
        return await all_of(rest, "after")

    assert virtual.run(work())[0][0] == "Shut"


def test_a_moment_is_waited_out_by_everybody() -> None:
    """A Retry-After of seconds costs each call a wait and nobody an error, and nobody is sent in between."""
    server = Server()

    async def work() -> list[tuple[str, float]]:
        rest = server.rest()
        refused = asyncio.ensure_future(ended(rest.call("GET", "429/2", attempts=1)))
        await asyncio.sleep(LATENCY + 1)
        return [*await all_of(rest, "b", "c"), await refused]

    assert virtual.run(work()) == [("ok", 2.2), ("ok", 2.3), ("Throttled", 0.1)]


def test_a_moment_that_comes_again_and_again_is_not_waited_for() -> None:
    """One call waits five seconds in all for others' sake, however often the time is put off."""
    server = Server()

    async def work() -> list[tuple[str, float]]:
        rest = server.rest()
        rest.turnstile.shut(3)
        waiting = asyncio.ensure_future(ended(rest.call("GET", "b")))
        await asyncio.sleep(2)
        rest.turnstile.shut(4)
        return [await waiting]

    assert virtual.run(work()) == [("Shut", 3.0)]
    assert server.asked == []


def test_one_goes_first_when_it_opens() -> None:
    """After a 429 one request goes ahead, and each time that all were answered one more may be under way at once."""
    server = Server()

    async def work() -> list[tuple[str, float]]:
        rest = server.rest()
        await shut_and_opened(rest)
        return await all_of(rest, *"abcdefgh")

    times = [at for _, at in virtual.run(work())]
    assert times == [1.2, 1.3, 1.3, 1.4, 1.4, 1.5, 1.5, 1.5]


def test_what_was_sent_before_a_429_makes_nobody_faster() -> None:
    """Only an answer to what was sent after it opened lets more go at once."""
    server = Server()

    async def work() -> list[tuple[str, float]]:
        rest = server.rest()
        refused = asyncio.ensure_future(all_of(rest, "429/1", attempts=1))
        await asyncio.sleep(LATENCY / 2)
        await all_of(rest, *"abcdef")
        await refused
        await asyncio.sleep(1)
        return await all_of(rest, "g", "h")

    assert virtual.run(work()) == [("ok", 1.25), ("ok", 1.35)]


def test_whoever_follows_a_refused_one_is_not_sent() -> None:
    """What was refused together is not refused together again: the one ahead is told for all."""
    server = Server()

    async def work() -> list[tuple[str, float]]:
        rest = server.rest()
        await shut_and_opened(rest)
        return await all_of(rest, "429/57", *"bcd")

    assert virtual.run(work()) == [("Throttled", 1.2), ("Shut", 1.2), ("Shut", 1.2), ("Shut", 1.2)]
    assert server.asked == ["/429/1", "/429/57"]


def test_a_slow_one_ahead_holds_nobody_up() -> None:
    """A refusal comes at once: after five seconds without one the others go, and those after them wait for nobody."""
    server = Server()

    async def work() -> list[tuple[str, float]]:
        rest = server.rest()
        await shut_and_opened(rest)
        first = asyncio.ensure_future(ended(rest.call("GET", "hang", attempts=1)))
        found = await all_of(rest, "b", "hang", "c")
        return [*found, *await all_of(rest, "d"), await first]

    assert virtual.run(work())[:3] == [("ok", 6.2), ("Unavailable", 61.1), ("ok", 6.2)]


def test_if_the_one_ahead_gives_up_another_one_goes() -> None:
    """A cancelled request says nothing, so the next one goes ahead in its place."""
    server = Server()

    async def work() -> list[tuple[str, float]]:
        rest = server.rest()
        await shut_and_opened(rest)
        first = asyncio.ensure_future(ended(rest.call("GET", "hang")))
        others = asyncio.ensure_future(all_of(rest, "b", "c"))
        await asyncio.sleep(1)
        first.cancel()
        return await others

    assert virtual.run(work()) == [("ok", 2.2), ("ok", 2.3)]


def test_a_refusal_ends_the_wait_for_room() -> None:
    """Who waits behind a slow request hears of a 429 at once, and the pace after it is a careful one all the same."""

    async def work() -> tuple[float, bool]:
        turnstile = Turnstile(tick=now)
        turnstile.shut(0)
        async with turnstile.through():
            waiting = asyncio.ensure_future(turnstile.thinned(5))
            await asyncio.sleep(1)
            async with turnstile.through():
                turnstile.shut(57)
            await waiting
            return now(), turnstile.crowded

    assert virtual.run(work()) == (1.0, True)


def test_a_429_that_names_no_time_stops_all_for_half_a_minute() -> None:
    """Without a Retry-After the others stay away for as long as the pause of the whole system lasts."""

    async def work() -> float:
        rest = Server().rest()
        await all_of(rest, "429")
        return rest.turnstile.shut_for

    assert virtual.run(work()) == UNSAID_SHUT


def test_a_throttled_part_of_a_batch_stops_all() -> None:
    """A 429 inside a $batch, which itself succeeded, is a 429."""
    server = Server()

    async def work() -> float:
        rest = server.rest()
        part = Part(status=429, headers={"retry-after": "57"}, body=b"")
        with pytest.raises(Throttled):
            Calls(rest=rest, tag="", new_id=str).check([part])
        return rest.turnstile.shut_for

    assert virtual.run(work()) == 57


def test_whoever_gives_up_leaves_his_place_to_the_next() -> None:
    """Cancelling a call that is under way, or one that waits for its turn, loses no place."""
    server = Server()

    async def work() -> list[tuple[str, float]]:
        rest = server.rest(1)
        calls = [asyncio.ensure_future(ended(rest.call("GET", path))) for path in ("hang", "b", "c")]
        await asyncio.sleep(1)
        calls[1].cancel()
        calls[0].cancel()
        return [await calls[2], *await all_of(rest, "d")]

    assert virtual.run(work()) == [("ok", 1.1), ("ok", 1.2)]
    assert server.asked == ["/hang", "/c", "/d"]


def test_dataverse_gets_the_share_that_the_settings_say() -> None:
    """`DATAVERSE_CONCURRENCY` is what a gateway to Dataverse keeps to."""
    server = Server()

    async def work() -> None:
        gateway = dynamics.connect(
            dynamics.Config(url="https://contoso.example.com", concurrency=3),
            client=httpx.AsyncClient(transport=httpx.MockTransport(server)),
            tokens=StaticTokens("t"),
            clock=FakeClock(),
        )
        await asyncio.gather(*(gateway.calls.get("x", {}) for _ in range(7)))

    virtual.run(work())
    assert server.most == 3
