"""An export's file: what it may look like, and each way in which it may not."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.app import main
from cli.carrying.document import FORMAT
from cli.carrying.file import LONGEST_HEAD, LONGEST_LINK, Export, end_text, head, link_text, opened, replacing
from cli.carrying.restoring import restore
from shared.domain.link import Link
from shared.errors import Misconfigured
from tests.fakes.store import FakeLinks

HEAD: dict[str, Any] = {"format": FORMAT, "schema": 1, "made": "2026-03-02T09:00:00+00:00", "pair": "cosell"}
LINK = Link(pair="cosell", key="k-1", partner="r-1")


def export(*lines: str, **changes: Any) -> Export:
    text = json.dumps({**HEAD, **changes}, indent=2) + "\n" + "".join(lines)
    stream = io.BytesIO(text.encode())
    return Export(setup=head(stream), stream=stream)


def test_a_whole_file_is_read_to_its_end() -> None:
    """Every link once, in order, and the number at the end agrees."""
    assert list(export(link_text(LINK), end_text(1)).links()) == [LINK]
    assert list(export(end_text(0)).links()) == []


def test_a_head_without_links_may_be_on_one_line() -> None:
    """Somebody's editor may have written the set-up in its own way."""
    assert head(io.BytesIO(json.dumps(HEAD).encode())).pair == "cosell"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((), "ends after 0 links"),
        ((link_text(LINK),), "ends after 1 links"),
        ((link_text(LINK), end_text(2)), "ends after 1 links"),
        ((end_text(0), link_text(LINK)), "ends after 0 links"),
        (("coffee\n",), "not JSON"),
        (("[]\n",), "a line is no link"),
        (('{"pair": "cosell"}\n',), "a link cannot be read"),
        ((link_text(Link(pair="other", key="k")),), "another pair"),
        ((link_text(Link(pair="cosell", key="")),), "another pair"),
        (("x" * (LONGEST_LINK + 1) + "\n",), "longer than"),
    ],
)
def test_a_file_that_is_not_whole_or_not_ours_is_refused(lines: tuple[str, ...], words: str) -> None:
    """A missing end, another number, a foreign line: each is told in words."""
    with pytest.raises(Misconfigured, match=words):
        list(export(*lines).links())


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"{", b"[]\n}", b'{"a":\n' + b" " * LONGEST_HEAD, b'{"format": "cosell-export"}', b"1e999"]
)
def test_what_is_no_export_is_refused(data: bytes) -> None:
    """Any other file, however long, ends in one sentence."""
    with pytest.raises(Misconfigured, match="no file that `cosell export` wrote"):
        head(io.BytesIO(data))


def test_a_newer_schema_is_the_newer_releases() -> None:
    """Told before anything else in the file is judged."""
    with pytest.raises(Misconfigured, match="a newer release wrote this export"):
        export(schema=2, settings=7)


def test_a_write_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    """The file is replaced as a whole or not at all."""
    file = tmp_path / "setup.json"
    file.write_text("precious", encoding="utf-8")

    def broken_off() -> None:
        with replacing(file, force=True) as write:
            write("half")
            raise KeyError

    with pytest.raises(KeyError):
        broken_off()
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_text(encoding="utf-8") == "precious"


async def test_a_link_that_appears_between_looking_and_storing_is_kept() -> None:
    """Without --force nothing that a worker stored meanwhile is overwritten."""

    class Busy(FakeLinks):
        asked = 0

        async def get(self, key: str) -> Link:
            self.asked += 1
            if self.asked == 2:
                await self.save(Link(pair="cosell", key=key, partner="r-9"))
            return await super().get(key)

    links = Busy()
    done = await restore(links, lambda: [LINK], force=False)
    assert (done.made, len(done.left)) == (0, 1)
    assert links.rows["k-1"].partner == "r-9"


def test_a_file_that_is_not_there_is_misuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a program: one sentence on standard error and exit code 2, no traceback."""
    with pytest.raises(Misconfigured, match="cannot be read"), opened(tmp_path / "none"):
        pass
    monkeypatch.setattr(sys, "argv", ["cosell", "import", str(tmp_path / "none")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "cannot be read" in capsys.readouterr().err
