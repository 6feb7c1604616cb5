"""The delivery worker of both simulators repeats, loses, doubles, holds and shuffles exactly as asked."""

import asyncio
from typing import Any

import httpx
import pytest

from sandbox.faults import (
    Clock,
    Delivery,
    DeliveryPolicy,
    DeliveryResult,
    WebhookSender,
)

RECORD = "/things/0b8c1c2e-0000-4000-8000-00000000000a"


class Received:
    """A receiver of webhooks that answers from a list of statuses, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.bodies: list[bytes] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.content)
        return httpx.Response(self.statuses.pop(0) if self.statuses else 200)


async def no_wait(_: float) -> None:
    await asyncio.sleep(0)


def sender_to(received: Received, policy: DeliveryPolicy | None = None) -> WebhookSender:
    client = httpx.AsyncClient(transport=httpx.MockTransport(received))
    return WebhookSender(clock=Clock(), policy=policy or DeliveryPolicy(), client=client, sleep=no_wait)


def delivery(number: int = 0, results: list[DeliveryResult] | None = None) -> Delivery:
    on_result = None if results is None else results.append
    return Delivery(
        url="http://receiver.example.com/", event="changed", headers={}, body=b"%d" % number, on_result=on_result
    )


async def test_a_delivery_is_tried_again_until_accepted() -> None:
    """Failed attempts are repeated by the policy and the result tells how many it took."""
    received, results = Received(500, 404), list[DeliveryResult]()
    sender = sender_to(received, DeliveryPolicy(intervals=(1.0,) * 9))

    sender.send(delivery(results=results))
    await sender.idle()

    assert [entry["status"] for entry in sender.status()["log"]] == [500, 404, 200]
    assert results[0].delivered
    assert results[0].attempts == 3


async def test_a_delivery_is_lost_after_the_last_attempt() -> None:
    """When every attempt fails the webhook is gone, and the result says so."""
    received, results = Received(*[500] * 20), list[DeliveryResult]()
    sender = sender_to(received, DeliveryPolicy(intervals=(1.0,) * 9))

    sender.send(delivery(results=results))
    await sender.idle()

    assert len(received.bodies) == 10
    assert not results[0].delivered
    assert sender.pending == 0


async def test_a_policy_decides_what_is_tried_again() -> None:
    """A status that the policy does not repeat ends the delivery at once."""
    received = Received(500, 200)
    sender = sender_to(received, DeliveryPolicy(intervals=(1.0,), retry=lambda status: status == 503))

    sender.send(delivery())
    await sender.idle()

    assert len(received.bodies) == 1


async def test_held_deliveries_wait_for_release() -> None:
    """With `hold` nothing leaves until it is released, and then everything does."""
    received = Received()
    sender = sender_to(received)
    sender.configure({"hold": True})
    for number in range(3):
        sender.send(delivery(number))
    await sender.idle()
    held = len(received.bodies)

    sender.release()
    await sender.idle()

    assert (held, sorted(received.bodies)) == (0, [b"0", b"1", b"2"])


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        ({"drop": 1.0}, []),
        ({"duplicate": 1.0}, [b"0", b"0", b"1", b"1"]),
        ({"reorder": True}, [b"1", b"0"]),
        ({"delay": [0.5, 2]}, [b"0", b"1"]),
    ],
    ids=str,
)
async def test_webhooks_go_wrong_as_asked(modes: dict[str, Any], expected: list[bytes]) -> None:
    """Dropped, doubled, reordered and delayed deliveries arrive exactly as that mode says."""
    received = Received()
    sender = sender_to(received)
    sender.configure(modes)

    for number in range(2):
        sender.send(delivery(number))
    await sender.idle()

    assert (received.bodies if "reorder" in modes else sorted(received.bodies)) == expected
