"""The simulator's rows: create, read, conditional update, upsert, delete, what a body may hold."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.dynamics.seed import APPLICATION, SELLER, currency_id
from tests.contract.sandbox_dynamics import ROOT, UNKNOWN, WHOLE, code, sandbox


async def test_who_am_i_names_the_user_of_the_token() -> None:
    """WhoAmI answers with the ids of user, business unit and organisation."""
    async with sandbox() as box:
        me = await box.get("WhoAmI")

    assert me["UserId"] == APPLICATION
    assert {"BusinessUnitId", "OrganizationId"} < me.keys()


async def test_create_answers_204_with_the_rows_url_or_201_with_the_row() -> None:
    """OData-EntityId comes only where no representation was asked for."""
    async with sandbox() as box:
        empty = await box.send("POST", "accounts", {"name": "Contoso"})
        whole = await box.send("POST", "accounts?$select=name", {"name": "Contoso"}, **WHOLE)

    assert empty.status_code == 204
    assert empty.headers["odata-entityid"].startswith(f"{ROOT}accounts(")
    assert whole.status_code == 201
    assert whole.headers["preference-applied"] == "return=representation"
    assert "odata-entityid" not in whole.headers
    assert whole.json().keys() == {"@odata.context", "@odata.etag", "accountid", "name"}


async def test_the_service_rounds_and_computes() -> None:
    """Money is rounded to its currency's digits, its base is computed, and stamps are to the second in UTC."""
    async with sandbox() as box:
        yen = f"/transactioncurrencies({currency_id('JPY')})"
        row = await box.opportunity(estimatedvalue=1000.5, transactioncurrencyid__bind=yen)
        dollars = await box.opportunity(estimatedvalue=10.555)

    assert (row["estimatedvalue"], row["estimatedvalue_base"]) == (1001, 6.6733)
    assert (dollars["estimatedvalue"], dollars["estimatedvalue_base"]) == (10.56, 10.56)
    assert row["createdon"] == row["modifiedon"] == "2026-11-02T12:00:00Z"
    assert row["_createdby_value"] == row["_ownerid_value"] == APPLICATION
    assert row["@odata.etag"] == f'W/"{row["versionnumber"]}"'


async def test_every_write_moves_the_version() -> None:
    """A PATCH of an equal value still is an update."""
    async with sandbox() as box:
        row = await box.opportunity()
        answer = await box.patch(f"opportunities({row['opportunityid']})", {"name": row["name"]}, **WHOLE)

    assert answer.status_code == 200
    assert answer.json()["versionnumber"] > row["versionnumber"]


async def test_conditions_of_an_update() -> None:
    """If-Match forbids creation and stale writes, If-None-Match forbids updates, and neither means upsert."""
    async with sandbox() as box:
        row = await box.opportunity()
        known, unknown = f"opportunities({row['opportunityid']})", f"opportunities({UNKNOWN})"
        absent = await box.patch(unknown, {"name": "x"}, If_Match="*")
        stale = await box.patch(known, {"name": "x"}, If_Match='W/"1"')
        taken = await box.patch(known, {"name": "x"}, If_None_Match="*")
        fresh = await box.patch(known, {"name": "y"}, If_Match=row["@odata.etag"])
        upserted = await box.patch(unknown, {"name": "z"}, If_None_Match="*", **WHOLE)
        again = await box.patch(unknown, {"name": "zz"}, **WHOLE)

    assert code(absent) == (404, "0x80040217")
    assert code(stale) == (412, "0x80060882")
    assert code(taken) == (412, "0x80040237")
    assert fresh.status_code == 204
    assert (upserted.status_code, upserted.json()["opportunityid"]) == (201, UNKNOWN)
    assert (again.status_code, again.json()["name"]) == (200, "zz")


