"""The long forms find what is wrong, and say how to see it again."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fuzz import coverage_guided, long_form, parser
from tests.fuzz.parser import Escaped, Parser
from tests.fuzz.parsers import PARSERS
from tests.fuzz.served import ROOT


def broken(data: bytes) -> None:
    """Trips over a list with something in it."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(found, list) and found:
        raise KeyError("found")


BROKEN = Parser(name="broken", read=broken, samples=lambda: [b"[]"], allowed=())


def test_what_escapes_is_found_and_played_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The long form gives an input with the command that plays it alone; how small it gets is hypothesis's affair."""
    monkeypatch.setitem(PARSERS, "broken", BROKEN)
    ((what, again),), seconds = long_form.played("broken", inputs=500, seed=1)

    assert "KeyError" in what
    *command, how, given = again.split()
    assert command == ["python", "-m", "tests.fuzz", "broken"]
    data = base64.b64decode(given) if how == "--base64" else Path(given).read_bytes()
    with pytest.raises(Escaped, match="KeyError"):
        BROKEN.tried(data)
    assert seconds > 0


def test_what_is_not_wrong_is_not_found() -> None:
    """A sound parser gives nothing."""
    assert long_form.played("retry-after", inputs=50, seed=1)[0] == []


@pytest.mark.parametrize(
    ("read", "allowed", "what"),
    [
        (lambda _: "x".encode("ascii").decode("utf-16"), (), "UnicodeDecodeError"),
        (lambda _: [].pop(), (KeyError,), "IndexError"),
        (lambda _: (_ for _ in ()).throw(ValueError("x" * 100_000)), (ValueError,), "100000 characters"),
        (lambda _: (_ for _ in ()).throw(ValueError("\ud800")), (ValueError,), "cannot be written"),
    ],
)
def test_a_parser_is_judged(read: object, allowed: tuple[type[Exception], ...], what: str) -> None:
    """Another error, and a reason that is too long or cannot be written, are told."""
    with pytest.raises(Escaped, match=what):
        Parser(name="judged", read=read, samples=list, allowed=allowed).tried(b"")  # type: ignore[arg-type]


def test_a_parser_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds of the processor count, and those of others do not."""
    monkeypatch.setattr(parser, "SLOWEST", 0.01)
    slow = Parser(name="slow", read=lambda _: sum(range(3_000_000)), samples=list)
    with pytest.raises(Escaped, match="it took"):
        slow.tried(b"")
    Parser(name="waiting", read=lambda _: time.sleep(0.1), samples=list).tried(b"")


def test_an_input_is_played_from_the_command_line() -> None:
    """The command that a failure names plays that input, and says so."""
    command = [sys.executable, "-m", "tests.fuzz", "retry-after", "--base64", "cmV0cnktYWZ0ZXI6IDE="]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert done.stdout == "nothing escaped\n"


@pytest.mark.skipif(not coverage_guided.installed(), reason="atheris has wheels for Linux on x86_64 alone")
def test_atheris_runs_on_a_parser() -> None:
    """Guided by coverage of our own code, a sound parser takes every input."""
    assert coverage_guided.played("retry-after", runs=200) == []
