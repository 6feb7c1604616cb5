"""Every parser that meets foreign bytes, with bytes of every kind: it understands or refuses, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.nasty import TEXTS
from tests.fuzz.parser import Parser
from tests.fuzz.parsers import PARSERS
from tests.fuzz.wreck import anything

EXAMPLES = 20  # a parser: `python dev.py prove --only input` tries a thousand times as many
SHORT = settings(
    max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(params=list(PARSERS))
def parser(request: pytest.FixtureRequest) -> Parser:
    return PARSERS[request.param]


def test_a_valid_sample_is_understood(parser: Parser) -> None:
    """A parser's first sample is understood and the others at least refused in words: wrecking them tries it all."""
    first, *others = parser.samples()
    parser.read(first)
    for sample in others:
        parser.tried(sample)


@SHORT
@given(data=st.data())
def test_nothing_but_its_own_errors_escapes(parser: Parser, data: st.DataObject) -> None:
    """Arbitrary bytes and wrecked samples are understood or refused with an allowed error, in bounded time."""
    parser.tried(data.draw(anything(parser.samples())))


def test_every_nasty_value_alone(parser: Parser) -> None:
    """Each value known to break a parser somewhere is tried as the whole input."""
    for text in TEXTS:
        parser.tried(text.encode("utf-8", "surrogatepass"))
