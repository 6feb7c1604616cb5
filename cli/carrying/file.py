"""The file itself: the head as a JSON object over lines, then a link a line, then how many there were.

It is read and written a line at a time, so that a million links take no more memory than one, and nothing is packed,
so that a small file cannot become a large one.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import BinaryIO

from pydantic import TypeAdapter

from cli.carrying.document import NOT_ONE, Setup, setup_of
from shared.connectors.foreign_json import decoded
from shared.domain.link import Link
from shared.errors import Misconfigured

LONGEST_HEAD = 1024 * 1024
LONGEST_LINK = 1024 * 1024  # a table's row may have as many bytes
END = "end"


@dataclass(frozen=True, kw_only=True)
class Export:
    """A file open for reading: its head is read, its links are not yet."""

    setup: Setup
    stream: BinaryIO

    def links(self) -> Iterator[Link]:
        """Each link once; raises Misconfigured for a line that is none, and at the end if any is missing."""
        count = 0
        while line := self.stream.readline(LONGEST_LINK + 1):
            found = _line(line)
            if END in found:
                if found[END] != count or self.stream.readline(2):
                    break
                return
            yield _link(found, self.setup.pair)
            count += 1
        raise Misconfigured((f"the file is not whole: it ends after {count} links",))


@contextmanager
def opened(file: Path) -> Iterator[Export]:
    """Raises Misconfigured for a file that is no export, or that cannot be read."""
    try:
        stream = file.open("rb")
    except OSError as error:
        raise Misconfigured((f"{file} cannot be read ({error.strerror})",)) from error
    with stream:
        try:
            setup = head(stream)
        except Misconfigured as error:
            raise Misconfigured(tuple(f"{file}: {problem}" for problem in error.problems)) from error
        yield Export(setup=setup, stream=stream)


def head(stream: BinaryIO) -> Setup:
    """The lines up to the one that closes the object."""
    read = bytearray()
    while line := stream.readline(LONGEST_HEAD + 1):
        read += line
        if len(read) > LONGEST_HEAD:
            raise Misconfigured((f"{NOT_ONE} (its head is longer than {LONGEST_HEAD} bytes)",))
        if line.rstrip() == b"}":
            break
    return setup_of(bytes(read))


def head_text(setup: Setup) -> str:
    return json.dumps(setup.plain(), indent=2, ensure_ascii=False) + "\n"


def link_text(link: Link) -> str:
    """Without the store's own tag, which is another one wherever it is stored again."""
    plain = dict(_links().dump_python(replace(link, tag=None), mode="json"))
    plain.pop("tag")
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")) + "\n"


def end_text(count: int) -> str:
    return json.dumps({END: count}) + "\n"


@contextmanager
def replacing(file: Path, *, force: bool) -> Iterator[Callable[[str], object]]:
    """Write a file that is there as a whole or not at all, for its owner's eyes alone; raises Misconfigured."""
    if file.exists() and not force:
        raise Misconfigured((f"{file} is there already: name another, or say --force",))
    try:
        number, name = tempfile.mkstemp(dir=file.resolve().parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(number, "w", encoding="utf-8", newline="\n") as stream:
                yield stream.write
            Path(name).replace(file)
        finally:
            with suppress(FileNotFoundError):
                Path(name).unlink()
    except OSError as error:
        raise Misconfigured((f"{file} cannot be written ({error.strerror})",)) from error


@cache
def _links() -> TypeAdapter[Link]:
    return TypeAdapter(Link)


def _line(line: bytes) -> Mapping[str, object]:
    if len(line) > LONGEST_LINK:
        raise Misconfigured((f"{NOT_ONE} (a line is longer than {LONGEST_LINK} bytes)",))
    try:
        found = decoded(line)
    except ValueError as error:
        raise Misconfigured((f"{NOT_ONE} (a line is not JSON)",)) from error
    if not isinstance(found, dict):
        raise Misconfigured((f"{NOT_ONE} (a line is no link)",))
    return found


def _link(found: Mapping[str, object], pair: str) -> Link:
    try:
        link = _links().validate_python({**found, "tag": None})
    except ValueError as error:  # pydantic's
        raise Misconfigured((f"{NOT_ONE}, or a newer release wrote it (a link cannot be read)",)) from error
    if link.pair != pair or not link.key:
        raise Misconfigured((f"a link is of another pair than {pair}",))
    return link
