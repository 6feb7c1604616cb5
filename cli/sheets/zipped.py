"""Unpacking an Excel file within limits, before anything else looks into it.

An Excel file is a zip of XML parts (ECMA-376). What is announced in the zip's directory is checked first, then what
really comes out is counted as it comes; each part is parsed once by expat alone, which stops at a document type (where
entities are declared; the format forbids one), at a depth and at a number of elements. Only what has passed is packed
again for the library that makes cells of it.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from cli.sheets.sheet import MOST_ROWS, BadSheet

MOST_PARTS = 500
MOST_UNPACKED = 48 * 1024**2  # bytes
MOST_ELEMENTS = 2_000_000  # of the parts with cells and texts; all others are small
FEW_ELEMENTS = 50_000
DEEPEST = 32
LARGE = frozenset({"worksheet", "sst"})  # root elements: a sheet, and the texts that its cells share
PARTS = (".xml", ".rels")
CHUNK = 64 * 1024
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
LOCKED = 0x1  # general purpose flag of an encrypted part
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


def unpacked(data: bytes, name: str) -> bytes:
    """The file's XML parts as a zip of their own, each looked at. Raises BadSheet."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return _packed_again(_parts(packed, name))
    except BROKEN as error:
        raise BadSheet(f"{name} is no Excel file that can be read: open it in Excel and save it again") from error


def _parts(packed: zipfile.ZipFile, name: str) -> Mapping[str, bytes]:
    listed = packed.infolist()
    names = [one.filename for one in listed]
    announced = sum(one.file_size for one in listed)
    if len(listed) > MOST_PARTS or announced > MOST_UNPACKED or len(set(names)) < len(names):
        raise _too_much(name)
    if any(one.casefold().endswith("vbaproject.bin") for one in names):
        raise BadSheet(f"{name} holds macros: save it as .xlsx without them")
    if any(one.flag_bits & LOCKED or one.compress_type not in METHODS for one in listed):
        raise BadSheet(f"{name} is encrypted or packed in an unusual way: save it as .xlsx without a password")
    rest, found = MOST_UNPACKED, dict[str, bytes]()
    for one in listed:
        if one.filename.casefold().endswith(PARTS):
            found[one.filename] = _read(packed, one, name, rest)
            rest -= len(found[one.filename])
    return found


def _read(packed: zipfile.ZipFile, one: zipfile.ZipInfo, name: str, rest: int) -> bytes:
    """One part, counted and looked at as it comes."""
    look, out = _Look(name=name), bytearray()
    with packed.open(one) as part:
        while chunk := part.read(CHUNK):
            out += chunk
            if len(out) > rest:
                raise _too_much(name)
            look.at(chunk)
    look.at(b"", last=True)
    return bytes(out)


def _packed_again(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return out.getvalue()


def _too_much(name: str) -> BadSheet:
    return BadSheet(f"{name} unpacks to more than a table of this kind can be: copy its rows into a new workbook")


@dataclass(kw_only=True)
class _Look:
    """Watches one part being parsed; nothing is made of it."""

    name: str
    parser: expat.XMLParserType = field(init=False)
    depth: int = 0
    elements: int = 0
    most: int = FEW_ELEMENTS

    def __post_init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._declared
        self.parser.StartElementHandler = self._begun
        self.parser.EndElementHandler = self._ended

    def at(self, chunk: bytes, *, last: bool = False) -> None:
        try:
            self.parser.Parse(chunk, last)
        except expat.ExpatError as error:
            raise BadSheet(f"{self.name} is damaged: open it in Excel and save it again") from error

    def _declared(self, *_: object) -> None:
        raise BadSheet(f"{self.name} declares entities, which no Excel file does: it was not made by Excel")

    def _begun(self, tag: str, attributes: Mapping[str, str]) -> None:
        plain = tag.rpartition(":")[2]
        if not self.elements and plain in LARGE:
            self.most = MOST_ELEMENTS
        self.elements += 1
        self.depth += 1
        if self.elements > self.most or self.depth > DEEPEST:
            raise _too_much(self.name)
        # A row far below costs the library every row above it, and says nothing.
        number = attributes.get("r", "") if plain == "row" else ""
        if len(number) > len(str(MOST_ROWS)) or (number.isdecimal() and int(number) > MOST_ROWS):
            raise BadSheet(f"{self.name} has rows below row {MOST_ROWS:,}: delete them, also where they look empty")

    def _ended(self, _tag: str) -> None:
        self.depth -= 1