async def test_a_refused_write_changes_nothing() -> None:
    """Whatever a refused body held, the row stays as it was, its version too."""
    async with sandbox() as box:
        row = await box.opportunity()
        path = f"opportunities({row['opportunityid']})"
        await box.patch(path, {"name": "other", "statuscode": 3})
        after = await box.get(path)

    assert after["@odata.etag"] == row["@odata.etag"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"Name": "casing"}, "0x80048d19"),
        ({"nosuch": 1}, "0x80048d19"),
        ({"ParentAccountId@odata.bind": None}, "0x80048d19"),
        ({"_parentaccountid_value": UNKNOWN}, "0x80048d19"),
        ({"estimatedvalue": "10"}, "0x80048d19"),
        ({"name": 5}, "0x80048d19"),
        ({"estimatedclosedate": "2026-02-30"}, "0x80048d19"),
        ({"estimatedclosedate": "2026-02-01T00:00:00Z"}, "0x80048d19"),
        ({"name": "x" * 301}, "0x80044331"),
        ({"opportunityratingcode": 9}, "0x8004431A"),
        ({"msft_microsoftpartnercenterhelp": 6}, "0x8004431A"),
        ({"estimatedvalue": -1}, "0x80040203"),
        ({"statuscode": 3}, "0x80048408"),
        ({"parentaccountid@odata.bind": f"/contacts({UNKNOWN})"}, "0x80040217"),
        ({"parentaccountid@odata.bind": f"/accounts({UNKNOWN})"}, "0x80040217"),
        ({"parentaccountid@odata.bind": f"/systemusers({SELLER})"}, "0x80048d19"),
        ({"transactioncurrencyid@odata.bind": "/transactioncurrencies(isocurrencycode='EUR')"}, "0x80060890"),
    ],
)
async def test_a_bad_body_is_refused_with_its_code(body: dict[str, Any], expected: str) -> None:
    """Names, casing, types, lengths, choices and references are checked."""
    async with sandbox() as box:
        answer = await box.send("POST", "opportunities", body)

    assert answer.json()["error"]["code"] == expected


async def test_lookups_are_bound_by_any_form_of_url_and_cleared_with_null() -> None:
    """Relative, rooted and absolute URLs bind; null clears, by annotation or by name."""
    async with sandbox() as box:
        account = (await box.make("accounts", name="Contoso"))["accountid"]
        row = (await box.opportunity())["opportunityid"]
        seen = []
        for value in (f"accounts({account})", None, f"/accounts({account})", f"{ROOT}accounts({account})"):
            await box.patch(f"opportunities({row})", {"parentaccountid@odata.bind": value})
            seen.append((await box.get(f"opportunities({row})"))["_parentaccountid_value"])
        await box.patch(f"opportunities({row})", {"parentaccountid": None})
        seen.append((await box.get(f"opportunities({row})"))["_parentaccountid_value"])

    assert seen == [account, None, account, account, None]


async def test_custom_lookups_use_the_casing_of_their_schema_name() -> None:
    """The navigation name of a custom lookup is cased, its value property is not."""
    async with sandbox() as box:
        row = (await box.opportunity())["opportunityid"]
        bind = f"/opportunities({row})"
        made = await box.make("msft_mspartnersolutions", msft_OpportunityId__bind=bind)
        wrong = await box.send("POST", "msft_mspartnersolutions", {"msft_opportunityid@odata.bind": bind})

    assert made["_msft_opportunityid_value"] == row
    assert made["msft_name"] == "2026-11-02-00001"
    assert code(wrong) == (400, "0x80048d19")


async def test_rows_inside_a_body_are_made_with_it() -> None:
    """A deep insert makes what the row points to and the rows that point to it."""
    async with sandbox() as box:
        body = {"name": "Deep", "parentaccountid": {"name": "Contoso"}, "Opportunity_Annotation": [{"subject": "One"}]}
        answer = await box.send("POST", "opportunities", body, **WHOLE)
        path = f"opportunities({answer.json()['opportunityid']})?$expand=parentaccountid,Opportunity_Annotation"
        found = await box.get(path)

    assert found["parentaccountid"]["name"] == "Contoso"
    assert [note["subject"] for note in found["Opportunity_Annotation"]] == ["One"]
    assert found["Opportunity_Annotation"][0]["objecttypecode"] == "opportunity"


async def test_single_properties_are_put_and_deleted() -> None:
    """PUT sets one column, DELETE makes it null, GET shows its value."""
    async with sandbox() as box:
        path = f"opportunities({(await box.opportunity())['opportunityid']})"
        put = await box.send("PUT", f"{path}/description", {"value": "text"})
        value = (await box.get(f"{path}/description"))["value"]
        deleted = await box.send("DELETE", f"{path}/description")
        gone = await box.send("GET", f"{path}/description")

    assert (put.status_code, value, deleted.status_code, gone.status_code) == (204, "text", 204, 204)


async def test_a_deleted_row_is_gone() -> None:
    """Deleting twice is 404, a stale deletion 412."""
    async with sandbox() as box:
        path = f"opportunities({(await box.opportunity())['opportunityid']})"
        stale = await box.send("DELETE", path, If_Match='W/"1"')
        first = await box.send("DELETE", path)
        second = await box.send("DELETE", path)

    assert code(stale) == (412, "0x80060882")
    assert first.status_code == 204
    assert code(second) == (404, "0x80040217")


async def test_if_none_match_saves_a_read() -> None:
    """304 comes only for a plain read of the current version."""
    async with sandbox() as box:
        row = await box.opportunity()
        path, etag = f"opportunities({row['opportunityid']})", row["@odata.etag"]
        plain = await box.send("GET", path, If_None_Match=etag)
        recommended = await box.send("GET", path, If_None_Match="null")
        expanded = await box.send("GET", f"{path}?$expand=ownerid", If_None_Match=etag)

    assert (plain.status_code, recommended.status_code, expanded.status_code) == (304, 200, 200)


