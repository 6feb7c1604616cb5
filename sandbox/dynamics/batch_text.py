"""Multipart texts of $batch: read into operations, answers written back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.dynamics import errors
from sandbox.dynamics.call import Answer
from sandbox.dynamics.odata_path import below_root

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One HTTP request inside a batch; `path` is below the service root, or starts with `$id`."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    content_id: str = ""


@dataclass(frozen=True)
class ChangeSet:
    operations: list[Operation] = field(default_factory=list)


def bad_batch(message: str) -> errors.DataverseError:
    return errors.DataverseError(errors.PAYLOAD, message)


def parse_batch(content_type: str, body: bytes) -> list[Operation | ChangeSet]:
    """CRLF line ends only, as the vendor's page demands."""
    if b"\n" in body.replace(b"\r\n", b""):
        raise bad_batch("Invalid batch: lines must end with CRLF.")
    return [_part(*_split_head(part)) for part in _parts(content_type, body)]


def _parts(content_type: str, body: bytes) -> list[bytes]:
    match = _BOUNDARY.search(content_type)
    if not match:
        raise bad_batch("The Content-Type of a batch needs a boundary.")
    mark = f"--{match[1] or match[2]}".encode()
    pieces = re.split(rb"(?:^|\r\n)" + re.escape(mark), body)
    closed = [index for index, piece in enumerate(pieces) if piece.startswith(b"--")]
    if len(pieces) < 2 or not closed:
        raise bad_batch("The batch is not ended by its boundary.")
    return [piece.removeprefix(b"\r\n") for piece in pieces[1 : closed[0]]]


def _split_head(part: bytes) -> tuple[dict[str, str], bytes]:
    head, _, rest = part.partition(b"\r\n\r\n")
    return _headers(head.decode("utf-8").split("\r\n")), rest


def _headers(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _part(headers: dict[str, str], rest: bytes) -> Operation | ChangeSet:
    content_type = headers.get("content-type", "")
    if content_type.startswith("multipart/mixed"):
        inner = [_part(*_split_head(part)) for part in _parts(content_type, rest)]
        operations = [each for each in inner if isinstance(each, Operation)]
        if len(operations) != len(inner) or any(each.method == "GET" for each in operations):
            raise bad_batch("A change set holds changes only.")
        return ChangeSet(operations)
    if content_type.split(";")[0].strip() != "application/http":
        raise bad_batch("A batch part must be application/http.")
    return _operation(rest, headers.get("content-id", ""))


def _operation(text: bytes, content_id: str) -> Operation:
    """An address may hold spaces, as it does in what Microsoft's own client sends: it lies between first and last."""
    head, _, body = text.partition(b"\r\n\r\n")
    lines = head.decode("utf-8").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    address, _, version = rest.rpartition(" ")
    if not address or not version.startswith("HTTP/"):
        raise bad_batch(f"'{lines[0]}' is no request line.")
    url, _, query = address.partition("?")
    path = url if url.startswith("$") else below_root(url)
    return Operation(
        method=method, path=path, query=query, headers=_headers(lines[1:]), body=body, content_id=content_id
    )


def written(boundary: str, parts: list[str]) -> str:
    return "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"


def answer_part(answer: Answer, reason: str, content_id: str = "") -> str:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id:
        lines.append(f"Content-ID: {content_id}")
    head = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in answer.all_headers().items())]
    return "\r\n".join([*lines, "", *head, "", answer.content().decode()])


def changeset_part(boundary: str, parts: list[str]) -> str:
    return f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n{written(boundary, parts)}"
