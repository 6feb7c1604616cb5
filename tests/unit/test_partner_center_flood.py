"""What a stranger can do to the door without a signature: name many certificate addresses on an allowed host."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from shared.connectors.partner_center.certificates import (
    BELIEVED_FOR,
    MOST_REMEMBERED,
    MOST_UNDER_WAY,
    Certificates,
)
from shared.errors import BadEvent
from tests.fakes.store import FakeClock
from tests.unit.certificate_builder import MICROSOFT, NOW, authority, made, pem

URL = "https://certs.example.com/signing.cer"
ROOT = authority("root", "root", days=(-100, 1000))
LEAF = made("leaf", "root", days=(-10, 300))


class Site:
    """Has the one certificate and nothing else; `slow` addresses answer only when it is opened."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open = asyncio.Event()

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if "slow" in url:
            await self.open.wait()
        return pem(LEAF) if url == URL else b"<html>no certificate</html>"


def certificates(site: Site, clock: FakeClock) -> Certificates:
    return Certificates(
        hosts=["certs.example.com"], aia_hosts=[], issuer=MICROSOFT, roots=(ROOT,), download=site, clock=clock
    )


async def refusal(asked: Certificates, url: str) -> int:
    with pytest.raises(BadEvent) as caught:
        await asked.key(url)
    return caught.value.status


async def test_invented_addresses_do_not_make_us_forget_the_real_one() -> None:
    """What was believed is kept while what was refused is forgotten, however many addresses are tried."""
    site, clock = Site(), FakeClock(NOW)
    asked = certificates(site, clock)
    key = await asked.key(URL)
    for number in range(MOST_REMEMBERED * 2):
        assert await refusal(asked, f"{URL}?{number}") == 401
    assert (await asked.key(URL), site.asked.count(URL)) == (key, 1)


async def test_a_flood_of_addresses_is_bounded_and_the_real_one_goes_past_it() -> None:
    """Downloads under way are limited; one more is told to come again, but not the address that was believed before."""
    site, clock = Site(), FakeClock(NOW)
    asked = certificates(site, clock)
    key = await asked.key(URL)
    flood = [asyncio.create_task(refusal(asked, f"{URL}?slow{number}")) for number in range(MOST_UNDER_WAY)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await refusal(asked, f"{URL}?one-more") == 503
    clock.advance((BELIEVED_FOR + timedelta(minutes=1)).total_seconds())
    async with asyncio.timeout(1):
        assert (await asked.key(URL)).public_numbers() == key.public_numbers()
    site.open.set()
    assert set(await asyncio.gather(*flood)) == {401}
