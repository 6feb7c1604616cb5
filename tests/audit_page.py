"""The Audit messages in docs/administrator.md, and whether a line of Audit is made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs/administrator.md"
BEGIN, END = "<!-- audit: begin -->", "<!-- audit: end -->"
ROW = re.compile(r"^\| (.+?) \| (?:(.+?) )?\| (.+?) \|$", re.MULTILINE)
HEADS = frozenset({"Audit says", "---"})
BETWEEN = ". "  # what stands between two sentences of one line
VARIES = "…"


@cache
def messages() -> tuple[str, ...]:
    """The first column of the tables, as they stand there."""
    table = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    return tuple(words for words, *_ in ROW.findall(table) if words not in HEADS)


def listed(template: str) -> bool:
    """Is a text of the code, with … for what it fills in, a message of the page or a part of one?"""
    wanted = re.compile(_pattern(template), re.DOTALL)
    return any(wanted.search(message) for message in messages())


def explained(line: str) -> bool:
    """Is an Audit line made of messages of the page, and of nothing else?"""
    sentences = list(_sentences(line))
    reached = {0}
    for start in range(len(sentences)):
        if start in reached:
            reached |= {end for end in range(start + 1, len(sentences) + 1) if _known(tuple(sentences[start:end]))}
    return len(sentences) in reached


@lru_cache(maxsize=4096)
def _known(sentences: tuple[str, ...]) -> bool:
    """Is it one message? What varies in it stands for a part of a sentence, and never for one more."""
    text = BETWEEN.join(sentences)
    alike = (message for message in messages() if message.count(BETWEEN) == len(sentences) - 1)
    return any(re.fullmatch(_pattern(message), text, re.DOTALL) for message in alike)


def _pattern(template: str) -> str:
    return ".+?".join(map(re.escape, template.split(VARIES)))


def _sentences(line: str) -> Iterator[str]:
    """A full stop inside quotation marks, or in another system's own words, ends nothing."""
    held = ""
    for piece in line.split(BETWEEN):
        held = f"{held}{BETWEEN}{piece}" if held else piece
        if held.count('"') % 2 == 0 and not _foreign(held):
            yield held
            held = ""
    if held:
        yield held


def _foreign(text: str) -> bool:
    """Does it quote what a system answered, and is the request's id that ends the quotation still to come?"""
    return bool(re.match(r"(Dynamics 365|Partner Center) answered \d+", text)) and "(request " not in text
