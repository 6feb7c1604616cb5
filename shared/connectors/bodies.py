"""A body as it comes in, never larger in memory than it may be: what is compressed is unpacked piece by piece.

An HTTP library unpacks each piece that arrives at once and whole: 64 KB of a gzip bomb are 64 MB, and a body that is
compressed twice has no end at all.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, Iterator

PIECE = 64 * 1024
ZIPPED = 16 + zlib.MAX_WBITS  # zlib's word for the header and checksum of gzip
PACKED = "gzip"  # the only one that is asked for, and so the only one that is unpacked


class TooLarge(Exception):
    """A body is larger than it may be, or packed in a way that was not asked for."""


class Garbled(Exception):
    """A body is not what its header says."""


async def collected(arriving: AsyncIterable[bytes], encoding: str, limit: int) -> bytes:
    """The body of at most `limit` bytes, unpacked where it is gzip; raises TooLarge or Garbled."""
    named = encoding.strip().casefold()
    if named not in ("", "identity", PACKED):
        raise TooLarge
    unpack = Gzip() if named == PACKED else None
    body = bytearray()
    async for chunk in arriving:
        for piece in unpack.pieces(chunk) if unpack else (chunk,):
            body += piece
            if len(body) > limit:
                raise TooLarge
    if unpack:
        unpack.end()
    return bytes(body)


class Gzip:
    """A gzip stream; what follows its end is ignored."""

    def __init__(self) -> None:
        self._opened, self._begun = zlib.decompressobj(ZIPPED), False

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """What a chunk unpacks to, as far as its own bytes lead: what is still inside comes with the next chunk."""
        self._begun = self._begun or bool(chunk)
        rest = chunk
        while rest and not self._opened.eof:
            try:
                piece = self._opened.decompress(rest, PIECE)
            except zlib.error as error:
                raise Garbled from error
            rest = self._opened.unconsumed_tail
            yield piece

    def end(self) -> None:
        """Nothing at all is a body too, of an answer that has none."""
        if self._begun and not self._opened.eof:
            raise Garbled
