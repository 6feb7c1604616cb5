"""The command that runs both simulators: one line when they listen, a clean end on a signal."""

import asyncio
import json
import signal
import socket
import ssl
import sys
import warnings
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509

ROOT = Path(__file__).parents[2]
# All that a parent can send on Windows is CTRL_BREAK: SIGTERM there ends a process without asking it.
BREAK = getattr(signal, "CTRL_BREAK_EVENT", None)
STOPS = [BREAK] if BREAK else [signal.SIGINT, signal.SIGTERM]


async def start(folder: Path, *further: str) -> Process:
    arguments = ["--partner-center-port", "0", "--dynamics-port", "0", "--state", str(folder / "state")]
    arguments += ["--write-root", str(folder / "trust" / "root.pem"), *further]
    # On Windows only a process group of its own can be sent a CTRL_BREAK.
    group = 0x00000200 if sys.platform == "win32" else 0
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", *arguments, cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=PIPE, creationflags=group
    )


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Process]:
    process = await start(tmp_path)
    yield process
    if process.returncode is None:
        process.kill()
        await process.communicate()


@pytest.mark.parametrize("number", STOPS)
async def test_both_run_and_stop_on_a_signal(running: Process, tmp_path: Path, number: signal.Signals) -> None:
    """The one line names both addresses, both answer, and the first signal ends all with exit 0 and state saved."""
    assert running.stdout is not None
    addresses = json.loads(await running.stdout.readline())
    async with httpx.AsyncClient(trust_env=False) as client:
        health = [(await client.get(f"{url}/control/health")).json() for url in addresses.values()]
    root = x509.load_pem_x509_certificate((tmp_path / "trust" / "root.pem").read_bytes())
    running.send_signal(number)
    _, errors = await running.communicate()

    assert set(addresses) == {"partner_center", "dynamics"}
    assert health == [{"status": "ok"}] * 2
    assert root.subject == root.issuer
    assert (running.returncode, errors) == (0, b"")
    assert {path.name for path in (tmp_path / "state").iterdir()} == {"partner_center.json", "dynamics.json"}


async def test_an_empty_dataverse_on_request(tmp_path: Path) -> None:
    """With --empty there is neither Microsoft's connector nor anything of ours."""
    process = await start(tmp_path, "--empty")
    assert process.stdout is not None
    addresses = json.loads(await process.stdout.readline())
    seller = {"Authorization": "Bearer sandbox-seller"}
    async with httpx.AsyncClient(trust_env=False, headers=seller) as client:
        solutions = (await client.get(f"{addresses['dynamics']}/api/data/v9.2/solutions")).json()["value"]
    process.terminate()
    await process.communicate()

    assert solutions == []


async def test_they_end_with_whoever_started_them(tmp_path: Path) -> None:
    """Attached, both stop in order when standard input closes, as it does when their parent is gone."""
    process = await start(tmp_path, "--attached")
    assert process.stdout is not None
    assert process.stdin is not None
    await process.stdout.readline()
    process.stdin.close()
    try:
        async with asyncio.timeout(60):
            _, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        raise

    assert (process.returncode, errors) == (0, b"")


async def test_both_speak_tls_that_a_client_can_trust(tmp_path: Path) -> None:
    """With `--tls` both are https under the named CA and refuse TLS 1.1; who does not know the CA is not served."""
    process = await start(tmp_path, "--tls", "--attached")
    assert process.stdout is not None
    line = json.loads(await process.stdout.readline())
    urls = [line["partner_center"], line["dynamics"]]
    trusting = ssl.create_default_context(cafile=line["ca"])
    async with httpx.AsyncClient(verify=trusting, trust_env=False) as client:
        health = [(await client.get(f"{url}/control/health")).json() for url in urls]
        row = await client.post(
            f"{line['dynamics']}/api/data/v9.2/accounts", headers={"Authorization": "Bearer sandbox-app"}, json={}
        )
    async with httpx.AsyncClient(trust_env=False) as stranger:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await stranger.get(f"{urls[0]}/control/health")
    old = await asyncio.to_thread(handshake, urls[1], Path(line["ca"]))
    ca = await asyncio.to_thread(Path(line["ca"]).read_text)
    await process.communicate()
    left = await asyncio.to_thread(Path(line["ca"]).exists)

    assert [url.partition(":")[0] for url in urls] == ["https", "https"]
    assert health == [{"status": "ok"}] * 2
    assert row.headers["OData-EntityId"].startswith(f"{line['dynamics']}/api/data/v9.2/accounts(")
    assert old == "refused"
    assert "PRIVATE" not in ca
    assert not left, "a CA outlived the process that alone has its key"


def handshake(url: str, ca: Path) -> str:
    """Whether the server takes a client that speaks TLS 1.1 at most."""
    context = ssl.create_default_context(cafile=ca)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that such a client is out of date is the point
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    port = int(url.rpartition(":")[2])
    try:
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
        ):
            return str(wrapped.version())
    except ssl.SSLError:
        return "refused"
