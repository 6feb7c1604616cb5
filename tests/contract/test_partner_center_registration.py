"""A tenant has one registration: nobody is displaced unasked, whatever the API answers, and a test event proves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from shared.connectors.partner_center import Config, connect_webhook
from shared.connectors.partner_center.registration import EVENTS, TEST_EVENT
from shared.connectors.partner_center.validation import WAITS, Result, ended
from shared.connectors.partner_center.webhook import Webhook
from shared.domain.registering import Proven, Step
from shared.domain.subscription import Standing, Subscription
from shared.errors import AccessLost, Misconfigured, Refused
from tests.contract.partner_center_bench import BASE, PartnerCenterBench, open_bench

HERE = "http://127.0.0.1:7071"
OURS = f"{HERE}/api/partner-center/events"
BILLING = "https://billing.example.com/hook?sig=hush"
SOME = EVENTS[:2]
BOTH = (*EVENTS, TEST_EVENT)
GET, POST, PUT = (f"{method} /webhooks/v1/registration" for method in ("GET", "POST", "PUT"))
TEST = "POST /webhooks/v1/registration/validationEvents"
either_missing = pytest.mark.parametrize("missing", ["404", "empty"])
either_exists = pytest.mark.parametrize("exists", ["overwrite", "409"])


@pytest.fixture
async def bench() -> AsyncIterator[PartnerCenterBench]:
    async with open_bench() as bench:
        yield bench


def webhook(bench: PartnerCenterBench, **over: Any) -> Webhook:
    """This installation's, whose waits let the simulator deliver."""

    async def sleep(seconds: float) -> None:
        bench.slept.append(seconds)
        await bench.app.state.sender.idle()

    made = connect_webhook(
        Config(webhook_api_url=BASE),
        address=HERE,
        live=True,
        dry_run=False,
        client=bench.client,
        tokens=bench.tokens,
        sleep=sleep,
        tick=lambda: bench.clock.now().timestamp(),
    )
    return replace(made, **over)


async def held(bench: PartnerCenterBench) -> Subscription | None:
    return await bench.registration.current()


async def calls(bench: PartnerCenterBench) -> dict[str, int]:
    """What was asked of the webhook API."""
    return {name: count for name, count in (await bench.requests()).items() if "/webhooks/" in name}


# --- who is registered ------------------------------------------------------------------------------------------------


@either_missing
@either_exists
async def test_nobody_is_displaced_unasked(bench: PartnerCenterBench, missing: str, exists: str) -> None:
    """Another integration's registration is left as it is, with the words what it would lose, by one read alone."""
    await bench.switch(registration_missing=missing, registration_exists=exists)
    await bench.registration.ensure(BILLING, ["invoice-ready"])
    before = await calls(bench)
    done = await webhook(bench).register()

    assert (done.step, done.displaced) == (Step.TAKEN, Subscription(url=BILLING, events=("invoice-ready",)))
    assert "invoice-ready to https://billing.example.com/hook," in done.reason
    assert "hush" not in done.reason
    assert await held(bench) == done.displaced
    assert {name: count - before.get(name, 0) for name, count in (await calls(bench)).items()} == {POST: 0, GET: 2}


@either_exists
async def test_overwriting_displaces_and_keeps_the_events(bench: PartnerCenterBench, exists: str) -> None:
    """Where it is allowed, the address becomes ours and the displaced one is named; its events stay subscribed to."""
    await bench.switch(registration_exists=exists)
    await bench.registration.ensure(BILLING, ["invoice-ready"])
    done = await webhook(bench).register(overwrite=True)

    assert (done.step, done.displaced) == (Step.REGISTERED, Subscription(url=BILLING, events=("invoice-ready",)))
    assert await held(bench) == Subscription(url=OURS, events=("invoice-ready", *BOTH))
    assert done.proof.state is Proven.DELIVERED


