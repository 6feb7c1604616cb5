"""The Referrals API's PATCH and PUT: JSON Patch, eTags, life cycle, what may change and what no longer."""

from typing import Any

import httpx
import pytest

from tests.contract.sandbox_partner_center import (
    PERSON,
    REFERRALS,
    Sandbox,
    deal,
    replace,
    sandbox,
)

STALE = '"00000001-0000-0100-0000-000000000000"'
WON = replace(status="Closed", substatus="Won")


async def put(box: Sandbox, body: dict[str, Any], if_match: str | None) -> httpx.Response:
    headers = {"If-Match": if_match} if if_match else {}
    return await box.client.put(f"{REFERRALS}/{body['id']}", json=body, headers=headers)


async def test_patch_answers_204_or_the_referral_on_request() -> None:
    """An answer to PATCH is empty unless the representation is preferred."""
    async with sandbox() as box:
        own = await box.create(deal())
        empty = await box.patch(own["id"], replace(details__notes="one"))
        full = await box.patch(own["id"], replace(details__notes="two"), Prefer="return=representation")

    assert (empty.status_code, empty.content) == (204, b"")
    assert (full.status_code, full.json()["details"]["notes"]) == (200, "two")
    assert full.headers["etag"] == full.json()["eTag"] != empty.headers["etag"]


async def test_scalars_may_come_as_text() -> None:
    """A number or truth value sent as text is stored as what it is."""
    async with sandbox() as box:
        own = await box.create(deal())
        share = {"consent__consentToShareReferralWithMicrosoftSellers": "true"}
        await box.patch(own["id"], replace(details__dealValue="10000", details__closingDateTime="2027-01-31", **share))
        read = await box.get(own["id"])

    assert read["details"]["dealValue"] == 10000
    assert read["details"]["closingDateTime"] == "2027-01-31T00:00:00Z"
    assert read["consent"]["consentToShareReferralWithMicrosoftSellers"] is True
    assert read["type"] == "Shared"


async def test_lists_are_added_to_and_replaced() -> None:
    """`/team/-` appends, an index replaces, and the whole array may be replaced."""
    async with sandbox() as box:
        own = await box.create(deal())
        second = PERSON | {"email": "second@fabrikam.example.com"}
        await box.patch(own["id"], [{"op": "add", "path": "/team/-", "value": second}])
        await box.patch(own["id"], replace(team__0__phoneNumber="+1 425 555 0199"))
        await box.patch(own["id"], replace(customerProfile__team=[second]))
        read = await box.get(own["id"])

    assert [one["email"] for one in read["team"]] == [PERSON["email"], second["email"]]
    assert read["team"][0]["phoneNumber"] == "+1 425 555 0199"
    assert [one["email"] for one in read["customerProfile"]["team"]] == [second["email"]]


@pytest.mark.parametrize(
    "operations",
    [
        [],
        {},
        [{"op": "remove", "path": "/details/notes"}],
        [{"op": "test", "path": "/name", "value": "Contoso renewal"}],
        [{"op": "replace", "path": "/name"}],
        replace(details__mystery=1),
        replace(team__5=PERSON),
        [{"op": "replace", "path": "details/notes", "value": "x"}],
        replace(details__dealValue="much"),
        replace(details__dealValue=-1),
        replace(details__currency="XXX"),
        replace(details__requirements__solutions=[]),
        replace(team=[]),
        replace(status="Dreaming"),
        replace(id="0b8c1c2e-0000-4000-8000-00000000000a"),
        replace(engagementId="0b8c1c2e-0000-4000-8000-00000000000a"),
        replace(mpnId="999"),
        replace(customerProfile__name="Fabrikam"),
        replace(customerProfile__address__city="Seattle"),
        replace(trackingInfo__microsoftMsxId="7-1"),
        replace(details__notes="kept out", customerProfile__name="by its neighbour"),
    ],
    ids=str,
)
async def test_an_impossible_patch_changes_nothing(operations: Any) -> None:
    """A patch with one operation that is not allowed is 400 invalidRequest, and none of it is carried out."""
    async with sandbox() as box:
        own = await box.create(deal())
        answer = await box.patch(own["id"], operations)
        read = await box.get(own["id"])

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalidRequest"
    assert read == own


async def test_every_write_makes_a_new_etag_of_the_known_form() -> None:
    """The eTag carries its quotes and the write's time in epoch seconds, and no two writes share one."""
    async with sandbox() as box:
        own = await box.create(deal())
        await box.control("clock", {"advance": 60})
        await box.patch(own["id"], replace(details__notes="later"))
        read = await box.get(own["id"])

    assert own["eTag"].startswith('"')
    assert own["eTag"].endswith(f'{1793620800:08x}0000"')
    assert read["eTag"].endswith(f'{1793620860:08x}0000"')
    assert read["updatedDateTime"] == "2026-11-02T12:01:00.0000000Z"


