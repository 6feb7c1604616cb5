"""What operations do to an installation, over real queues and sockets: flows switched off, hosts killed, forgeries."""

from __future__ import annotations

import os
import signal
import sys
from urllib.parse import urlsplit

import pytest

from sandbox.people import Json, People
from sandbox.stack import FUNCTION_KEY, Ground, Stack, ground, hosted
from tests.e2e.support import asked, delivered, functions, invocations, parked, waiting

SELLER = {"firstName": "Dana", "lastName": "Rivera", "phoneNumber": "+1 425 555 0100", "email": "dana@fabrikam.example"}


def port(stack: Stack) -> int:
    found = urlsplit(stack.host).port
    assert found is not None
    return found


async def sent_by_microsoft(people: People, name: str) -> Json:
    customer = {"name": name, "address": {"postalCode": "98004"}}
    return await people.referral("inbound", name=name, customerProfile=customer, team=[SELLER])


async def rows(people: People, count: int) -> list[Json]:
    """All opportunities, once there are so many and each is tied to its referral."""

    async def look() -> list[Json] | None:
        tied = [one for one in await people.referrals() if one["externalReferenceId"]]
        return await people.opportunities() if len(tied) >= count else None

    return await people.see(f"{count} opportunities", look)


async def test_a_flow_that_is_switched_off_catches_up_when_it_is_on_again() -> None:
    """AzureWebJobs.<function>.Disabled holds its queue, nothing else; what waited is done after the switch."""
    async with ground() as on:
        async with hosted(on, {"AzureWebJobs.referrals.Disabled": "true"}) as stack:
            people = People(stack)
            await people.heal()
            made = await sent_by_microsoft(people, "Northwind")
            (delivery,) = await delivered(people, "partner_center", 1)
            assert delivery["status"] == 200
            account = await people.account()
            ident = await people.opportunity(account, await people.contact(account))

            async def shared() -> Json | None:
                return next((one for one in await people.referrals() if one["externalReferenceId"] == ident), None)

            await people.see("the other flow at work", shared)
            assert not (await people.read_referral(str(made["id"])))["externalReferenceId"]
            taken = port(stack)
        async with hosted(on, port=taken) as stack:
            found = await rows(People(stack), 2)

    assert sorted(row["name"] for row in found) == ["✓ Contoso data platform", "✓ Northwind"]


async def test_wrong_settings_are_named_and_nothing_is_lost_or_parked() -> None:
    """Health is 503 and names each; webhooks are taken, signals delayed, and the list of functions is the same."""
    async with ground() as on:
        async with hosted(on) as stack:
            people = People(stack)
            right = await functions(stack)
            healthy = await people.function("GET", "health")
            await people.heal()
            taken = port(stack)
        wrong = {"CONFLICT_WINNER": "nobody", "PARTNER_CENTER_TOKEN": "", "AUTO_HEAL_SCHEDULE": "every now and then"}
        async with hosted(on, wrong, port=taken) as stack:
            people = People(stack)
            listed, health = await functions(stack), await people.function("GET", "health")
            await sent_by_microsoft(people, "Northwind")
            (delivery,) = await delivered(people, "partner_center", 1)

            async def held() -> bool:
                count = (await invocations(stack))["functions"]["referrals"]
                return bool(count["succeeded"])

            await people.see("the signal to be put back", held)
            left, queued = await parked(people), await waiting(stack)

    assert healthy.status_code == 200, healthy.text
    assert listed == right
    assert health.status_code == 503
    assert {one["setting"] for one in health.json()["settings"]} == wrong.keys()
    assert all(one["may_be"] for one in health.json()["settings"])
    assert delivery["status"] == 200
    assert (left, queued) == ([], {"referral-changes": 1})


async def test_forged_and_malformed_events_are_refused_and_queue_nothing() -> None:
    """No signature, a foreign one, no key, no sense: 401 or 400 with a reason, and every queue stays empty."""
    event = {"EventName": "referral-created", "ResourceUri": "https://example.com/11111111-2222-4333-8444-555555555555"}
    context = {"MessageName": "Update", "PrimaryEntityName": "opportunity"}
    async with ground() as on, hosted(on) as stack:
        people = People(stack)
        door, other = f"{stack.host}/api/partner-center/events", f"{stack.host}/api/dynamics/events"
        unsigned = await stack.client.post(door, json=event)
        signed = {"authorization": "Signature AAAA", "x-ms-signature-algorithm": "rsa-sha256"}
        elsewhere = signed | {"x-ms-certificate-url": "https://certificates.example.com/leaf.cer"}
        nameless = await stack.client.post(door, json=event, headers=signed)
        forged = await stack.client.post(door, json=event, headers=elsewhere)
        await people.control("partner_center", "POST", "webhooks", {"intervals": []})
        for certificate in ("expired", "wrong-org", "self-signed"):
            body = {"event": "referral-created", "id": event["ResourceUri"][-36:], "certificate": certificate}
            await people.portal("POST", "events", body)
        foreign = await delivered(people, "partner_center", 3)
        keyless = await stack.client.post(other, json=context)
        senseless = await stack.client.post(other, json=context, headers={"x-functions-key": FUNCTION_KEY})
        hidden = [await stack.client.get(f"{stack.host}/api/{path}") for path in ("health", "parked")]
        queued, counts = await waiting(stack), (await invocations(stack))["functions"]

    assert [unsigned.status_code, nameless.status_code, forged.status_code] == [401, 400, 401]
    assert all(answer.json()["reason"] for answer in (unsigned, nameless, forged, senseless))
    assert "WEBHOOK_CERTIFICATE_HOSTS" in forged.json()["reason"]
    assert [one["status"] for one in foreign] == [401, 401, 401]
    assert (keyless.status_code, senseless.status_code) == (401, 400)
    assert [answer.status_code for answer in hidden] == [401, 401]
    assert (queued, counts["referrals"]["started"], counts["opportunities"]["started"]) == ({}, 0, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
async def test_a_killed_host_loses_nothing() -> None:
    """Killed with messages in its hands, and with events and edits while it is down: all is there, once."""
    async with ground() as on:
        taken = await _killed_at_work(on, [f"Northwind {number}" for number in range(4)])
        async with hosted(on, port=taken, lease=2) as stack:
            people = People(stack)
            found = await rows(people, 5)
            await people.quiet()
            left, count = await parked(people), len(await people.opportunities())

    assert sorted(row["name"] for row in found) == [*(f"✓ Northwind {number}" for number in range(4)), "✓ Too late"]
    assert (left, count) == ([], 5)


async def _killed_at_work(on: Ground, names: list[str]) -> int:
    """A host that dies while its functions wait for Partner Center; its port, for the one that follows."""
    async with hosted(on, lease=2) as stack:
        people = People(stack)
        await people.heal()
        slow = {"method": "GET", "path": "/referrals/", "kind": "slow", "seconds": 5, "times": 100}
        await people.control("partner_center", "POST", "faults", slow)
        for name in names:
            await sent_by_microsoft(people, name)

        async def at_work() -> bool:
            return bool((await invocations(stack))["functions"]["referrals"]["in_flight"] >= len(names) // 2)

        await people.see("the host at work", at_work)
        os.kill((await asked(stack, "host/status"))["processId"], signal.SIGKILL)
        await people.control("partner_center", "DELETE", "faults")
        await sent_by_microsoft(people, "Too late")  # announced to nobody: Partner Center tries again
        return port(stack)
