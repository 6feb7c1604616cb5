"""The Referrals API's list: the documented part of OData, pages, and links in both known forms."""

from typing import Any

import pytest

from tests.contract.sandbox_partner_center import BASE, REFERRALS, Sandbox, deal, replace, sandbox, shared


async def names(box: Sandbox, **options: str | int) -> list[str]:
    return [one["name"] for one in (await box.list(**options))["value"]]


async def three(box: Sandbox) -> list[dict[str, Any]]:
    """An own private deal, an inbound one a minute later, an own shared one that is won, a minute later again."""
    first = await box.create(deal(name="private"))
    await box.control("clock", {"advance": 60})
    second = await box.inbound(name="inbound", team=[], customerProfile={"address": {"country": "DE"}})
    await box.control("clock", {"advance": 60})
    third = await box.create(shared(name="won"))
    await box.patch(third["id"], replace(status="Closed", substatus="Won"))
    return [first, second, third]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status eq 'Active' and organizationId eq 'x'", None),
        ("status eq 'Active' and direction eq 'Outgoing' and type eq 'Independent'", ["private"]),
        ("(type eq 'Shared' and direction eq 'Incoming')", ["inbound"]),
        ("(direction eq 'Incoming' and substatus eq 'Pending')", ["inbound"]),
        ("status ne 'Active' and status ne 'New'", ["won"]),
        ("substatus eq 'Won' or substatus eq 'Pending' and direction eq 'Incoming'", ["inbound", "won"]),
        ("(substatus eq 'Won' or substatus eq 'Pending') and status eq 'Closed'", ["won"]),
        ("qualification eq 'SalesQualified' and substatus eq 'Pending'", ["inbound"]),
        ("customerProfile/address/country eq 'DE' and direction eq 'Incoming'", ["inbound"]),
        ("status eq 'Active' and team/any(t:t/email eq 'DANA@fabrikam.example')", ["private"]),
        ("team/any(t:t/email eq 'nobody@example.com')", []),
        ("updatedDateTime gt 2026-11-02T12:00:00Z and updatedDateTime lt 2026-11-02T12:02:00Z", ["inbound", "inbound"]),
        ("updatedDateTime ge 2026-11-02T12:02:00.0000000Z", ["won"]),
        ("updatedDateTime le 2026-11-02T12:00:00Z", ["private"]),
        ("externalReferenceId eq 'x'", None),
        ("name eq 'private'", None),
        ("createdDateTime gt 2026-11-02T12:00:00Z", None),
        ("status gt 'Active'", None),
        ("status eq Active", None),
        ("status eq", None),
        ("(status eq 'Active'", None),
        ("status eq 'Active' garbage", None),
        ("not (status eq 'Active')", None),
        ("updatedDateTime gt tomorrow", None),
        ("team/any(t:t/firstName eq 'Dana')", None),
        ("status eq 'Act'ive'", None),
        ("", None),
    ],
    ids=str,
)
async def test_only_documented_filters_are_understood(text: str, expected: list[str] | None) -> None:
    """A documented filter picks its referrals; any other is 400 invalidRequest."""
    async with sandbox() as box:
        await three(box)
        answer = await box.client.get(REFERRALS, params={"$filter": text})

    if expected is None:
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalidRequest")
    else:
        assert [one["name"] for one in answer.json()["value"]] == expected


@pytest.mark.parametrize("quote", ["'", ""])
async def test_an_engagement_is_found_with_and_without_quotes(quote: str) -> None:
    """The GUID of an engagement may be quoted, as documented, or bare, as in the links of real referrals."""
    async with sandbox() as box:
        inbound = await box.inbound()
        await box.create(deal())
        wanted = inbound["engagementId"].upper()
        found = await box.list(filter=f"engagementId eq {quote}{wanted}{quote}")

    assert sorted(one["direction"] for one in found["value"]) == ["Incoming", "Outgoing"]


async def test_range_filters_can_be_refused() -> None:
    """Range operators on updatedDateTime are undocumented: switched off, they are 400, and equality still works."""
    async with sandbox() as box:
        await box.switch(range_filters="refused")
        moment = "2026-11-02T12:00:00Z"
        answers = [
            await box.client.get(REFERRALS, params={"$filter": f"updatedDateTime {operator} {moment}"})
            for operator in ("gt", "eq")
        ]

    assert [answer.status_code for answer in answers] == [400, 200]


async def test_order_skip_top_and_select() -> None:
    """The list is ordered by its two dates, cut by $skip and $top, and narrowed by $select."""
    async with sandbox() as box:
        first, _, _ = await three(box)
        await box.control("clock", {"advance": 60})
        await box.patch(first["id"], replace(details__notes="moved"))

        assert (await names(box, orderby="createdDateTime asc"))[0] == "private"
        assert (await names(box, orderby="createdDateTime desc"))[0] == "won"
        assert (await names(box, orderby="updatedDateTime desc"))[0] == "private"
        assert (await names(box, orderby="createdDateTime desc", skip=1, top=1)) == ["inbound"]
        assert (await box.list(select="id,name", top=1, count="true"))["value"] == [
            {"id": first["id"], "name": "private"}
        ]


@pytest.mark.parametrize(
    "options",
    [
        {"$orderby": "name"},
        {"$orderby": "createdDateTime sideways"},
        {"$top": "-1"},
        {"$skip": "x"},
        {"$select": "mystery"},
        {"$search": "x"},
        {"$skiptoken": "x"},
    ],
    ids=str,
)
async def test_impossible_options_are_refused(options: dict[str, str]) -> None:
    """A query option that the API does not have, or a value it cannot read, is 400."""
    async with sandbox() as box:
        assert (await box.client.get(REFERRALS, params=options)).status_code == 400


async def test_a_page_holds_a_hundred() -> None:
    """More than 100 referrals come with a nextLink that leads through all of them once."""
    async with sandbox() as box:
        for number in range(230):
            await box.control("referrals", {"kind": "portal", "referral": {"name": f"deal {number}"}})
        pages = [await box.list(orderby="createdDateTime desc")]
        while "@odata.nextLink" in pages[-1]:
            pages.append((await box.client.get(pages[-1]["@odata.nextLink"])).json())
        capped = await box.list(top=120)
        rest = (await box.client.get(capped["@odata.nextLink"])).json()

    assert [page["@odata.count"] for page in pages] == [100, 100, 30]
    assert len({one["id"] for page in pages for one in page["value"]}) == 230
    assert (len(capped["value"]), len(rest["value"]), "@odata.nextLink" in rest) == (100, 20, False)


async def test_the_documented_next_link_is_odd() -> None:
    """In its documented form the link lacks /engagements; it works once that is put back."""
    async with sandbox() as box:
        await box.switch(next_link="odd")
        for _ in range(101):
            await box.control("referrals", {"kind": "portal"})
        link = (await box.list())["@odata.nextLink"]
        broken = await box.client.get(link)
        mended = await box.client.get(link.replace("/v1.0/referrals", REFERRALS))

    assert link.startswith(f"{BASE}/v1.0/referrals?$skiptoken=")
    assert broken.status_code == 404
    assert len(mended.json()["value"]) == 1


async def test_a_new_referral_may_be_listed_late() -> None:
    """Within the list's lag a new referral can be read by its id and is in no list."""
    async with sandbox() as box:
        await box.switch(list_lag_seconds=30)
        own = await box.create(deal())
        early = await names(box)
        await box.get(own["id"])
        await box.control("clock", {"advance": 30})

        assert (early, await names(box)) == ([], ["Contoso renewal"])
