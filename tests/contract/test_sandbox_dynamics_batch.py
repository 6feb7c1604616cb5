"""The simulator's $batch: change sets as transactions, Content-IDs, stopping and going on."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx

from tests.contract.sandbox_dynamics import Sandbox, sandbox

PART = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"


def operation(method: str, url: str, body: Any = None, number: int = 0) -> str:
    numbered = f"Content-ID: {number}\r\n" if number else ""
    text = "" if body is None else json.dumps(body)
    return f"{PART}{numbered}\r\n{method} {url} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{text}"


def joined(boundary: str, *parts: str) -> str:
    return "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"


def change_set(*parts: str) -> str:
    return f"Content-Type: multipart/mixed; boundary=set\r\n\r\n{joined('set', *parts)}"


async def post(box: Sandbox, *parts: str, **headers: str) -> httpx.Response:
    kind = {"Content-Type": 'multipart/mixed; boundary="outer"'}
    return await box.client.post("$batch", content=joined("outer", *parts), headers=kind | headers)


def statuses(answer: httpx.Response) -> list[int]:
    return [int(found) for found in re.findall(r"^HTTP/1.1 (\d+)", answer.text, re.MULTILINE)]


async def test_a_change_set_is_one_transaction_with_references() -> None:
    """A later operation binds to a row made earlier in the set, and each part answers under its Content-ID."""
    async with sandbox() as box:
        answer = await post(
            box,
            change_set(
                operation("POST", "/api/data/v9.2/accounts", {"name": "Contoso"}, 1),
                operation("POST", "contacts", {"lastname": "B", "parentcustomerid_account@odata.bind": "$1"}, 2),
                operation("PATCH", "$1", {"primarycontactid@odata.bind": "$2"}, 3),
            ),
            operation("GET", "/api/data/v9.2/accounts?$select=name&$expand=primarycontactid($select=lastname)"),
        )

    assert (answer.status_code, statuses(answer)) == (200, [204, 204, 204, 200])
    assert answer.headers["content-type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert re.findall(r"Content-ID: (\d)", answer.text) == ["1", "2", "3"]
    assert '"lastname": "B"' in answer.text


async def test_a_failed_change_set_leaves_nothing() -> None:
    """Only what failed answers, within its set and under its Content-ID; its status is the batch's, nothing remains."""
    async with sandbox() as box:
        await box.subscribe()
        row = await box.opportunity()
        await box.delivered()
        heard = len(box.receiver.requests)
        answer = await post(
            box,
            change_set(
                operation("PATCH", f"opportunities({row['opportunityid']})", {"name": "other"}, 1),
                operation("POST", "accounts", {"name": "Contoso"}, 2),
                operation("POST", "accounts", {"nosuch": 1}, 3),
            ),
            operation("GET", "accounts"),
        )
        after = await box.get(f"opportunities({row['opportunityid']})")
        accounts = await box.rows("accounts")
        await box.delivered()

    assert (answer.status_code, statuses(answer)) == (400, [400])
    assert re.findall(r"^--changesetresponse_|Content-ID: \d", answer.text, re.MULTILINE) == [
        "--changesetresponse_",
        "Content-ID: 3",
        "--changesetresponse_",
    ]
    assert (after["name"], after["@odata.etag"], accounts) == (row["name"], row["@odata.etag"], [])
    assert len(box.receiver.requests) == heard


async def test_continue_on_error_tells_each_part() -> None:
    """The outer status is 200 and every operation was tried."""
    async with sandbox() as box:
        parts = (operation("GET", "nosuch"), operation("GET", "accounts"))
        stopped = await post(box, *parts)
        went_on = await post(box, *parts, Prefer="odata.continue-on-error")

    assert (stopped.status_code, statuses(stopped)) == (404, [404])
    assert (went_on.status_code, statuses(went_on)) == (200, [404, 200])


async def test_references_lead_backwards_only() -> None:
    """A Content-ID that is not there yet is a bad request."""
    async with sandbox() as box:
        first = operation("POST", "contacts", {"lastname": "B", "parentcustomerid_account@odata.bind": "$2"}, 1)
        answer = await post(box, change_set(first, operation("POST", "accounts", {"name": "A"}, 2)))

    assert answer.status_code == 400
    assert "Content-ID Reference: '$2' does not exist in the batch context." in answer.text


async def test_writing_and_closing_in_one_change_set() -> None:
    """Fields first, then WinOpportunity: the order in which an inbound win must be written."""
    async with sandbox() as box:
        row = (await box.opportunity())["opportunityid"]
        close = {"actualrevenue": 5, "opportunityid@odata.bind": f"/opportunities({row})"}
        answer = await post(
            box,
            change_set(
                operation("PATCH", f"opportunities({row})", {"description": "won"}, 1),
                operation("POST", "WinOpportunity", {"Status": 3, "OpportunityClose": close}, 2),
            ),
        )
        found = await box.get(f"opportunities({row})")

    assert answer.status_code == 200
    assert (found["description"], found["statecode"], found["actualvalue"]) == ("won", 1, 5)


async def test_an_address_may_hold_spaces() -> None:
    """The address of an operation reaches from the first space of its line to the last."""
    async with sandbox() as box:
        await box.make("accounts", name="Contoso")
        asked = operation("GET", "accounts?$select=name&$filter=name eq 'Contoso' and statecode eq 0")
        answer = await post(box, asked)
        bad = await post(box, asked.replace(" HTTP/1.1", ""))

    assert (answer.status_code, statuses(answer)) == (200, [200])
    assert '"name": "Contoso"' in answer.text
    assert bad.status_code == 400


async def test_bad_batches_are_refused_whole() -> None:
    """Line ends, boundaries and reads inside a change set are checked before anything is done."""
    async with sandbox() as box:
        read = await post(box, change_set(operation("GET", "accounts", number=1)))
        kind = {"Content-Type": "multipart/mixed; boundary=outer"}
        text = joined("outer", operation("GET", "accounts"))
        newlines = await box.client.post("$batch", content=text.replace("\r\n", "\n"), headers=kind)
        unending = await box.client.post("$batch", content=text.replace("--outer--", ""), headers=kind)

    assert [each.status_code for each in (read, newlines, unending)] == [400] * 3
