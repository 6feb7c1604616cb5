"""Events that are not to be believed or understood: the status and the reason say why, and nothing is queued."""

from __future__ import annotations

import json

import pytest

from sandbox.dynamics.organization import ORGANIZATION
from tests.integration.bench import Bench

NOWHERE = "99999999-2222-4333-8444-555555555555"


@pytest.mark.parametrize(("certificate", "status"), [("expired", 401), ("wrong-org", 401), ("self-signed", 401)])
async def test_a_wrongly_signed_event_is_refused_and_queues_nothing(
    bench: Bench, certificate: str, status: int
) -> None:
    """Signed with a certificate that is not to be trusted: 401 with the reason, nothing on a queue."""
    await bench.people.control("partner_center", "POST", "webhooks", {"intervals": []})
    event = {"event": "referral-created", "id": NOWHERE, "certificate": certificate}
    await bench.people.portal("POST", "events", event)
    await bench.delivered()
    (answer,) = bench.refused

    assert answer.status == status
    assert answer.body["reason"]
    assert bench.signals.heap == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"EventName": "referral-created"}', b"\xff\xfe"])
async def test_an_unsigned_event_is_refused_before_it_is_read(bench: Bench, body: bytes) -> None:
    """Without a signature the body is nobody's: 401, whatever it holds."""
    answer = await bench.app.partner_event({}, body)

    assert (answer.status, bench.signals.heap) == (401, [])


MALFORMED: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "no JSON": (b"<xml/>", 400),
    "a list": (b"[]", 400),
    "no table": (b'{"MessageName": "Update"}', 400),
    "no row": (b'{"MessageName": "Update", "PrimaryEntityName": "opportunity"}', 400),
    "an id that is none": (
        b'{"MessageName": "Update", "PrimaryEntityName": "opportunity", "PrimaryEntityId": "../../x"}',
        400,
    ),
    "too deep": (b'{"a":' * 100 + b"1" + b"}" * 100, 400),
    "too large": (b'{"a": "' + b"x" * (3 * 1024 * 1024) + b'"}', 413),
}


@pytest.mark.parametrize("what", MALFORMED)
async def test_a_malformed_event_of_dynamics_is_refused(bench: Bench, what: str) -> None:
    """The status and the reason say what is wrong with it, and nothing is queued."""
    body, status = MALFORMED[what]
    answer = await bench.app.dynamics_event({}, _ours(body))

    assert (answer.status, bool(answer.body["reason"]), bench.signals.heap) == (status, True, [])


async def test_an_event_of_another_organisation_is_refused(bench: Bench) -> None:
    """A copy of the environment carries our step along: its events are refused with 403."""
    body = {"MessageName": "Update", "PrimaryEntityName": "opportunity", "PrimaryEntityId": NOWHERE}
    answer = await bench.app.dynamics_event({}, json.dumps(body | {"OrganizationId": NOWHERE}).encode())

    assert (answer.status, bench.signals.heap) == (403, [])


def _ours(body: bytes) -> bytes:
    """With the organisation's own id where a message is named, so that only what is meant is wrong."""
    named = f'"OrganizationId": "{ORGANIZATION}", '.encode()
    return body.replace(b'{"MessageName"', b"{" + named + b'"MessageName"')
