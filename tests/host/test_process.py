"""The host as a program: how it starts, refuses and stops."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import httpx
import pytest
from azure.storage.queue.aio import QueueServiceClient

from tests.host.support import SETTINGS, encoded, until

ROOT = Path(__file__).parents[2]
APP = Path(__file__).parent / "app"


async def spawn(connection: str, *arguments: str) -> Process:
    environment = os.environ | SETTINGS | {"AzureWebJobsStorage": connection}
    command = ("-m", "sandbox.host", "--port", "0", *arguments)
    return await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, env=environment, stderr=PIPE)


async def address(process: Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if b"listening on " in line:
            return line.decode().partition("listening on ")[2].partition(": ")[0]
    raise AssertionError("the host ended before it listened")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that a program could answer")
async def test_a_terminated_host_finishes_its_work(azurite_connection: str, queues: QueueServiceClient) -> None:
    """SIGTERM ends it with exit code 0, after what it was running is done and deleted."""
    process = await spawn(azurite_connection, "--app", str(APP))
    url = await address(process)
    await queues.get_queue_client("work").send_message(encoded({"sleep": 0.5}))
    async with httpx.AsyncClient(base_url=url, headers={"x-functions-key": "master-key"}) as http:
        await until(lambda: _working(http))
    process.send_signal(signal.SIGTERM)
    _, errors = await process.communicate()

    assert (process.returncode, b"Traceback" in errors) == (0, False), errors.decode()
    properties = await queues.get_queue_client("work").get_queue_properties()
    assert properties.approximate_message_count == 0


async def test_an_app_that_is_refused_ends_the_program(tmp_path: Path, azurite_connection: str) -> None:
    """It says so in one line, with the reason, and exits with 1."""
    (tmp_path / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    (tmp_path / "function_app.py").write_text('raise RuntimeError("broken at import")', encoding="utf-8")
    process = await spawn(azurite_connection, "--app", str(tmp_path))
    _, errors = await process.communicate()

    assert process.returncode == 1
    assert b"no function runs" in errors
    assert b"broken at import" in errors


async def test_a_check_tells_of_functions_in_error(tmp_path: Path, azurite_connection: str) -> None:
    """`--check` runs nothing, names the function and the setting, and exits with 1."""
    (tmp_path / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    (tmp_path / "function_app.py").write_text(
        "import azure.functions as func\napp = func.FunctionApp()\n"
        '@app.timer_trigger("timer", "%NO_SUCH_SETTING%")\nasync def late(timer: func.TimerRequest) -> None: ...\n',
        encoding="utf-8",
    )
    process = await spawn(azurite_connection, "--app", str(tmp_path), "--check")
    _, errors = await process.communicate()

    assert process.returncode == 1
    assert b"'late'" in errors
    assert b"NO_SUCH_SETTING" in errors


async def _working(http: httpx.AsyncClient) -> bool:
    counts = (await http.get("/admin/sandbox/invocations")).json()
    return bool(counts["functions"]["work"]["in_flight"])
