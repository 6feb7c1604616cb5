"""Certificates that no authority should issue: each is refused in words, as what signs and as what issues."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from shared.connectors.partner_center.certificates import LARGEST, fetching
from shared.connectors.partner_center.roots import parsed, pem_roots
from shared.errors import BadEvent, Misconfigured, Refused
from tests.fuzz.odd_certificates import odd
from tests.fuzz.parsers import PARSERS
from tests.fuzz.test_bodies import Stream, client
from tests.unit import certificate_builder as build

ODD = odd()


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("parser", ["certificate", "certificate-issuer"])
def test_an_odd_certificate_is_not_believed(parser: str, what: str) -> None:
    """Whatever is wrong with it, the event is refused with 401: it is never a fault of ours."""
    with pytest.raises(BadEvent) as caught:
        PARSERS[parser].read(ODD[what])

    assert caught.value.status == 401


def test_an_odd_root_is_a_wrong_setting(tmp_path: Path) -> None:
    """A root of a version that does not exist is named as WEBHOOK_TRUSTED_ROOTS."""
    file = tmp_path / "roots.pem"
    lines = base64.encodebytes(ODD["version 6"])
    file.write_bytes(b"-----BEGIN CERTIFICATE-----\n" + lines + b"-----END CERTIFICATE-----\n")
    with pytest.raises(Misconfigured, match="WEBHOOK_TRUSTED_ROOTS"):
        pem_roots(str(file))


@pytest.mark.parametrize("over", [0, 1])
async def test_a_certificate_is_downloaded_up_to_its_limit(over: int) -> None:
    """64 KB are read, a byte more is refused."""
    fetch = fetching(client(Stream(bytes(LARGEST + over)), {}))
    if over:
        with pytest.raises(Refused, match="larger than"):
            await fetch("https://certs.example.com/a.crt")
    else:
        assert len(await fetch("https://certs.example.com/a.crt")) == LARGEST


async def test_a_packed_certificate_is_never_unpacked() -> None:
    """A download may come over plain http: what is packed is refused before its first byte, though it is small."""
    stream = Stream(b"\x1f\x8b")
    with pytest.raises(Refused, match="compressed"):
        await fetching(client(stream, {"content-encoding": "gzip"}))("http://certs.example.com/a.crt")

    assert stream.given == 0


def test_a_bundle_of_the_largest_size_is_read_in_no_time() -> None:
    """As many certificates as fit a download are counted and refused."""
    one = build.pem(build.made("leaf", "issuer"))
    bundle = one * (LARGEST // len(one))
    assert len(parsed(bundle)) > 10
    with pytest.raises(BadEvent, match="more than 10"):
        PARSERS["certificate"].read(bundle)
