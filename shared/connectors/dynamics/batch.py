"""A `$batch`: one change set that happens wholly or not at all, and reads after it, in one call.

Format: learn.microsoft.com/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.connectors.answers import Answer, encoded
from shared.errors import Remote, Unavailable

SETS = 1  # a change set lies in a batch, and nothing lies in a change set
MOST_PARTS = 1001  # a batch takes 1,000 operations; its end is a part here as well
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/\d\.\d (\d{3})")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One request inside a batch; `url` is absolute or starts at the host's root, already encoded."""

    method: str
    url: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One answer inside a batch."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def content_type(boundary: str) -> str:
    return f'multipart/mixed; boundary="batch_{boundary}"'


def request_body(changes: Iterable[Operation], reads: Iterable[Operation], boundary: str) -> bytes:
    """The body of a batch; `boundary` is a text that occurs in none of its parts (a new GUID)."""
    lines = [f"--batch_{boundary}", f'Content-Type: multipart/mixed; boundary="changeset_{boundary}"', ""]
    for number, operation in enumerate(changes, start=1):
        lines += [f"--changeset_{boundary}", *_part(operation, f"Content-ID: {number}")]
    lines += [f"--changeset_{boundary}--", ""]
    for operation in reads:
        lines += [f"--batch_{boundary}", *_part(operation)]
    lines += [f"--batch_{boundary}--", ""]
    return "\r\n".join(lines).encode()


def _part(operation: Operation, *extra: str) -> list[str]:
    headers = dict(operation.headers)
    payload: list[str] = []
    if operation.body is not None:
        headers["Content-Type"] = "application/json; type=entry"
        payload = [encoded(operation.body)]
    return [
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        *extra,
        "",
        f"{operation.method} {operation.url} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.items()),
        "",
        *(payload or [""]),
    ]


def parts_of(answer: Answer) -> tuple[Part, ...]:
    """All parts in order, those of change sets included; a failed change set is one part in its place."""
    try:
        return tuple(_parts(answer.headers.get("content-type", ""), answer.body, SETS))
    except (ValueError, UnicodeDecodeError) as error:
        remote = Remote(system=answer.system, status=answer.status, message="the batch's answer cannot be read")
        raise Unavailable(remote) from error


def _parts(kind: str, body: bytes, deeper: int) -> Iterable[Part]:
    """The parts of a body and of those inside it, which may nest `deeper` times."""
    found = _BOUNDARY.search(kind)
    if not found:
        raise ValueError("no boundary")
    delimiter = b"--" + found[1].encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + delimiter, MOST_PARTS + 1)[1:]
    if len(pieces) > MOST_PARTS:
        raise ValueError("too many parts")
    for piece in pieces:
        if piece.startswith(b"--"):
            return
        headers, content = _head(piece.removeprefix(b"\r\n"))
        inner = headers.get("content-type", "")
        if inner.startswith("multipart/") and deeper:
            yield from _parts(inner, content, deeper - 1)
        else:
            yield _http(content)


def _http(content: bytes) -> Part:
    line, _, rest = content.lstrip(b"\r\n").partition(b"\r\n")
    status = _STATUS.match(line)
    if not status:
        raise ValueError("no status line")
    headers, body = _head(rest)
    return Part(status=int(status[1]), headers=headers, body=body.strip(b"\r\n"))


def _head(text: bytes) -> tuple[Mapping[str, str], bytes]:
    """Header lines up to the first empty one; there may be none at all."""
    if text.startswith(b"\r\n"):
        return {}, text[2:]
    head, _, rest = text.partition(b"\r\n\r\n")
    pairs = (line.partition(":") for line in head.decode().split("\r\n") if ":" in line)
    return {name.strip().casefold(): value.strip() for name, _, value in pairs}, rest