async def test_a_stale_etag_is_refused_word_for_word() -> None:
    """If-Match that does not hold is 412 with the body that users of the API report."""
    async with sandbox() as box:
        own = await box.create(deal())
        answer = await box.patch(own["id"], replace(details__notes="x"), If_Match=STALE)
        unquoted = await box.patch(own["id"], replace(details__notes="x"), If_Match=own["eTag"].strip('"'))
        fresh = await box.patch(own["id"], replace(details__notes="x"), If_Match=own["eTag"])

    assert [answer.status_code, unquoted.status_code, fresh.status_code] == [412, 412, 204]
    error = answer.json()["error"]
    assert (error["code"], error["target"], error["innerError"]["code"]) == ("preconditionFailed", "ETag", "99918")
    assert error["innerError"]["details"] is None


async def test_put_replaces_the_whole_referral() -> None:
    """With the current eTag a full body is taken, and what it leaves out is emptied."""
    async with sandbox() as box:
        own = await box.create(deal(details__notes="first", campaignId="spring"))
        body = {name: value for name, value in own.items() if name not in ("links", "campaignId")}
        body["details"]["notes"] = "second"
        answer = await put(box, body, own["eTag"])
        again = await put(box, body, own["eTag"])

    assert answer.status_code == 200
    assert answer.json()["details"]["notes"] == "second"
    assert answer.json()["campaignId"] is None
    assert answer.json()["createdDateTime"] == own["createdDateTime"]
    assert again.status_code == 412


@pytest.mark.parametrize("status", [400, 412])
async def test_put_demands_if_match_and_no_links(status: int) -> None:
    """A replace without If-Match is refused as switched; one with `links` is refused always."""
    async with sandbox() as box:
        await box.switch(put_without_if_match=status)
        own = await box.create(deal())
        without = await put(box, {name: value for name, value in own.items() if name != "links"}, None)
        linked = await put(box, own, own["eTag"])

    assert (without.status_code, linked.status_code) == (status, 400)


async def test_put_may_not_empty_what_is_read_only() -> None:
    """A replace that drops the customer's name changes a read-only field."""
    async with sandbox() as box:
        own = await box.create(deal())
        body = {name: value for name, value in own.items() if name not in ("links", "customerProfile")}

        assert (await put(box, body, own["eTag"])).status_code == 400


async def test_unknown_fields_survive_a_full_replace() -> None:
    """A field newer than the schema is kept when it is sent back, in lists too, and gone when it is not."""
    async with sandbox() as box:
        newer = {"newer": 1, "details": {"newest": 2}, "team": [PERSON | {"pronouns": "they"}]}
        own = await box.control("referrals", {"kind": "portal", "referral": newer})
        await box.patch(own["id"], replace(team=own["team"]))
        own = await box.get(own["id"])
        body = {name: value for name, value in own.items() if name != "links"}
        kept = (await put(box, body, own["eTag"])).json()
        del body["newer"]
        gone = (await put(box, body, kept["eTag"])).json()

    assert (kept["newer"], kept["details"]["newest"], kept["team"][0]["pronouns"]) == (1, 2, "they")
    assert "newer" not in gone


@pytest.mark.parametrize("slashes", ["", "/", "//"])
async def test_trailing_slashes_are_tolerated(slashes: str) -> None:
    """Microsoft's own connector appends slashes to the same address; all of them mean the referral."""
    async with sandbox() as box:
        own = await box.create(deal())
        url = f"{REFERRALS}/{own['id']}{slashes}"
        answers = [await box.client.get(url), await box.client.patch(url, json=replace(details__notes="x"))]

    assert [answer.status_code for answer in answers] == [200, 204]


@pytest.mark.parametrize("referral_id", ["0b8c1c2e-0000-4000-8000-00000000000a", "nothing"])
async def test_an_unknown_referral_is_not_found(referral_id: str) -> None:
    """GET and PATCH of an id that does not exist answer 404 itemNotFound."""
    async with sandbox() as box:
        answers = [
            await box.client.get(f"{REFERRALS}/{referral_id}"),
            await box.patch(referral_id, replace(name="x")),
        ]

    assert [(one.status_code, one.json()["error"]["code"]) for one in answers] == [(404, "itemNotFound")] * 2


async def test_there_is_no_delete() -> None:
    """DELETE is no operation of the Referrals API."""
    async with sandbox() as box:
        own = await box.create(deal())

        assert (await box.client.delete(f"{REFERRALS}/{own['id']}")).status_code == 405