async def test_an_alternate_key_names_a_row_once_its_index_is_built() -> None:
    """Upsert by key makes or finds the row, and answers 204 with the key's own URL."""
    async with sandbox() as box:
        key = {"SchemaName": "abc_Number", "KeyAttributes": ["accountnumber"]}
        await box.switch(key_delay_seconds=10.0)
        await box.send("POST", "EntityDefinitions(LogicalName='account')/Keys", key)
        early = await box.patch("accounts(accountnumber='A-1')", {"name": "Contoso"})
        await box.control("clock", {"advance": 11})
        first = await box.patch("accounts(accountnumber='A-1')", {"name": "Contoso"})
        second = await box.patch("accounts(accountnumber='A-1')", {"name": "Contoso Ltd"}, **WHOLE)
        nobody = await box.send("GET", "accounts(accountnumber='A-2')")
        taken = await box.send("POST", "accounts", {"accountnumber": "a-1"})

    assert code(early) == (400, "0x80060890")
    assert (first.status_code, first.headers["odata-entityid"]) == (204, f"{ROOT}accounts(accountnumber='A-1')")
    assert (second.status_code, second.json()["accountnumber"]) == (200, "A-1")
    assert code(nobody) == (404, "0x80060891")
    assert code(taken) == (412, "0x80060892")


async def test_annotations_come_only_when_asked_for() -> None:
    """Formatted values, lookup tables and navigation names are extras; error details too."""
    async with sandbox() as box:
        path = f"opportunities({(await box.opportunity(estimatedvalue=5))['opportunityid']})"
        plain = await box.get(path)
        full = await box.get(path, Prefer='odata.include-annotations="*"')
        some = await box.get(path, Prefer='odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"')
        refused = await box.send("GET", f"{path}?$select=x", Prefer='odata.include-annotations="*"')

    assert not [name for name in plain if "@" in name[1:]]
    assert full["statuscode@OData.Community.Display.V1.FormattedValue"] == "In Progress"
    assert full["_ownerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"] == "ownerid"
    assert full["estimatedvalue@OData.Community.Display.V1.FormattedValue"] == "$5.00"
    assert {name.partition("@")[2] for name in some if "@" in name[1:]} == {"Microsoft.Dynamics.CRM.lookuplogicalname"}
    assert "@Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus" in refused.json()["error"]


async def test_sales_teams_are_many_to_many() -> None:
    """Associating a member twice is a duplicate; the team's members are read from either end."""
    async with sandbox() as box:
        opportunity = (await box.opportunity())["opportunityid"]
        team = await box.make(
            "teams", name="Deal team", teamtype=1, regardingobjectid_opportunity__bind=f"/opportunities({opportunity})"
        )
        path = f"teams({team['teamid']})/teammembership_association/$ref"
        link = {"@odata.id": f"{ROOT}systemusers({SELLER})"}
        first, second = await box.send("POST", path, link), await box.send("POST", path, link)
        expand = "opportunity_Teams($select=name;$expand=teammembership_association($select=internalemailaddress))"
        found = await box.get(f"opportunities({opportunity})?$select=name&$expand={expand}")
        await box.send("DELETE", f"teams({team['teamid']})/teammembership_association({SELLER})/$ref")
        members = await box.rows(f"teams({team['teamid']})/teammembership_association")

    assert (first.status_code, code(second)) == (204, (412, "0x80040237"))
    shown = found["opportunity_Teams"][0]["teammembership_association"]
    assert [each["internalemailaddress"] for each in shown] == ["dana@fabrikam.example"]
    assert members == []


async def test_many_rows_are_written_by_one_call_or_none() -> None:
    """CreateMultiple answers with ids, the others with nothing; one bad target undoes all."""
    name = "Microsoft.Dynamics.CRM."
    async with sandbox() as box:
        made = await box.send("POST", f"accounts/{name}CreateMultiple", {"Targets": [{"name": "A"}, {"name": "B"}]})
        first, second = made.json()["Ids"]
        targets = [{"accountid": first, "name": "A2"}, {"accountid": UNKNOWN, "name": "C"}]
        refused = await box.send("POST", f"accounts/{name}UpdateMultiple", {"Targets": targets})
        before = sorted(row["name"] for row in await box.rows("accounts?$select=name"))
        upserted = await box.send("POST", f"accounts/{name}UpsertMultiple", {"Targets": targets})
        after = sorted(row["name"] for row in await box.rows("accounts?$select=name"))

    assert (made.status_code, upserted.status_code) == (200, 204)
    assert code(refused) == (404, "0x80040217")
    assert (before, after) == (["A", "B"], ["A2", "B", "C"])
    assert first != second