async def test_foreign_events_at_our_address_stay(bench: PartnerCenterBench) -> None:
    """Registering adds to what points here, displaces nobody and takes no event away."""
    await bench.registration.ensure(OURS, ["invoice-ready"])
    done = await webhook(bench).register(SOME)

    assert (done.step, done.displaced) == (Step.REGISTERED, None)
    assert await held(bench) == Subscription(url=OURS, events=("invoice-ready", *SOME, TEST_EVENT))


async def test_the_same_address_in_other_words_is_ours(bench: PartnerCenterBench) -> None:
    """A key that somebody put into the address, or capital letters, make no other address, and nothing is written."""
    spelt = OURS.replace("127.0.0.1", "localhost").replace("/api", "/API") + "?code=old"
    await bench.registration.ensure(spelt, BOTH)
    done = await webhook(bench, address="http://localhost:7071").register()

    assert (done.step, done.displaced) == (Step.UNCHANGED, None)
    assert PUT not in await calls(bench)


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_who_registers_in_between_is_seen(bench: PartnerCenterBench, method: str) -> None:
    """A POST that meets a registration, or a PUT that meets none, looks again before anything is written over."""
    asked: list[str] = []
    ours, theirs = ({"WebhookUrl": url, "WebhookEvents": ["invoice-ready"]} for url in (OURS, BILLING))
    looks = {"POST": [None, theirs], "PUT": [ours, None]}[method]

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        if request.method == "GET":
            shown = looks.pop(0)
            return httpx.Response(200, json=shown) if shown else httpx.Response(404, json={})
        if request.method == method:
            return httpx.Response(409 if method == "POST" else 404, json={"description": "not now"})
        return httpx.Response(200, json={})

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as client:
        registration = replace(bench.registration, rest=replace(bench.registration.rest, client=client))
        ensured = await registration.ensure(OURS)

    found = {"POST": (Step.TAKEN, ["GET", "POST", "GET"]), "PUT": (Step.REGISTERED, ["GET", "PUT", "GET", "POST"])}
    assert (ensured.step, asked) == found[method]


async def test_neither_way_of_writing_is_tried_for_ever(bench: PartnerCenterBench) -> None:
    """An API that refuses a POST as too late and a PUT as too early ends in words, after four calls."""
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response({"GET": 404, "POST": 409, "PUT": 404}[request.method], json={})

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as client:
        registration = replace(bench.registration, rest=replace(bench.registration.rest, client=client))
        with pytest.raises(Refused, match="somebody else"):
            await registration.ensure(OURS)

    assert asked == ["GET", "POST", "GET", "PUT"]


# --- what this installation may do ------------------------------------------------------------------------------------


async def test_test_mode_never_touches_the_registration(bench: PartnerCenterBench) -> None:
    """A staging copy would take the live installation's events: refused without a single call, overwrite or not."""
    done = await webhook(bench, live=False).register(overwrite=True)

    assert (done.step, "MODE is test" in done.reason) == (Step.FORBIDDEN, True)
    assert await calls(bench) == {}


@pytest.mark.parametrize("live", [True, False])
async def test_a_dry_run_reports_what_it_would_do(bench: PartnerCenterBench, *, live: bool) -> None:
    """What would be registered and displaced is told, in test mode too, by one read; no test event is sent."""
    await bench.registration.ensure(BILLING, ["invoice-ready"])
    before = await held(bench)
    done = await webhook(bench, live=live, dry_run=True).register(overwrite=True)

    assert (done.step, done.displaced, done.proof.state) == (Step.PLANNED, before, Proven.UNTRIED)
    assert done.wanted == Subscription(url=OURS, events=("invoice-ready", *BOTH))
    assert await held(bench) == before
    assert (await calls(bench)).keys() == {GET, POST}  # the POST is the other integration's own


async def test_an_app_that_knows_no_address_of_its_own_registers_none(bench: PartnerCenterBench) -> None:
    """The setting that is missing is named, and what is registered can be looked at all the same."""
    nowhere = webhook(bench, address="")
    with pytest.raises(Misconfigured, match="PUBLIC_URL"):
        await nowhere.register()

    assert (await nowhere.look()).standing is Standing.UNKNOWN
    assert POST not in await calls(bench)


