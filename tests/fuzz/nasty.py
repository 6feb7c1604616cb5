"""Values that break parsers, as JSON texts: what JSON allows, what Python's reader tolerates, and what neither does."""

from __future__ import annotations

import json
from typing import Any

DEEP = 100_000


class Raw(str):
    """Text that goes into a document as it is."""

    __slots__ = ()


NUMBERS = (
    "0", "-0", "-0.0", "-1", "1.5", "2147483648", "-9223372036854775809", "1e400", "-1e400", "1e999999", "1e-999999",
    "1e999999999", "1e-999999999", "NaN", "Infinity", "-Infinity", "01", "1e", "9" * 400, "9" * 4000, "9" * 5000,
    "0." + "1" * 5000, "1e308", "123456789012345678901234567890.12", "922337203685477.5807",
)  # fmt: skip
STRINGS = (
    "", " ", "\x00", "\ud800", "a\udfffb", "\u202e", "\ufeff", "😀", "e\u0301", "İ", "ß", "'", '"', "\\", "\r\n",
    "../../x", "%00", "{id}", "=1+1", "<b>", "true", "null", "NaN", "sNaN", "-sNaN123", "Infinity", "1e999999999",
    "9" * 5000, "٣", "²", "x" * 20_000, "\u0000" * 300, "x" * 129,
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0000-01-01", "9999-12-31T23:59:59.9999999-14:00",
    "9999-12-31", "2026-02-30", "2026-01-31T00:00:00", "2026-01-31T24:00:00Z", "2026-W01-1", "20260131",
    "2026-01-31T00:00:00+99:99", "2026-01-31T00:00:00.", "2026-01-31T00:00:00.\u0661\u0662Z",
    "/Date(99999999999999999)/",
    "/Date(-62135596800000)/", "11111111-2222-4333-8444-555555555555", "{11111111-2222-4333-8444-555555555555}",
    "https://[::1", "http://x:99999999/", "https://user@host/", "//", "://", "\ud800://", "https://x/\ud800",
)  # fmt: skip
SHAPES = (
    "[]", "{}", "null", "true", "false", "[null]", "[[]]", "[{}]", '{"": ""}', '{"__value": {"__value": 1}}',
    "[" * 300 + "]" * 300, '{"a":' * 300 + "1" + "}" * 300, "[" * DEEP, "[" * DEEP + "]" * DEEP,
    '{"a":' * DEEP + "1" + "}" * DEEP, '{"innerError":' * 2000 + "1" + "}" * 2000, "[1,2", "{", '{"a"', "'a'", "//",
    '{"a":1,"a":2}', "[" + ",".join(["1"] * 20_000) + "]", "[" + ",".join(["{}"] * 5_000) + "]",
    '["\\ud800"]', '{"\\udc00": 1}', '"\\u12"',
)  # fmt: skip
TEXTS: tuple[Raw, ...] = (
    *map(Raw, NUMBERS),
    *(Raw(json.dumps(text)) for text in STRINGS),
    *map(Raw, SHAPES),
)
CHUNKS: tuple[bytes, ...] = (
    b"", b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n", b"\r\n\r\n", b"--", b'"', b"\\",
    b"{", b"}", b"[", b"]", b":", b",", b"9" * 5000, b"-" * 200, b"[" * 1000, b"\\ud800", b"%", b"=", b" " * 500,
    "٣".encode(), "²".encode(), b"-----BEGIN CERTIFICATE-----\n", b"\x30\x82\xff\xff", b"\x02\x84\x7f\xff\xff\xff",
    b"\x30\x80", b"\x00" * 64, b"\x80" * 16,
)  # fmt: skip


def written(value: Any) -> str:
    """A document with Raw texts in it. Twins of a key are written by a list of pairs under `Twins`."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Twins):
        return "{" + ",".join(f"{json.dumps(key)}:{written(item)}" for key, item in value) + "}"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(key))}:{written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


class Twins(list[tuple[str, Any]]):
    """An object whose keys may come more than once."""
