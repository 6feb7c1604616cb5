"""The host as a program: how it starts, refuses and stops."""

import os
from pathlib import Path

import httpx
import pytest
from azure.storage.queue.aio import QueueServiceClient

from sandbox.host import HostError, process
from tests.host.support import MASTER, SETTINGS, encoded, until

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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that a program could answer")
async def test_a_terminated_host_finishes_its_work(
    azurite_connection: str, queues: QueueServiceClient, tmp_path: Path
) -> None:
    """SIGTERM ends it in good order, after what it was running is done and deleted."""
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


async def _working(http: httpx.AsyncClient) -> bool:
    counts = (await http.get("/admin/sandbox/invocations")).json()
    return bool(counts["functions"]["work"]["in_flight"])
