"""The simulator's doors: tokens, privileges, impersonation, limits, kept state, reset."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from sandbox.dynamics.seed import APPLICATION, APPLICATION_CLIENT, SELLER, SELLER_2, seed
from tests.contract.sandbox_dynamics import BASE, Sandbox, code, sandbox


@pytest.mark.parametrize("token", ["sandbox-expired", "nonsense", ""])
async def test_no_good_token_is_401_with_a_challenge(token: str) -> None:
    """A missing, expired or unknown token is told where to get one."""
    async with sandbox(token) as box:
        answer = await box.send("GET", "WhoAmI")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer authorization_uri=")


async def test_each_token_is_a_user() -> None:
    """Application, two sellers, and one who is no member of the organisation."""
    async with sandbox() as box:
        tokens = ("sandbox-app", "sandbox-seller", "sandbox-seller-2")
        users = [(await box.get("WhoAmI", Authorization=f"Bearer {each}"))["UserId"] for each in tokens]
        stranger = await box.send("GET", "WhoAmI", Authorization="Bearer sandbox-unknown")

    assert users == [APPLICATION, SELLER, SELLER_2]
    assert code(stranger) == (403, "0x80072560")


async def test_a_reader_may_not_write() -> None:
    """The refusal names the missing privilege."""
    async with sandbox("sandbox-readonly") as box:
        read = await box.send("GET", "opportunities")
        write = await box.patch(f"opportunities({SELLER})", {"name": "x"})

    assert read.status_code == 200
    assert code(write) == (403, "0x80040220")
    assert "prvWriteOpportunity" in write.json()["error"]["message"]


async def token(box: Sandbox, client: str = APPLICATION_CLIENT, scope: str = f"{BASE}/.default") -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": "anything", "scope": scope}
    return await box.client.post(f"{BASE}/oauth/contoso/oauth2/v2.0/token", data=form)


async def test_client_credentials_are_bound_to_environment_and_application_user() -> None:
    """A token for another host is 401, one of an application without user 403, and each lasts an hour."""
    async with sandbox() as box:
        good = (await token(box)).json()["access_token"]
        foreign = (await token(box, scope="https://other.example.com/.default")).json()["access_token"]
        stranger = (await token(box, client="22222222-aaaa-4aaa-8aaa-222222222222")).json()["access_token"]
        bad = await token(box, scope="")
        statuses = [
            (await box.send("GET", "WhoAmI", Authorization=f"Bearer {each}")).status_code
            for each in (good, foreign, stranger)
        ]
        await box.control("clock", {"advance": 3601})
        late = await box.send("GET", "WhoAmI", Authorization=f"Bearer {good}")

    assert (statuses, bad.status_code, late.status_code) == ([200, 401, 403], 400, 401)


async def test_impersonation_shows_both_users() -> None:
    """The row is the impersonated one's, done on its behalf by the caller."""
    async with sandbox() as box:
        headers = {"MSCRMCallerID": SELLER, "Prefer": "return=representation"}
        made = (await box.client.post("opportunities", json={"name": "x"}, headers=headers)).json()

    assert (made["_createdby_value"], made["_createdonbehalfby_value"]) == (SELLER, APPLICATION)


async def test_the_burst_limit_counts_one_user_and_grows_when_ignored() -> None:
    """Over the limit is 429 with a wait until the window frees; going on makes it longer; others are not concerned."""
    async with sandbox() as box:
        await box.control("limits", {"requests": 3, "window": 300})
        served = [(await box.send("GET", "WhoAmI")).status_code for _ in range(3)]
        first, second = await box.send("GET", "WhoAmI"), await box.send("GET", "WhoAmI")
        other = await box.send("GET", "WhoAmI", Authorization="Bearer sandbox-seller")
        await box.control("clock", {"advance": 301})
        after = await box.send("GET", "WhoAmI")

    assert served == [200] * 3
    assert code(first) == (429, "0x80072322")
    assert [int(answer.headers["retry-after"]) for answer in (first, second)] == [300, 301]
    assert (other.status_code, after.status_code) == (200, 200)


async def test_too_many_at_once_are_refused_at_once() -> None:
    """The concurrency limit has a code of its own."""
    async with sandbox() as box:
        await box.control("limits", {"concurrent": 0})
        answer = await box.send("GET", "WhoAmI")

    assert code(answer) == (429, "0x80072326")
    assert int(answer.headers["retry-after"]) >= 1


async def test_injected_faults_speak_the_vendors_words() -> None:
    """A status rule answers in Dataverse's error body, and requests are counted by route."""
    async with sandbox() as box:
        rule = {"method": "GET", "path": "WhoAmI", "kind": "status", "status": 429, "retry_after": 7}
        await box.control("faults", rule)
        refused, served = await box.send("GET", "WhoAmI"), await box.send("GET", "WhoAmI")
        counted = await box.client.get(f"{BASE}/control/requests")

    assert code(refused) == (429, "0x80072322")
    assert (refused.headers["retry-after"], served.status_code) == ("7", 200)
    assert counted.json()["by_route"] == {"GET /api/data/v9.2/WhoAmI": 2}


async def test_state_survives_a_restart(tmp_path: Path) -> None:
    """Rows, versions, deletions, added columns, keys and switches are as they were; delta links go on."""
    path = tmp_path / "dynamics.json"
    column = {"@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", "SchemaName": "abc_X", "MaxLength": 9}
    async with sandbox(state_path=path) as box:
        await box.send("POST", "EntityDefinitions(LogicalName='opportunity')/Attributes", column)
        await box.switch(fill_customer=False)
        kept = await box.opportunity(abc_x="here", estimatedvalue=12.34)
        gone = (await box.opportunity())["opportunityid"]
        link = (await box.get("opportunities", Prefer="odata.track-changes"))["@odata.deltaLink"]
        await box.send("DELETE", f"opportunities({gone})")
    async with sandbox(state_path=path) as box:
        found = await box.get(f"opportunities({kept['opportunityid']})")
        delta = await box.rows(link)
        new = await box.opportunity()
        switches = (await box.client.get(f"{BASE}/control/switches")).json()

    assert found == kept
    assert [row["id"] for row in delta] == [gone]
    assert new["versionnumber"] > kept["versionnumber"]
    assert new["opportunityid"] not in (kept["opportunityid"], gone)
    assert switches["fill_customer"] is False


async def test_reset_returns_to_the_start() -> None:
    """Made rows, columns, limits and switches are gone; the base rows are back, and seeding again adds nothing."""
    async with sandbox() as box:
        await box.opportunity()
        await box.send("DELETE", f"systemusers({SELLER})")
        await box.control("limits", {"requests": 1})
        await box.control("reset", {})
        deals = await box.rows("opportunities")
        seller = await box.get(f"systemusers({SELLER})?$select=fullname,internalemailaddress,mobilephone")
        version = box.app.state.organization.store.version
        seed(box.app.state.organization)

    assert deals == []
    assert (seller["fullname"], seller["internalemailaddress"]) == ("Dana Rivera", "dana@fabrikam.example")
    assert seller["mobilephone"]
    assert box.app.state.organization.store.version == version


async def test_unknown_switches_and_limits_are_400() -> None:
    """A control call that means nothing is refused in words."""
    async with sandbox() as box:
        switch = await box.client.patch(f"{BASE}/control/switches", json={"nosuch": True})
        limit = await box.client.post(f"{BASE}/control/limits", json={"nosuch": 1})
        webhook = await box.client.post(f"{BASE}/control/webhook", json={})

    assert [each.status_code for each in (switch, limit, webhook)] == [400] * 3
