"""The simulator's webhooks: who is told what, in which shape, and what becomes of a failed delivery."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.dynamics.customizing_rows import filter_id, message_id
from sandbox.dynamics.execution import ZERO_GUID
from sandbox.dynamics.notifier import address, mojibake
from sandbox.dynamics.seed import APPLICATION, SELLER
from tests.contract.sandbox_dynamics import RECEIVER, WHOLE, Sandbox, code, sandbox

# The keys of real recorded bodies (webhook.site and the vendor's pages, 2017 to 2024).
BODY_KEYS = frozenset(
    {
        "BusinessUnitId",
        "CorrelationId",
        "Depth",
        "InitiatingUserAgent",
        "InitiatingUserAzureActiveDirectoryObjectId",
        "InitiatingUserId",
        "InputParameters",
        "IsExecutingOffline",
        "IsInTransaction",
        "IsOfflinePlayback",
        "IsolationMode",
        "MessageName",
        "Mode",
        "OperationCreatedOn",
        "OperationId",
        "OrganizationId",
        "OrganizationName",
        "OutputParameters",
        "OwningExtension",
        "ParentContext",
        "PostEntityImages",
        "PreEntityImages",
        "PrimaryEntityId",
        "PrimaryEntityName",
        "RequestId",
        "SecondaryEntityName",
        "SharedVariables",
        "Stage",
        "UserAzureActiveDirectoryObjectId",
        "UserId",
    }
)
ENTITY_KEYS = frozenset(
    {
        "Attributes",
        "EntityState",
        "FormattedValues",
        "Id",
        "KeyAttributes",
        "LogicalName",
        "RelatedEntities",
        "RowVersion",
    }
)
CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"


def pairs(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {item["key"]: item["value"] for item in items}


def target(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = pairs(body["InputParameters"])["Target"]
    return found


async def heard(box: Sandbox) -> list[dict[str, Any]]:
    """What arrived since the last time, once everything is delivered."""
    await box.delivered()
    bodies = box.receiver.bodies()
    box.receiver.requests.clear()
    return bodies


async def test_a_create_is_told_in_the_recorded_shape() -> None:
    """Body, target and references have exactly the keys of real recordings; lookups, money and choices are typed."""
    async with sandbox() as box:
        await box.subscribe()
        row = await box.opportunity(estimatedvalue=12.5, estimatedclosedate="2026-12-24")
        (body,) = await heard(box)

    assert body.keys() == body["ParentContext"].keys() == BODY_KEYS
    assert target(body).keys() == ENTITY_KEYS | {"__type"}
    assert body["PrimaryEntityId"] == target(body)["Id"] == row["opportunityid"]
    assert (body["Stage"], body["ParentContext"]["Stage"], body["Mode"], body["Depth"]) == (40, 30, 1, 1)
    assert pairs(body["OutputParameters"]) == {"id": row["opportunityid"]}
    values = pairs(target(body)["Attributes"])
    assert values["estimatedvalue"] == {"__type": f"Money:{CONTRACTS}", "Value": 12.5}
    assert values["statuscode"] == {"__type": f"OptionSetValue:{CONTRACTS}", "Value": 1}
    assert values["createdon"] == "/Date(1793620800000)/"
    assert values["estimatedclosedate"] == "/Date(1798070400000)/"
    assert values["modifiedonbehalfby"] is None
    assert values["ownerid"].keys() == {"__type", "Id", "KeyAttributes", "LogicalName", "Name", "RowVersion"}
    assert pairs(target(body)["FormattedValues"])["statuscode"] == "In Progress"
    assert body["PostEntityImages"][0]["key"] == "AsynchronousStepPrimaryName"
    assert "__type" not in body["PostEntityImages"][0]["value"]
    assert body["OwningExtension"]["Name"] is None
    assert body["OperationCreatedOn"].endswith("+0000)/")


async def test_an_update_tells_changed_columns_and_stamps() -> None:
    """The target has what was sent, the key and who changed it when, and nothing else."""
    async with sandbox() as box:
        await box.subscribe()
        row = (await box.opportunity())["opportunityid"]
        await heard(box)
        await box.patch(f"opportunities({row})", {"description": None, "name": "New"})
        (body,) = await heard(box)

    names = pairs(target(body)["Attributes"])
    assert names.keys() == {"description", "name", "opportunityid", "modifiedon", "modifiedby", "modifiedonbehalfby"}
    assert names["description"] is None
    assert body["ParentContext"]["MessageName"] == "Update"
    sent = pairs(pairs(body["ParentContext"]["InputParameters"])["Target"]["Attributes"])
    assert sent.keys() == {"description", "name", "opportunityid"}


async def test_a_delete_tells_a_reference() -> None:
    """Nothing of a deleted row but its id is left in the body."""
    async with sandbox() as box:
        await box.subscribe()
        row = (await box.opportunity())["opportunityid"]
        await heard(box)
        await box.send("DELETE", f"opportunities({row})")
        (body,) = await heard(box)

    assert body["MessageName"] == "Delete"
    assert (target(body)["__type"], target(body)["Id"]) == (f"EntityReference:{CONTRACTS}", row)


async def test_headers_and_address_are_the_documented_ones() -> None:
    """The key goes into the header that it is set for, and others name organisation, table, message, correlation."""
    async with sandbox() as box:
        await box.subscribe()
        await box.opportunity()
        await box.delivered()
        (request,) = box.receiver.requests

    assert (str(request.url), request.headers["x-functions-key"]) == (RECEIVER, "a key")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-ms-dynamics-organization"] == "127.0.0.1:7082"
    assert request.headers["x-ms-dynamics-entity-name"] == "opportunity"
    assert request.headers["x-ms-dynamics-request-name"] == "Create"
    assert request.headers["x-ms-correlation-request-id"] == json.loads(request.content)["CorrelationId"]
    assert "x-ms-dynamics-msg-size-exceeded" not in request.headers


async def test_our_own_writes_are_told_apart() -> None:
    """The caller, its agent and the tag of the query string arrive, also from a plug-in one level deeper."""
    async with sandbox() as box:
        await box.subscribe()
        await box.switch(plugin=True)
        row = (await box.opportunity())["opportunityid"]
        await heard(box)
        await box.patch(f"opportunities({row})?tag=cosell-1", {"estimatedvalue": 5}, User_Agent="cosell/1")
        own, plugged = sorted(await heard(box), key=lambda body: int(body["Depth"]))
        await box.patch(
            f"opportunities({row})", {"name": "human"}, Authorization="Bearer sandbox-seller", User_Agent="browser"
        )
        (human,) = await heard(box)

    assert [body["Depth"] for body in (own, plugged, human)] == [1, 2, 1]
    assert pairs(own["SharedVariables"])["tag"] == pairs(plugged["SharedVariables"])["tag"] == "cosell-1"
    assert pairs(own["ParentContext"]["SharedVariables"])["tag"] == "cosell-1"
    assert "tag" not in pairs(human["SharedVariables"])
    assert (own["InitiatingUserId"], human["InitiatingUserId"]) == (APPLICATION, SELLER)
    assert (own["InitiatingUserAgent"], human["InitiatingUserAgent"]) == ("cosell/1", "browser")
    assert own["InitiatingUserAzureActiveDirectoryObjectId"] == ZERO_GUID
    assert "budgetamount" in pairs(target(plugged)["Attributes"])


@pytest.mark.parametrize(
    ("mode", "messages"),
    [
        ("all", [("Update", "opportunity"), ("Win", "opportunity")]),
        ("win_lose_only", [("Win", "opportunity")]),
        ("update_only", [("Update", "opportunity")]),
    ],
)
async def test_what_a_closing_tells_is_played_in_every_way(mode: str, messages: list[tuple[str, str]]) -> None:
    """Which messages a step sees when an opportunity is closed is public nowhere."""
    async with sandbox() as box:
        await box.subscribe()
        row = (await box.opportunity())["opportunityid"]
        await heard(box)
        await box.switch(close_events=mode)
        await box.win(row)
        await box.delivered()

    assert box.receiver.events() == messages


@pytest.mark.parametrize("primary", ["row", "empty"])
async def test_a_win_has_no_target(primary: str) -> None:
    """The closing activity is the input, and the primary id may be empty."""
    async with sandbox() as box:
        await box.subscribe()
        row = (await box.opportunity())["opportunityid"]
        await heard(box)
        await box.switch(close_events="win_lose_only", close_primary_id=primary)
        await box.win(row)
        (body,) = await heard(box)

    inputs = pairs(body["InputParameters"])
    assert inputs.keys() == {"OpportunityClose", "Status"}
    assert pairs(inputs["OpportunityClose"]["Attributes"])["opportunityid"]["Id"] == row
    assert body["PrimaryEntityId"] == (row if primary == "row" else ZERO_GUID)


async def test_a_large_body_loses_its_parts() -> None:
    """Above 256 KB four parts are dropped, a header says so, and the id survives."""
    async with sandbox() as box:
        await box.make("serviceendpoints", name="notes", contract=8, url=RECEIVER, authtype=4)
        endpoint = (await box.rows("serviceendpoints"))[0]["serviceendpointid"]
        await register(box, endpoint, "annotation", "Create")
        await box.make("annotations", subject="big", documentbody="x" * 300_000)
        await box.delivered()
        (request,) = box.receiver.requests

    body = json.loads(request.content)
    assert request.headers["x-ms-dynamics-msg-size-exceeded"]
    assert len(body["PrimaryEntityId"]) == 36
    assert BODY_KEYS - body.keys() == {"ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages"}


async def register(box: Sandbox, endpoint: str, table: str, message: str, **more: Any) -> str:
    step = await box.make(
        "sdkmessageprocessingsteps",
        name=f"{message} of {table}",
        stage=40,
        mode=1,
        eventhandler_serviceendpoint__bind=f"/serviceendpoints({endpoint})",
        sdkmessageid__bind=f"/sdkmessages({message_id(message)})",
        sdkmessagefilterid__bind=f"/sdkmessagefilters({filter_id(table, message)})",
        **more,
    )
    return str(step["sdkmessageprocessingstepid"])


def test_a_webhook_key_would_be_in_the_address() -> None:
    """Of the three ways to prove who calls, the first puts the secret where logs keep it."""
    endpoint = {"url": RECEIVER, "authtype": 4, "authvalue": "a key"}
    assert address(endpoint) == (f"{RECEIVER}?code=a%20key", {})


async def test_registration_by_api() -> None:
    """Endpoint, step and image are rows; header secrets are posted and never read back; columns filter updates."""
    settings = '<settings><setting name="x-cosell-key" value="k1"/></settings>'
    async with sandbox() as box:
        made = await box.make("serviceendpoints", name="h", contract=8, url=RECEIVER, authtype=5, authvalue=settings)
        wanted = "primaryobjecttypecode eq 'opportunity' and sdkmessageid/name eq 'Update'"
        (found,) = await box.rows(f"sdkmessagefilters?$filter={wanted}&$select=sdkmessagefilterid,_sdkmessageid_value")
        step = await register(
            box, made["serviceendpointid"], "opportunity", "Update", filteringattributes="name, description"
        )
        bind = {"sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({step})"}
        image = {"name": "pre", "entityalias": "pre", "imagetype": 0, "attributes": "name,statecode"} | bind
        wrong = await box.send("POST", "sdkmessageprocessingstepimages", image | {"messagepropertyname": "Id"})
        right = await box.send("POST", "sdkmessageprocessingstepimages", image | {"messagepropertyname": "Target"})
        row = (await box.opportunity(name="Old"))["opportunityid"]
        await box.patch(f"opportunities({row})", {"estimatedvalue": 4})
        await box.patch(f"opportunities({row})", {"name": "New"})
        await box.delivered()
        await box.patch(f"sdkmessageprocessingsteps({step})", {"statecode": 1, "statuscode": 2})
        await box.patch(f"opportunities({row})", {"name": "Newer"})
        await box.delivered()

    (request,) = box.receiver.requests
    before = pairs(json.loads(request.content)["PreEntityImages"])["pre"]
    assert found["sdkmessagefilterid"] == filter_id("opportunity", "Update")
    assert made["isauthvalueset"] is True
    assert "authvalue" not in made
    assert request.headers["x-cosell-key"] == "k1"
    assert pairs(before["Attributes"])["name"] == "Old"
    assert (code(wrong), right.status_code) == ((400, "0x8004416b"), 204)


@pytest.mark.parametrize(
    ("statuses", "attempts"), [([503, 200], 2), ([502, 504], 2), ([500], 1), ([404], 1), ([202], 1)]
)
async def test_one_more_attempt_and_only_on_gateway_errors(statuses: list[int], attempts: int) -> None:
    """502, 503 and 504 are tried once more; a delivery that failed leaves a failed system job and nothing else."""
    failed = statuses[-1] >= 300
    async with sandbox() as box:
        await box.subscribe()
        box.receiver.statuses[:] = statuses
        await box.opportunity()
        await box.delivered()
        jobs = await box.rows("asyncoperations?$select=statuscode,message&$expand=owningextensionid($select=name)")

    assert len(box.receiver.requests) == attempts
    assert [(job["statuscode"], job["owningextensionid"]["name"]) for job in jobs] == (
        [(31, "Create of opportunity")] if failed else []
    )


async def test_mis_decoded_text_arrives_as_code_page_1252() -> None:
    """With the switch on, UTF-8 text arrives as recorded ones did, undefined bytes as control characters."""
    async with sandbox() as box:
        await box.subscribe()
        await box.switch(mojibake=True)
        await box.opportunity(name="Zoë € Ж")
        (body,) = await heard(box)

    name = pairs(target(body)["Attributes"])["name"]
    assert name == mojibake("Zoë € Ж") == "Zo\xc3\xab \xe2\u201a\xac \xd0\u2013"
    assert mojibake("Ý") == "Ã\x9d"


@pytest.mark.parametrize("silences", [True, False])
async def test_bypassing_custom_logic_may_silence_webhooks(silences: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """Whether CustomAsync covers webhook steps is inferred only: both are played."""
    async with sandbox() as box:
        await box.subscribe()
        await box.switch(bypass_silences_webhooks=silences)
        headers = WHOLE | {"MSCRM.BypassBusinessLogicExecution": "CustomSync,CustomAsync"}
        await box.client.post("opportunities", json={"name": "x"}, headers=headers)
        bodies = await heard(box)

    assert len(bodies) == (0 if silences else 1)


async def test_the_ready_made_subscription_hears_all_that_a_synchroniser_needs() -> None:
    """Opportunities, updates of accounts, contacts and users, and both solution tables."""
    async with sandbox() as box:
        await box.subscribe()
        await box.subscribe()
        row = (await box.opportunity())["opportunityid"]
        account = (await box.make("accounts", name="Contoso"))["accountid"]
        await box.patch(f"accounts({account})", {"address1_country": "US"})
        await box.patch(f"systemusers({SELLER})", {"mobilephone": "1"})
        await box.make("msft_mspartnersolutions", msft_OpportunityId__bind=f"/opportunities({row})")
        await box.delivered()

    assert sorted(box.receiver.events()) == [
        ("Create", "msft_mspartnersolution"),
        ("Create", "opportunity"),
        ("Update", "account"),
        ("Update", "systemuser"),
    ]


@pytest.mark.parametrize(("mode", "stage"), [(0, 40), (1, 20)])
async def test_only_asynchronous_steps_after_the_operation_are_registered(mode: int, stage: int) -> None:
    """An asynchronous step runs in stage 40; synchronous webhooks are not played."""
    async with sandbox() as box:
        endpoint = (await box.make("serviceendpoints", name="h", contract=8, url=RECEIVER))["serviceendpointid"]
        body = {"name": "s", "stage": stage, "mode": mode}
        body |= {"eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})"}
        body |= {"sdkmessageid@odata.bind": f"/sdkmessages({message_id('Update')})"}
        answer = await box.send("POST", "sdkmessageprocessingsteps", body)
        cased = await box.send("POST", "sdkmessageprocessingsteps", {"SdkMessageId@odata.bind": "/sdkmessages(1)"})
        settings = {"name": "x", "url": RECEIVER, "contract": 8, "authtype": 5, "authvalue": "no xml"}
        secret = await box.send("POST", "serviceendpoints", settings)

    assert code(answer) == code(secret) == (400, "0x80040203")
    assert code(cased) == (400, "0x80048d19")