async def test_an_address_that_is_not_taken_is_a_refusal(bench: PartnerCenterBench) -> None:
    """What Partner Center says of the address is repeated with the setting it comes from, and not tried another way."""
    with pytest.raises(Refused, match=r"https address.*Check PUBLIC_URL"):
        await webhook(bench, address="http://contoso.example.com").register()

    assert (await calls(bench)).get(PUT, 0) == 0
    assert await held(bench) is None


@either_missing
async def test_how_the_registration_stands_is_told(bench: PartnerCenterBench, missing: str) -> None:
    """Nothing, elsewhere, incomplete, ours: which events are missing or foreign and what to do, by one call each."""
    await bench.switch(registration_missing=missing)
    ours, found = webhook(bench), [await webhook(bench).look()]
    for url, events in ((BILLING, ["invoice-ready"]), (OURS, SOME), (OURS, BOTH)):
        await bench.registration.ensure(url, events, overwrite=True)
        found.append(await ours.look())

    nothing, elsewhere, incomplete, ready = found
    assert [one.standing for one in found] == ["nothing", "elsewhere", "incomplete", "ours"]
    assert (nothing.missing, nothing.foreign, nothing.held) == (EVENTS, (), None)
    assert (elsewhere.missing, elsewhere.foreign) == (EVENTS, ("invoice-ready",))
    assert (incomplete.missing, ready.missing, ready.foreign) == (EVENTS[2:], (), ("invoice-ready",))
    assert "no webhook is registered" in nothing.problem
    assert "events go to billing.example.com and not to 127.0.0.1:7071" in elsewhere.problem
    assert "related-referral-created, related-referral-updated" in incomplete.problem
    assert ready.problem == ""
    assert (await calls(bench))[GET] == 4 + 3  # a look each, and one before each registration


async def test_an_account_that_may_not_register_is_told_what_it_lacks(bench: PartnerCenterBench) -> None:
    """403 of this API is a missing consent to its own permission, which the Referrals API does not need."""
    await bench.control("POST", "faults", {"method": "GET", "path": "/webhooks/", "status": 403, "times": 1})
    with pytest.raises(AccessLost, match="Microsoft Partner Center \\(user_impersonation\\)"):
        await webhook(bench).look()


# --- the test event -------------------------------------------------------------------------------------------------


async def test_a_registration_is_proved_by_a_test_event(bench: PartnerCenterBench) -> None:
    """The test event is subscribed to, comes to the registered address, and its end is in the report."""
    done = await webhook(bench).register()
    (call,) = await bench.events()

    assert (done.step, done.proof.state) == (Step.REGISTERED, Proven.DELIVERED)
    assert (str(call.url), b"test-created" in call.content) == (OURS, True)
    counted = await calls(bench)
    assert (counted[GET], counted[POST], counted[TEST]) == (1, 1, 1)


async def test_an_unchanged_registration_is_proved_again(bench: PartnerCenterBench) -> None:
    """Registering again writes nothing and says whether the way is still open."""
    await webhook(bench).register()
    again = await webhook(bench).register()

    assert (again.step, again.proof.state) == (Step.UNCHANGED, Proven.DELIVERED)
    counted = await calls(bench)
    assert (counted[POST], counted[TEST], counted.get(PUT, 0)) == (1, 2, 0)


async def test_a_third_test_within_a_minute_is_no_failure(bench: PartnerCenterBench) -> None:
    """Two tests a minute is the limit: the third says to ask again, and what is registered can be looked at still."""
    ours = webhook(bench)
    for _ in range(2):
        await ours.register()
    limited, found = await ours.register(), await ours.look()
    bench.advance(61)
    later = await ours.register()

    assert (limited.step, limited.proof.state, found.standing) == (Step.UNCHANGED, Proven.UNTRIED, Standing.OURS)
    assert "ask again in a minute" in limited.proof.detail
    assert later.proof.state is Proven.DELIVERED


