"""The product's own client between TLS servers: it believes none that its roots do not, and sends them nothing."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import pytest

from sandbox.simulators import Simulators, simulators
from sandbox.stack import settings
from shared.platform.outside import Outside, outside
from shared.settings import read

STORAGE = "UseDevelopmentStorage=true"  # named only: nothing of it is opened here
HELLO = {"Authorization": "Bearer sandbox-app"}


def world(both: Simulators, folder: Path) -> Outside:
    root = folder / "root.pem"
    root.write_bytes(both.root_pem)
    found = read(settings(both.partner_center, both.dynamics, STORAGE, root)).settings
    assert found is not None
    return outside(found)


async def asked(both: Simulators) -> int:
    """How many requests the Dataverse has seen; asking is none."""
    trusting = ssl.create_default_context(cafile=both.ca)
    async with httpx.AsyncClient(verify=trusting) as client:
        found: int = (await client.get(f"{both.dynamics}/control/requests")).json()["total"]
    return found


async def test_a_server_that_no_root_vouches_for_hears_nothing(tmp_path: Path) -> None:
    """The handshake ends before the request, and the token in it, is sent."""
    async with simulators(tls=True) as both:
        made = world(both, tmp_path)
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await made.client.get(f"{both.dynamics}/api/data/v9.2/WhoAmI", headers=HELLO)
        heard = await asked(both)
        await made.close()

    assert heard == 0


async def test_a_server_under_a_trusted_root_is_spoken_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the root named by the environment, as a machine's own roots are, the same call is answered."""
    async with simulators(tls=True) as both:
        monkeypatch.setenv("SSL_CERT_FILE", str(both.ca))
        made = world(both, tmp_path)
        answer = await made.client.get(f"{both.dynamics}/api/data/v9.2/WhoAmI", headers=HELLO)
        await made.close()

    assert answer.status_code == 200
