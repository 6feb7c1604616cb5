"""The long form of hypothesis on one parser, and an input played again."""

from __future__ import annotations

import base64
import tempfile
import time
import warnings
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import HypothesisWarning

from tests.fuzz.parser import Escaped
from tests.fuzz.parsers import PARSERS
from tests.fuzz.wreck import anything

SHORT_ENOUGH = 2_000  # bytes that a command line takes as they are

Found = tuple[str, str]
"""What went wrong, and the command that plays it again."""


def played(name: str, *, inputs: int, seed: int) -> tuple[list[Found], float]:
    """What escaped from a parser, the smallest input of it that was found, and the seconds it all took."""
    start = time.monotonic()
    try:
        _run(name, inputs, seed)
    except Escaped as error:
        return [(str(error), again(name, error.data))], time.monotonic() - start
    return [], time.monotonic() - start


def _run(name: str, inputs: int, begin: int) -> None:
    parser = PARSERS[name]

    @seed(begin)
    @settings(
        max_examples=inputs,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(data=anything(parser.samples()))
    def tried(data: bytes) -> None:
        parser.tried(data)

    with warnings.catch_warnings():
        # That a large input is not worth printing: we print none, and the one that matters is put beside.
        warnings.simplefilter("ignore", HypothesisWarning)
        tried()


def again(name: str, data: bytes) -> str:
    """A command for one input; a long one is put beside, in a file."""
    if len(data) <= SHORT_ENOUGH:
        return f"python -m tests.fuzz {name} --base64 {base64.b64encode(data).decode()}"
    file = Path(tempfile.gettempdir()) / f"{name}.input"
    file.write_bytes(data)
    return f"python -m tests.fuzz {name} --file {file}"
