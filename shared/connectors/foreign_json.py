"""JSON from outside as Python values, bounded: what RFC 8259 lets an implementation refuse is refused here.

§9 allows limits on depth and on numbers; §8.2 says what half a character does to software that receives it.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

DEEPEST = 64  # of nesting; the deepest answer on record has 9
LONGEST_NUMBER = 400  # characters, and the largest power of ten: a binary double ends at 1.8e308


def decoded(body: bytes) -> Any:
    """JSON as Python values, decimal numbers as Decimal; raises ValueError for anything else, NaN included."""
    return _read(body.decode("utf-8-sig"), _EXACT)


def lenient(text: str) -> Any:
    """The same for whom numbers are of no interest: NaN and numbers of any size are taken: no event is lost."""
    return _read(text, _ROUGH)


def _read(text: str, decoder: json.JSONDecoder) -> Any:
    try:
        found = decoder.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if depth_of(found) > DEEPEST:
        raise ValueError(f"nested more than {DEEPEST} deep")
    return _mended(found) if "\\u" in text else found


def depth_of(value: Any) -> int:
    """How deep lists and objects nest, counted level by level: a hostile body must not exhaust the stack here."""
    level, depth = [value], 0
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [item for each in level for item in (each.values() if isinstance(each, dict) else each)]
    return depth


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text)} digits")
    return int(text)


def _any_whole(text: str) -> int:
    return int(text) if len(text) <= LONGEST_NUMBER else 0


def _decimal(text: str) -> Decimal:
    """1e999999999 is nine characters here, and a gigabyte once somebody writes it out."""
    try:
        found = Decimal(text) if len(text) <= LONGEST_NUMBER else None
    except ArithmeticError:  # a power of ten that even Decimal does not take
        found = None
    if found is None or abs(found.adjusted()) > LONGEST_NUMBER:
        raise ValueError("a number beyond every limit")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _mended(value: Any) -> Any:
    """With U+FFFD for each half of a character: a column cut in the middle of an emoji must not stop its deal."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return [_mended(item) for item in value] if isinstance(value, list) else value


_EXACT = json.JSONDecoder(parse_int=_whole, parse_float=_decimal, parse_constant=_no_constant)
_ROUGH = json.JSONDecoder(parse_int=_any_whole, parse_float=float, parse_constant=float)
