"""Hypothesis strategies: bytes of any kind, and valid samples with something wrong in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.nasty import CHUNKS, TEXTS, Raw, Twins, written

MOST_CHANGES = 4
Path = tuple[str | int, ...]


def anything(samples: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Arbitrary bytes, wrecked bytes of a sample, and where samples are JSON their wrecked values."""
    structured = [wrecked_json(sample) for sample in samples if _is_json(sample)]
    return st.one_of(
        st.binary(max_size=400),
        st.sampled_from(samples).flatmap(wrecked_bytes),
        *structured,
        st.sampled_from(TEXTS).map(lambda text: text.encode("utf-8", "surrogatepass")),
    )


@st.composite
def wrecked_bytes(draw: st.DrawFn, sample: bytes) -> bytes:
    """A sample in which pieces are cut out, doubled or replaced."""
    data = bytearray(sample)
    for _ in range(draw(st.integers(1, MOST_CHANGES))):
        start = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, min(64, len(data) - start)))
        piece = draw(
            st.one_of(st.sampled_from(CHUNKS), st.binary(max_size=8), st.just(bytes(data[start:][:length]) * 2))
        )
        data[start : start + length] = piece
    return bytes(data)


@st.composite
def wrecked_json(draw: st.DrawFn, sample: bytes) -> bytes:
    """A sample in which values are replaced, dropped, doubled or moved."""
    value = json.loads(sample)
    for _ in range(draw(st.integers(1, MOST_CHANGES))):
        places = list(_places(value))
        if not places:
            break
        value = draw(_changes(value, draw(st.sampled_from(places))))
    return written(value).encode("utf-8", "surrogatepass")


def _changes(value: Any, place: Path) -> st.SearchStrategy[Any]:
    found = _at(value, place)
    nasty = st.one_of(st.sampled_from(TEXTS), st.just(found), _small()).map(lambda new: _put(value, place, new))
    options = [nasty, nasty, nasty]
    if place:
        options += [
            st.just(_put(value, place, _DROP)),
            st.sampled_from(TEXTS).map(lambda new: _twin(value, place, new)),
        ]
    return st.one_of(options)


def _small() -> st.SearchStrategy[Any]:
    leaves: st.SearchStrategy[Any] = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=20),
    )
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))


_DROP = object()


def _is_json(sample: bytes) -> bool:
    try:
        return isinstance(json.loads(sample), dict | list)
    except ValueError:
        return False


def _places(value: Any, at: Path = ()) -> Iterator[Path]:
    """Every place of a document, the whole included."""
    yield at
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _places(item, (*at, key))
    elif isinstance(value, list) and not isinstance(value, Twins):
        for index, item in enumerate(value):
            yield from _places(item, (*at, index))


def _at(value: Any, place: Path) -> Any:
    for step in place:
        value = value[step]
    return value


def _put(value: Any, place: Path, new: Any) -> Any:
    """A copy with something else in one place."""
    if not place:
        return new
    step, rest = place[0], place[1:]
    copy = value.copy()
    if rest:
        copy[step] = _put(value[step], rest, new)
    elif new is _DROP:
        del copy[step]
    else:
        copy[step] = new
    return copy


def _twin(value: Any, place: Path, new: Raw) -> Any:
    """A copy in which a key comes twice, the second time with another value."""
    parent = _at(value, place[:-1])
    if not isinstance(parent, dict):
        return _put(value, place, new)
    return _put(value, place[:-1], Twins([*parent.items(), (str(place[-1]), new)]))