@pytest.mark.parametrize("delivered", [404, 401, 503])
async def test_a_test_that_does_not_arrive_says_why(bench: PartnerCenterBench, delivered: int) -> None:
    """The registration stands, and the report names the answer that the test event got and what to look at."""
    bench.app.state.sender.configure({"intervals": [0.0] * 9})
    bench.answers[:] = [delivered] * 10
    done = await webhook(bench).register()

    assert (done.step, done.proof.state) == (Step.REGISTERED, Proven.FAILED)
    assert OURS in done.proof.detail
    assert {404: "NotFound", 401: "Unauthorized", 503: "ServiceUnavailable"}[delivered] in done.proof.detail


async def test_a_test_that_takes_its_time_is_not_waited_for_long(bench: PartnerCenterBench) -> None:
    """After a quarter of a minute the answer is that there is no word yet, and nothing is undone."""
    await bench.control("POST", "webhooks", {"hold": True})
    done = await webhook(bench).register()

    assert (done.step, done.proof.state) == (Step.REGISTERED, Proven.PENDING)
    assert bench.slept == list(WAITS)
    assert sum(WAITS) <= 15
    assert (await held(bench)) == Subscription(url=OURS, events=BOTH)


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ({"method": "POST", "path": "validationEvents$", "status": 400}, Proven.UNTRIED),
        ({"method": "POST", "path": "validationEvents$", "kind": "reset_after"}, Proven.UNTRIED),
        ({"method": "GET", "path": "validationEvents/", "status": 403}, Proven.PENDING),
        ({"method": "GET", "path": "validationEvents/", "status": 404}, Proven.PENDING),
    ],
    ids=str,
)
async def test_a_test_that_goes_wrong_undoes_nothing(
    bench: PartnerCenterBench, fault: dict[str, Any], state: Proven
) -> None:
    """Whatever the test's own calls are answered, the registration is made and reported."""
    await bench.control("POST", "faults", {"times": 9, **fault})
    done = await webhook(bench).register()

    assert (done.step, done.proof.state) == (Step.REGISTERED, state)
    assert done.proof.detail
    assert (await held(bench)) == Subscription(url=OURS, events=BOTH)


@pytest.mark.parametrize(
    ("result", "state"),
    [
        ({"status": "completed", "results": [{"responseCode": "OK"}]}, Proven.DELIVERED),
        ({"Status": "Completed", "Results": [{"ResponseCode": "ok"}]}, Proven.DELIVERED),
        ({"status": "completed", "results": [{"responseCode": "Timeout"}, {"responseCode": "OK"}]}, Proven.DELIVERED),
        ({"status": "pending", "results": [{"responseCode": "OK"}]}, Proven.DELIVERED),
        ({"status": "completed", "callbackUrl": BILLING, "results": [{"responseCode": "OK"}]}, Proven.FAILED),
        ({"status": "completed", "results": [{"responseCode": "NotFound", "responseMessage": "no"}]}, Proven.FAILED),
        ({"status": "failed", "results": None}, Proven.FAILED),
        ({"status": "completed", "results": []}, Proven.FAILED),
        ({"status": "pending", "results": [{"responseCode": "NotFound"}]}, Proven.PENDING),
        ({"status": "pending", "results": []}, Proven.PENDING),
        ({}, Proven.PENDING),
    ],
    ids=str,
)
def test_the_result_of_a_test_is_understood(result: dict[str, Any], state: Proven) -> None:
    """One delivery is enough, only a final refusal is a failure, and a test that went elsewhere proves nothing."""
    proof = ended(Result.read(result), OURS)

    assert proof.state is state
    assert "hush" not in proof.detail


async def test_a_tests_id_stays_in_its_place(bench: PartnerCenterBench) -> None:
    """An id that would climb out of the address is never asked for."""
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(200, json={"correlationId": "../../customers"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as client:
        validation = webhook(bench).validation
        proof = await replace(validation, rest=replace(validation.rest, client=client)).prove(OURS)

    assert (proof.state, asked) == (Proven.UNTRIED, ["POST"])
