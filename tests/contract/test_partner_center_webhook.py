"""What Partner Center delivers is believed and understood however it is signed, and the webhook displaces nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from cryptography.x509 import Certificate, load_pem_x509_certificates

from shared.connectors.partner_center.certificates import fetching
from shared.connectors.partner_center.events import hear
from shared.connectors.partner_center.registration import EVENTS
from shared.connectors.partner_center.verifier import AIA_HOSTS, ISSUER, Verifier
from shared.domain.registering import Step
from shared.domain.subscription import Subscription
from shared.errors import BadEvent
from shared.messages import Look, Signal
from tests.contract.partner_center_bench import PartnerCenterBench, open_bench

OURS = "http://127.0.0.1:7071/api/partner-center/events"


@pytest.fixture
async def bench() -> AsyncIterator[PartnerCenterBench]:
    async with open_bench() as bench:
        yield bench


def roots(bench: PartnerCenterBench) -> tuple[Certificate, ...]:
    return tuple(load_pem_x509_certificates(bench.app.state.certificates.root_pem))


def verifier(bench: PartnerCenterBench, **over: Any) -> Verifier:
    given: dict[str, Any] = {
        "hosts": ["127.0.0.1"],
        "aia_hosts": [*AIA_HOSTS, "127.0.0.1"],
        "issuer": ISSUER,
        "roots": roots(bench),
        "download": fetching(bench.client),
        "clock": bench.clock,
    }
    return Verifier(**(given | over))


async def heard(bench: PartnerCenterBench, check: Verifier) -> list[Signal]:
    signals = []
    for call in await bench.events():
        await check.verify(call.headers, call.content)
        if signal := hear(call.content, "cosell").signal:
            signals.append(signal)
    return signals


@pytest.mark.parametrize("certificate", ["leaf", "bundle"])
@pytest.mark.parametrize("own_header", [True, False])
async def test_every_way_of_signing_is_believed(
    bench: PartnerCenterBench,
    certificate: str,
    own_header: bool,  # noqa: FBT001  a parameter of the table
) -> None:
    """A leaf with AIA or a bundle, `x-ms-signature` or Authorization: the event is verified and names its referral."""
    await bench.switch(certificate=certificate)
    await bench.registration.ensure(OURS, signature_in_own_header=own_header)
    made = await bench.referral("portal")
    (signal,) = await heard(bench, verifier(bench))

    assert (signal.look, signal.id) == (Look.REFERRAL, made["id"])


@pytest.mark.parametrize("whose", ["related", "own"])
async def test_microsofts_side_is_announced_as_related(bench: PartnerCenterBench, whose: str) -> None:
    """A change of Microsoft's referral wakes the co-sell flow, whichever referral's id the event carries."""
    await bench.switch(related_event_id=whose)
    await bench.registration.ensure(OURS)
    made = await bench.referral("inbound")
    await bench.events()
    answered = await bench.control(
        "POST", f"engagements/{made['engagementId']}/microsoft", {"statusReason": "a note", "msxId": "7-X"}
    )
    (signal,) = await heard(bench, verifier(bench))

    assert (signal.look, signal.id) == (Look.COSELL, (answered if whose == "related" else made)["id"])


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ("expired", "is valid from"),
        ("wrong-org", "O=Microsoft Corporation"),
        ("self-signed", "nobody trusted issued it"),
    ],
)
async def test_a_wrong_certificate_is_refused(bench: PartnerCenterBench, certificate: str, reason: str) -> None:
    """A good signature by a certificate that is expired, another organisation's or nobody's is 401, with the reason."""
    await bench.registration.ensure(OURS)
    made = await bench.referral("portal")
    await bench.events()
    await bench.control("POST", "events", {"event": "referral-updated", "id": made["id"], "certificate": certificate})
    (call,) = await bench.events()
    with pytest.raises(BadEvent, match=reason) as caught:
        await verifier(bench).verify(call.headers, call.content)

    assert caught.value.status == 401


async def test_a_chain_to_a_root_that_is_not_ours_is_refused(bench: PartnerCenterBench) -> None:
    """Without the sandbox's root, its chain leads nowhere."""
    await bench.registration.ensure(OURS)
    await bench.referral("portal")
    (call,) = await bench.events()
    with pytest.raises(BadEvent, match="nobody trusted issued it"):
        await verifier(bench, roots=()).verify(call.headers, call.content)


async def test_many_events_cost_two_downloads(bench: PartnerCenterBench) -> None:
    """The certificate and its issuer are fetched once for a stream of events."""
    await bench.registration.ensure(OURS)
    for _ in range(5):
        await bench.referral("portal")
    assert len(await heard(bench, verifier(bench))) == 5

    fetched = {route: n for route, n in (await bench.requests()).items() if "/cert/" in route or "/aia/" in route}
    assert list(fetched.values()) == [1, 1]


@pytest.mark.parametrize("missing", ["404", "empty"])
async def test_the_webhook_is_registered_once(bench: PartnerCenterBench, missing: str) -> None:
    """Nothing registered (in either form) gives a POST; the same again changes nothing."""
    await bench.switch(registration_missing=missing, registration_exists="409")
    first, second = await bench.registration.ensure(OURS), await bench.registration.ensure(OURS)

    assert (first.step, first.displaced, second.step) == (Step.REGISTERED, None, Step.UNCHANGED)
    assert (await bench.requests())["POST /webhooks/v1/registration"] == 1
    assert "PUT /webhooks/v1/registration" not in await bench.requests()


async def test_another_integrations_events_stay(bench: PartnerCenterBench) -> None:
    """A tenant has one registration: who overwrites it keeps its other events, and the displaced address is named."""
    billing = "http://127.0.0.1:9/billing"
    await bench.registration.ensure(billing, ["invoice-ready"])
    refused, ensured = await bench.registration.ensure(OURS), await bench.registration.ensure(OURS, overwrite=True)
    displaced = Subscription(url=billing, events=("invoice-ready",))

    assert (refused.step, refused.displaced) == (Step.TAKEN, displaced)
    assert (ensured.step, ensured.displaced) == (Step.REGISTERED, displaced)
    assert await bench.registration.current() == Subscription(url=OURS, events=("invoice-ready", *EVENTS))


async def test_the_registration_needs_its_own_audience(bench: PartnerCenterBench) -> None:
    """Referrals and webhooks are two audiences: each client asks for its own token."""
    await bench.registration.current()
    await bench.gateway.ping()

    assert [scope.split("/")[2] for scope, _ in bench.tokens.asked][:2] == [
        "api.partnercenter.microsoft.com",
        "api.partner.microsoft.com",
    ]


async def test_a_lowered_header_is_the_same(bench: PartnerCenterBench) -> None:
    """Header names have no case, in whatever mapping they come."""
    await bench.registration.ensure(OURS)
    await bench.referral("portal")
    (call,) = await bench.events()
    for change in (str.upper, str.lower):
        headers = {change(name): text for name, text in httpx.Headers(call.headers).items()}
        await verifier(bench).verify(headers, call.content)
