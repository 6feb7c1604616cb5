"""The host as a program: how it starts, refuses and stops."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import httpx
import pytest
from azure.storage.queue.aio import QueueServiceClient

from sandbox.host import HostError, process
from tests.host.support import MASTER, SETTINGS, encoded, until

ROOT = Path(__file__).parents[2]
APP = Path(__file__).parent / "app"
BROKEN = 'raise RuntimeError("broken at import")'
LATE = """
import azure.functions as func
app = func.FunctionApp()
@app.timer_trigger("timer", "%NO_SUCH_SETTING%")
async def late(timer: func.TimerRequest) -> None: ...
"""


def settings(connection: str) -> dict[str, str]:
    return SETTINGS | {"AzureWebJobsStorage": connection}


async def test_a_stopped_host_finishes_its_work(
    azurite_connection: str, queues: QueueServiceClient, tmp_path: Path
) -> None:
    """It ends in good order, after what it was running is done and deleted."""
    log = tmp_path / "host.log"
    async with process.spawned(settings(azurite_connection), "--app", str(APP), log=log) as url:
        await queues.get_queue_client("work").send_message(encoded({"sleep": 0.5}))
        async with httpx.AsyncClient(base_url=url, headers=MASTER) as http:
            await until(lambda: _working(http))

    lines = log.read_text(encoding="utf-8")
    assert lines.rstrip().endswith("stopped")
    assert "Traceback" not in lines
    assert (await queues.get_queue_client("work").get_queue_properties()).approximate_message_count == 0


@pytest.mark.parametrize(
    ("source", "arguments", "reasons"),
    [(BROKEN, (), ("no function runs", "broken at import")), (LATE, ("--check",), ("'late'", "NO_SUCH_SETTING"))],
)
async def test_an_app_that_is_wrong_ends_the_program(
    source: str, arguments: tuple[str, ...], reasons: tuple[str, ...], tmp_path: Path
) -> None:
    """It exits with 1 and the reason; `--check` does so for a single function in error, too."""
    (tmp_path / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    (tmp_path / "function_app.py").write_text(source, encoding="utf-8")
    given = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}
    with pytest.raises(HostError, match="ended with 1") as raised:
        async with process.spawned(given, "--app", str(tmp_path), *arguments):
            raise AssertionError("it must not answer")

    assert [reason for reason in reasons if reason not in str(raised.value)] == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that a program could answer")
async def test_a_signal_stops_a_host(azurite_connection: str, tmp_path: Path) -> None:
    """SIGTERM ends it as well, and with exit code 0."""
    address, given = tmp_path / "host.json", {**os.environ, **settings(azurite_connection)}
    command = [sys.executable, "-m", "sandbox.host", "--app", str(APP), "--port", "0", "--announce", str(address)]
    host = await asyncio.create_subprocess_exec(*command, env=given, cwd=ROOT, stderr=PIPE)
    await until(lambda: _exists(address))
    host.send_signal(signal.SIGTERM)
    _, lines = await host.communicate()

    assert (host.returncode, b"stopped" in lines) == (0, True)


PARENT = """
import sys, time
from sandbox.host import azurite
with azurite.running() as connection:
    print(connection, flush=True)
    time.sleep(60)
"""


async def test_azurite_does_not_outlive_who_started_it() -> None:
    """Also when that process is killed and can clean up nothing: the storage no longer answers."""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, cwd=ROOT, stdout=PIPE)
    assert parent.stdout is not None
    connection = (await parent.stdout.readline()).decode()
    port = int(connection.partition("QueueEndpoint=http://127.0.0.1:")[2].partition("/")[0])
    parent.kill()
    await parent.wait()

    await until(lambda: _refused(port))


async def _exists(path: Path) -> bool:
    return path.exists()


async def _refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


async def _working(http: httpx.AsyncClient) -> bool:
    counts = (await http.get("/admin/sandbox/invocations")).json()
    return bool(counts["functions"]["work"]["in_flight"])
