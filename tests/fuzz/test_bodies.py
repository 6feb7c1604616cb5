"""What an answer may cost: its size counts unpacked, piece by piece, and its time from end to end."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal

import httpx
import pytest

from shared.connectors.bodies import PIECE, Garbled, TooLarge, collected
from shared.connectors.foreign_json import DEEPEST, decoded, depth_of, lenient
from shared.connectors.rest import LARGEST, Rest, Verdicts
from shared.errors import Unavailable
from shared.platform.identity import StaticTokens

MEGABYTE = 1024 * 1024


class Stream(httpx.AsyncByteStream):
    """A body in pieces, with a wait before each."""

    def __init__(self, *pieces: bytes, wait: float = 0) -> None:
        self.pieces, self.wait, self.given = pieces, wait, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            await asyncio.sleep(self.wait)
            self.given += len(piece)
            yield piece


def client(stream: Stream, headers: Mapping[str, str], asked: list[httpx.Request] | None = None) -> httpx.AsyncClient:
    """Every answer is this one; `asked` gets the requests."""

    def answer(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        return httpx.Response(200, headers=dict(headers), stream=stream)

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def rest(stream: Stream, headers: Mapping[str, str], longest: float = 30.0) -> tuple[Rest, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    async def sleep(_: float) -> None:
        """No time passes between attempts."""

    made = Rest(
        system="Example",
        base_url="https://api.example.com",
        scope="s",
        tokens=StaticTokens("t"),
        client=client(stream, headers, asked),
        verdicts=Verdicts(),
        sleep=sleep,
        longest=longest,
    )
    return made, asked


def bomb(megabytes: int, level: int = 9) -> bytes:
    """Zeros, a thousand times larger than they look."""
    packing = zlib.compressobj(level, zlib.DEFLATED, 31)
    return b"".join(packing.compress(bytes(MEGABYTE)) for _ in range(megabytes)) + packing.flush()


GZIP = {"content-encoding": "gzip"}


@pytest.mark.parametrize("over", [0, 1])
@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_is_taken_up_to_its_limit_and_not_a_byte_more(*, over: int, packed: bool) -> None:
    """Exactly LARGEST bytes are read, one more is Unavailable: counted unpacked."""
    body = b" " * (LARGEST + over)
    made, _ = rest(Stream(gzip.compress(body) if packed else body), GZIP if packed else {})
    if over:
        with pytest.raises(Unavailable, match="larger than"):
            await made.call("POST", "x")
    else:
        assert len((await made.call("POST", "x")).body) == LARGEST


@pytest.mark.parametrize("whole", [False, True])
async def test_a_gzip_bomb_costs_no_more_than_the_limit(*, whole: bool) -> None:
    """300 MB in 300 KB, in one piece or in many: refused at the limit, in little more memory than the limit."""
    packed = bomb(300)
    pieces = [packed] if whole else [packed[at : at + PIECE] for at in range(0, len(packed), PIECE)]
    made, _ = rest(Stream(*pieces), GZIP)
    tracemalloc.start()
    try:
        with pytest.raises(Unavailable, match="larger than"):
            await made.call("POST", "x")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 1.5 * LARGEST


@pytest.mark.parametrize("encoding", ["gzip, gzip", "deflate", "br", "zstd", "x-gzip", "GZIP,identity"])
async def test_only_what_was_asked_for_is_unpacked(encoding: str) -> None:
    """Requests ask for gzip alone; a body packed twice or otherwise is refused before it is looked at."""
    stream = Stream(gzip.compress(bomb(1)))
    made, asked = rest(stream, {"content-encoding": encoding})
    with pytest.raises(Unavailable, match="oddly packed"):
        await made.call("POST", "x")

    assert asked[0].headers["accept-encoding"] == "gzip"
    assert stream.given == 0


@pytest.mark.parametrize("body", [b"{}", gzip.compress(b"{}" * 5000)[:-9], b"\x1f\x8b"])
async def test_what_is_not_gzip_is_no_answer(body: bytes) -> None:
    """A body that is not what its header says, or ends early, says nothing: Unavailable."""
    made, _ = rest(Stream(body), GZIP)
    with pytest.raises(Unavailable, match="no answer came"):
        await made.call("POST", "x")


async def arriving(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
@pytest.mark.parametrize("step", [1, 7, 1_000_000])
async def test_gzip_gives_back_what_was_packed(size: int, step: int) -> None:
    """However a packed body is cut on its way, the whole of it comes out, and what follows its end is ignored."""
    body = bytes(number * number % 251 for number in range(size))
    packed = gzip.compress(body) + b"trailer"
    chunks = [packed[at : at + step] for at in range(0, len(packed), step)]
    assert await collected(arriving(*chunks), "gzip", size) == body


async def test_nothing_is_an_empty_body_whatever_its_header_says() -> None:
    """An answer without a body may still name an encoding."""
    assert await collected(arriving(), "gzip", 0) == b""


async def test_an_answer_that_trickles_is_given_up() -> None:
    """A byte now and then for ever: the whole call ends at `longest`, not each wait by itself."""
    made, _ = rest(Stream(*[b" "] * 1000, wait=0.02), {}, longest=0.2)
    start = asyncio.get_running_loop().time()
    with pytest.raises(Unavailable, match="within"):
        await made.call("GET", "x")

    assert asyncio.get_running_loop().time() - start < 10


@pytest.mark.parametrize("shape", [("[", "]"), ('{"a":', "}")])
def test_nesting_has_a_limit(shape: tuple[str, str]) -> None:
    """64 levels are read and 65 are not, for events and answers; a hundred thousand neither, and nothing overflows."""
    opening, closing = shape
    for depth in (DEEPEST, DEEPEST + 1, 100_000):
        text = opening * depth + ("1" if ":" in opening else "") + closing * depth
        for read in (lambda text: decoded(text.encode()), lenient):
            if depth == DEEPEST:
                assert depth_of(read(text)) == DEEPEST
            else:
                with pytest.raises(ValueError, match="nested"):
                    read(text)


@pytest.mark.parametrize(
    "text",
    ["1e401", "1e-401", "-1e999999999", "0e999999999", "1e99999999999999999999", "9" * 401, "0." + "1" * 400, "NaN"],
)
def test_numbers_have_a_limit(text: str) -> None:
    """A number that no system counts with is not JSON to us: written out, it would take a gigabyte."""
    with pytest.raises(ValueError, match=r"number|digits|JSON"):
        decoded(text.encode())
    lenient(text)


@pytest.mark.parametrize("text", ["9" * 400, "1e400", "1.7976931348623157e308", "5e-324", "-0"])
def test_every_double_is_a_number(text: str) -> None:
    """What a service may count with is read exactly."""
    assert Decimal(decoded(text.encode())) == Decimal(text)


def test_half_a_character_is_mended() -> None:
    """A text that was cut in the middle of an emoji is read with U+FFFD, in keys too; whole ones stay."""
    assert decoded(b'{"a\\ud83d": ["\\ude00", "\\ud83d\\ude00", "\\\\ud83d"]}') == {
        "a\ufffd": ["\ufffd", "😀", "\\ud83d"]
    }


@pytest.mark.parametrize("body", [b"\xed\xa0\x80", b'"\xff"', b"\xff\xfe1\x00"])
def test_answers_are_utf8(body: bytes) -> None:
    """RFC 8259 §8.1: what is not UTF-8 is not JSON."""
    with pytest.raises(ValueError, match="utf-8"):
        decoded(body)


async def test_the_two_refusals_are_told_apart() -> None:
    """Too large is for whoever set the limit, garbled for whoever sent it."""
    with pytest.raises(TooLarge):
        await collected(arriving(b"12"), "", 1)
    with pytest.raises(Garbled):
        await collected(arriving(b"12"), "gzip", 1)
