"""A `customize.yaml` that somebody else wrote, and a referral that knows what the file asks of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.customize import customization, faults
from shared.customize.fields import fields_of
from shared.domain import deal
from shared.domain.oneline import one_line
from shared.domain.values import Group, Person
from tests.contract.customized import customized, draft, draft_of, referred
from tests.contract.dynamics_bench import AUDIT, send
from tests.security.test_words import HOSTILE, LINES


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_referrals_word_finds_nobody_else(text: str) -> None:
    """In a lookup, a rule by column and a rule by id it is one literal: it finds its own row or none."""
    yaml = """
opportunity: {create: {new_programid: {lookup: {table: new_program, where: {new_code: {from: campaignId}}}}}}
account: {match: [{id: Duns, column: new_duns}, {columns: {new_tier: {template: "{campaignId}"}}}]}
"""
    word = text.strip()
    ids = [{"profileType": "Duns", "id": word}]
    origin = referred(campaignId=word, customerProfile={"name": "Contoso", "ids": ids})
    async with customized(yaml) as bench:
        theirs = await bench.account(name="Somebody else", new_duns="1", new_tier="Gold")
        await bench.seller("POST", "new_programs", {"new_code": "another"})
        wanted = await bench.seller("POST", "new_programs", {"new_code": word})
        record = await bench.gateway.create(draft_of(origin))
        row = await bench.raw(record.ref.id)

    assert row["_new_programid_value"] == wanted["new_programid"]
    assert theirs["accountid"] not in {ref.id for ref in record.related}


@pytest.mark.parametrize("mail", ["x@o'brien.example", "x@a') or contains(name,'C", "x@%27.example", "@", "x@[::1"])
async def test_a_contacts_domain_finds_nobody_else(mail: str) -> None:
    """A mail address that is no address, or one that wants to be a filter, matches no account."""
    people = Group([Person(email=mail, first_name="A", last_name="B", phone="1")])
    async with customized("account: {match: [{domain: websiteurl}]}") as bench:
        theirs = await bench.account(name="Somebody else", websiteurl="https://contoso.example")
        record = await bench.gateway.create(draft(**{deal.CONTACTS: people}))

    assert theirs["accountid"] not in {ref.id for ref in record.related}


@pytest.mark.parametrize("line", LINES)
async def test_what_a_template_brings_forges_no_audit_line(line: str) -> None:
    """A referral's text lands in the column that it was asked for, and in no line of Audit."""
    told = line.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # as it is mended when it is read
    pair = "{column: new_campaign, path: campaignId}"
    yaml = f"opportunity: {{create: {{new_story: {{template: '{{details.notes}}'}}}}, fields: [{pair}]}}"
    async with customized(yaml) as bench:
        record = await bench.gateway.create(draft_of(referred(details={"notes": told})))
        after = await send(bench, record, {"x:new_campaign": told[:20]})
        row: dict[str, Any] = await bench.raw(after.ref.id)

    assert row["new_story"].split() == told.split()
    assert "approved" not in str(row[AUDIT])


@pytest.mark.parametrize("title", LINES)
def test_a_title_is_one_line(title: str) -> None:
    """What Audit and the logs call a field cannot begin another line or turn the words around it."""
    pair = f"{{column: new_campaign, path: campaignId, title: {json.dumps(title[:60])}}}"
    yaml = f"version: 1\nopportunity: {{fields: [{pair}]}}"
    said = [str(fault) for fault in faults(yaml)] or [fields_of(customization(yaml).wishes)[-1].title]

    assert [one_line(each) for each in said] == said
