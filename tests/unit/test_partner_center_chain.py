"""Which chains are trusted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from shared.connectors.partner_center.chain import Untrusted, Walk
from shared.connectors.partner_center.roots import parsed, pem_roots, system_roots
from shared.errors import Misconfigured
from tests.unit.certificate_builder import MICROSOFT, NOW, authority, der, key, made, named, pem

ROOT = authority("root", "root", days=(-100, 1000))
MIDDLE = authority("middle", "root", path_length=0, days=(-50, 50))
LEAF = made("leaf", "middle")
AIA = "http://127.0.0.1/aia"


async def trusted(
    *bundle: x509.Certificate,
    roots: Sequence[x509.Certificate] = (ROOT,),
    now: datetime = NOW,
    fetched: Sequence[x509.Certificate] = (),
) -> datetime:
    async def fetch(url: str) -> Sequence[x509.Certificate]:
        assert url == AIA
        return fetched

    leaf, end = await Walk(roots=roots, fetch=fetch, now=now).trust(bundle, organization=MICROSOFT)
    assert leaf.subject == named("leaf")
    return end


async def test_a_chain_is_as_good_as_its_shortest_life() -> None:
    """A chain to a root is believed until the first of its certificates ends."""
    assert await trusted(LEAF, MIDDLE) == NOW + timedelta(days=50)
    assert await trusted(MIDDLE, LEAF) == NOW + timedelta(days=50)
    assert await trusted(made("leaf", "root"), roots=(ROOT, MIDDLE)) == NOW + timedelta(days=100)


async def test_an_issuer_is_fetched_where_the_certificate_says() -> None:
    """Without its issuer in the bundle, the leaf's AIA address gives it."""
    assert await trusted(made("leaf", "middle", aia=AIA), fetched=[MIDDLE])


async def test_of_several_issuers_one_that_leads_to_a_root_is_enough() -> None:
    """A cross-signed authority that leads nowhere does not hide the one that leads to a root."""
    lost = authority("middle", "elsewhere")
    assert await trusted(LEAF, lost, MIDDLE)


async def test_an_authority_without_path_length_may_stand_above_others() -> None:
    """Two authorities between leaf and root are fine where neither forbids it."""
    upper = authority("upper", "root")
    assert await trusted(made("leaf", "lower"), authority("lower", "upper", path_length=0), upper)


LONG = [authority(f"level {n}", f"level {n + 1}", own=key("middle"), signer=key("middle")) for n in range(5)]
SHORT_KEY = key("short", 1024)
REFUSED: list[tuple[str, list[x509.Certificate]]] = [
    ("nobody trusted issued it", [LEAF]),
    ("nobody trusted issued it", [made("leaf", "middle", signer=key("other")), MIDDLE]),
    ("may not issue", [made("leaf", "middle"), authority("middle", "root", ca=False)]),
    ("may not issue", [made("leaf", "middle"), authority("middle", "root", signs=False)]),
    ("may not issue", [made("leaf", "middle"), authority("middle", "root", signs=None)]),
    ("so many authorities", [made("leaf", "lower"), authority("lower", "middle"), MIDDLE]),
    ("valid from", [made("leaf", "middle", days=(-10, -1)), MIDDLE]),
    ("valid from", [made("leaf", "middle", days=(1, 10)), MIDDLE]),
    ("valid from", [LEAF, authority("middle", "root", days=(-10, -1))]),
    ("O=Microsoft Corporation", [made("leaf", "middle", organization="Contoso"), MIDDLE]),
    ("O=Microsoft Corporation", [made("leaf", "middle", organization=f"{MICROSOFT} Fans"), MIDDLE]),
    ("fewer than 2048", [made("leaf", "middle", own=SHORT_KEY), MIDDLE]),
    ("fewer than 2048", [made("leaf", "short", signer=SHORT_KEY), authority("short", "root", own=SHORT_KEY)]),
    ("not an RSA key", [made("leaf", "middle", own=ec.generate_private_key(ec.SECP256R1())), MIDDLE]),
    ("not for signatures", [made("leaf", "middle", digital=False), MIDDLE]),
    ("not understood", [made("leaf", "middle", extra=x509.OCSPNoCheck()), MIDDLE]),
    ("no certificate that signs", [MIDDLE]),
    ("no certificate that signs", []),
    ("more than 10", [LEAF] * 11),
    ("longer than 5", [made("leaf", "level 0", signer=key("middle")), *LONG]),
    ("nobody trusted issued it", [made("leaf", "leaf", signer=key("leaf"))]),
]


@pytest.mark.parametrize(("reason", "bundle"), REFUSED)
async def test_what_is_not_trusted(reason: str, bundle: list[x509.Certificate]) -> None:
    """Each broken link of a chain is refused by its own reason."""
    with pytest.raises(Untrusted, match=reason):
        await trusted(*bundle)


async def test_a_root_that_ended_is_none() -> None:
    """A trusted root outside its dates is not trusted."""
    with pytest.raises(Untrusted, match="nobody trusted"):
        await trusted(LEAF, MIDDLE, roots=[authority("root", "root", days=(-100, -1))])


async def test_a_root_of_the_same_name_is_another_root() -> None:
    """The root's key decides, not its name."""
    with pytest.raises(Untrusted, match="nobody trusted"):
        await trusted(LEAF, MIDDLE, roots=[authority("root", "root", own=key("other"), signer=key("other"))])


def test_downloads_are_der_or_pem() -> None:
    """One DER certificate or any number in PEM; anything else is no certificate."""
    assert list(parsed(der(LEAF))) == [LEAF]
    assert list(parsed(pem(LEAF, MIDDLE))) == [LEAF, MIDDLE]
    for junk in (b"", b"<html>", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"):
        with pytest.raises(Untrusted, match="holds no certificate"):
            parsed(junk)


def test_roots_come_from_a_file_or_the_machine(tmp_path: Path) -> None:
    """A PEM file of roots is read; one that cannot be is a wrong setting by name; the machine has roots of its own."""
    path = tmp_path / "roots.pem"
    path.write_bytes(pem(ROOT, MIDDLE))

    assert pem_roots(str(path)) == (ROOT, MIDDLE)
    with pytest.raises(Misconfigured, match="WEBHOOK_TRUSTED_ROOTS"):
        pem_roots(f"{tmp_path}/none.pem")
    assert len(system_roots()) > 50
