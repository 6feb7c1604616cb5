"""What provisioning must not do: tell the function's key, or let a word of somebody else's become a command."""

from __future__ import annotations

import json
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import httpx
import pytest
from pydantic import SecretStr

from cli.provisioning import make
from cli.provisioning.plan import Plan
from cli.provisioning.webhook import header
from shared.errors import CosellError, Refused
from tests.integration.provisioned import ASK, KEY, Desk, open_desk

WRITTEN = (KEY, quote(KEY, safe=""), quote(KEY), escape(KEY), KEY[:10])


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Give an administrator before an empty Dataverse."""
    async with open_desk(tmp_path / "root.pem") as made:
        yield made


def told(text: str) -> list[str]:
    return [form for form in WRITTEN if form in text]


@contextmanager
def quoting(desk: Desk) -> Iterator[None]:
    """Dataverse refuses the endpoint and quotes what it was sent, as it is and as in an address."""
    client = desk.bench.client
    hooks = client.event_hooks

    async def refuse(response: httpx.Response) -> None:
        if response.request.method == "POST" and response.request.url.path.endswith("serviceendpoints"):
            secret = json.loads(response.request.content)["authvalue"]
            words = f"The value {secret} of ?code={quote(secret, safe='')} is not valid."
            body = json.dumps({"error": {"code": "0x80040203", "message": words}}).encode()
            response.status_code = 400
            response._content = body
            response.stream = httpx.ByteStream(body)

    client.event_hooks = {"request": hooks["request"], "response": [refuse]}
    try:
        yield
    finally:
        client.event_hooks = hooks


async def test_the_key_is_sent_once_and_told_nowhere(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    """Of all calls one body holds it; plan, dry run, output, document, logs and telemetry do not."""
    await desk.provision(dry_run=True)
    await desk.provision()
    sent = [call.name for call in desk.bench.calls if told(json.dumps(call.body) + call.query)]
    await desk.provision(as_json=True)
    again = [call.name for call in desk.bench.calls if told(json.dumps(call.body) + call.query)]
    out, err = capfd.readouterr()

    assert sent == ["crm POST serviceendpoints"]
    assert again == []
    assert told(desk.said + out + err + repr(vars(desk.bench.telemetry))) == []


async def test_nothing_that_holds_the_key_prints_it(desk: Desk) -> None:
    """Neither what was asked for nor a step of the plan."""
    async with desk.site() as site:
        plan: Plan = await make.plan(site, ASK)

    assert told(repr(ASK) + str(ASK) + repr(plan) + str(plan.steps)) == []


async def test_a_refusal_that_quotes_the_key_is_told_without_it(desk: Desk) -> None:
    """However the vendor writes it, and in no cause that a traceback would show."""
    with quoting(desk), pytest.raises(Refused) as caught:
        await desk.provision()
    shown = "".join(traceback.format_exception(caught.value))

    assert told(str(caught.value) + repr(caught.value) + shown + desk.said) == []
    assert "(the key)" in str(caught.value)


async def test_another_key_is_sent_on_request_alone(desk: Desk) -> None:
    """What is set cannot be read, so it is left unless --new-key says otherwise; then one call changes it."""
    await desk.provision()
    other = replace(ASK, hook=replace(ASK.hook, key=SecretStr("another-key-of-the-function")))
    await desk.provision(other)
    assert desk.written == []
    await desk.provision(replace(other, hook=replace(other.hook, renew=True)))

    assert [call.body for call in desk.written] == [
        {"authtype": 5, "authvalue": header(SecretStr("another-key-of-the-function"))}
    ]
    assert "another-key" not in desk.said


async def test_no_word_of_somebody_elses_becomes_xml(desk: Desk) -> None:
    """A form called like a tag, and tables with such labels, change nothing but words in the output."""
    evil = '</tab></tabs><tabs x="[red]">'
    people = desk.bench.people
    (form,) = await desk.rows("systemforms?$filter=objecttypecode eq 'opportunity'")
    await people.crm("PATCH", f"systemforms({form['formid']})", {"name": evil})
    assert await desk.provision() == 0
    after = (await desk.rows("systemforms?$filter=objecttypecode eq 'opportunity'"))[0]["formxml"]

    assert after.count("<tabs>") == after.count("</tabs>") == 1
    assert after.count("<tab ") == 2
    published = [call.body["ParameterXml"] for call in desk.bench.calls if call.name.endswith("PublishXml")]
    assert all(evil not in text for text in published)


async def test_a_form_that_declares_entities_is_not_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could grow without end is refused before it is parsed, and nothing is written."""
    bomb = '<!DOCTYPE form [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><form><tabs>&b;</tabs></form>'
    store = desk.bench.dynamics.state.organization.store
    form = next(iter(store.table("systemform")))
    monkeypatch.setitem(store.rows["systemform"], form, {**store.rows["systemform"][form], "formxml": bomb})
    with pytest.raises(CosellError, match="declares what no form has"):
        await desk.provision()

    assert desk.written == []


async def test_an_id_out_of_an_answer_is_an_id(desk: Desk) -> None:
    """What goes into a path is checked: an answer cannot lead a write elsewhere."""
    store = desk.bench.dynamics.state.organization.store
    await desk.provision()
    client = desk.bench.client

    async def lie(response: httpx.Response) -> None:
        if response.request.url.path.endswith("/roles"):
            body = json.dumps({"value": [{"roleid": "x)/../accounts(1", "name": "Cosell Sync"}]}).encode()
            response._content = body
            response.stream = httpx.ByteStream(body)

    hooks: dict[str, Any] = client.event_hooks
    client.event_hooks = {"request": hooks["request"], "response": [lie]}
    with pytest.raises(CosellError, match="an id is none"):
        await desk.provision()

    assert desk.written == []
    assert [row["name"] for row in store.table("role").values()].count("Cosell Sync") == 1
