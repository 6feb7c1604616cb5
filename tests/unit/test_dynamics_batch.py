"""Batches as text, and the words of queries."""

from __future__ import annotations

import pytest

from shared.connectors.answers import Answer
from shared.connectors.dynamics.batch import Operation, content_type, parts_of, request_body
from shared.connectors.dynamics.odata import Row, any_of, equals, is_guid, joined, literal
from shared.errors import Unavailable

CHANGED = Operation(method="PATCH", url="/a(1)?tag=t", body={"name": "Zoë"}, headers={"If-Match": 'W/"1"'})
DELETED = Operation(method="DELETE", url="/b(2)")
READ = Operation(method="GET", url="/a(1)")
NESTED = """--batchresponse_1\r
Content-Type: multipart/mixed; boundary="changesetresponse_2"\r
\r
--changesetresponse_2\r
Content-Type: application/http\r
Content-Transfer-Encoding: binary\r
Content-ID: 1\r
\r
HTTP/1.1 200 OK\r
Content-Type: application/json\r
ETag: W/"8"\r
\r
{"name":"Zoë"}\r
--changesetresponse_2\r
Content-Type: application/http\r
\r
HTTP/1.1 204 No Content\r
\r
\r
--changesetresponse_2--\r
--batchresponse_1\r
Content-Type: application/http\r
\r
HTTP/1.1 404 Not Found\r
\r
{}\r
--batchresponse_1--\r
"""


def answer(body: bytes, kind: str = "multipart/mixed; boundary=batchresponse_1") -> Answer:
    return Answer(system="Dynamics 365", status=200, headers={"content-type": kind}, body=body)


def test_a_batch_is_one_change_set_and_reads() -> None:
    """Changes stand in one change set with numbers of their own, reads after it, every line ending in CRLF."""
    body = request_body([CHANGED, DELETED], [READ], "X").decode()
    assert content_type("X") == 'multipart/mixed; boundary="batch_X"'
    assert body.replace("\r\n", "").count("\n") == 0
    assert body.startswith(
        '--batch_X\r\nContent-Type: multipart/mixed; boundary="changeset_X"\r\n\r\n--changeset_X\r\n'
    )
    assert body.endswith("\r\n--batch_X--\r\n")
    inside, _, after = body.partition("--changeset_X--\r\n")
    assert [line for line in inside.split("\r\n") if line.startswith("Content-ID")] == [
        "Content-ID: 1",
        "Content-ID: 2",
    ]
    assert 'PATCH /a(1)?tag=t HTTP/1.1\r\nIf-Match: W/"1"\r\n' in inside
    assert '\r\n\r\n{"name":"Zoë"}\r\n' in inside
    assert "GET /a(1) HTTP/1.1" in after


def test_answers_come_in_order() -> None:
    """Parts of change sets are unfolded in place; status, headers and body of each are its own."""
    first, second, third = parts_of(answer(NESTED.encode()))
    assert (first.status, first.headers["etag"], first.body.decode()) == (200, 'W/"8"', '{"name":"Zoë"}')
    assert [(part.status, part.body) for part in (second, third)] == [(204, b""), (404, b"{}")]


@pytest.mark.parametrize(
    "spoilt",
    [
        answer(NESTED.encode(), "application/json"),
        answer(NESTED.replace("HTTP/1.1 404", "HTTP?").encode()),
        answer(NESTED.replace("Content-ID: 1", "X: \udcff").encode(errors="surrogateescape")),
    ],
)
def test_a_spoilt_answer_says_nothing_of_the_effect(spoilt: Answer) -> None:
    """An answer that cannot be read is Unavailable: the change set may have happened."""
    with pytest.raises(Unavailable):
        parts_of(spoilt)


def test_literals_cannot_be_left() -> None:
    """Apostrophes are doubled; no text is null; lists have no repeats."""
    assert literal("O'Hara' or '1' eq '1") == "'O''Hara'' or ''1'' eq ''1'"
    assert (equals("a", ""), equals("a", "b")) == ("a eq null", "a eq 'b'")
    assert any_of("a", ["x", "y"]) == "(a eq 'x' or a eq 'y')"
    assert joined(["a", "b", "a"]) == "a,b"


def test_rows_are_read_leniently() -> None:
    """A column of another type, or none, is an empty one."""
    row = Row({"t": 5, "n": "x", "b": True, "_l_value": None, "d": "2026-01-31T23:00:00Z", "c": [], "k": {}})
    assert (row.text("t"), row.number("n"), row.number("b"), row.whole("b"), row.lookup("l")) == (
        "",
        None,
        None,
        None,
        "",
    )
    assert (str(row.day("d")), row.child("c"), row.children("k")) == ("2026-01-31", None, ())
    assert (is_guid("0a1b2c3d-0000-4000-8000-00000000a001"), is_guid("0a1b2c3d"), is_guid("")) == (True, False, False)
