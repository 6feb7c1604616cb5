"""What the storage SDK tells telemetry of its calls, in a process of its own since tracing is switched on there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CALLS = """
import asyncio
from azure.core.settings import settings
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from shared.errors import Unavailable
from shared.platform.storage import Account, Storage

async def refuse(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"HTTP/1.1 403 Forbidden\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
    await writer.drain()
    writer.close()

async def main():
    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/contoso"
    signed = f"SharedAccessSignature=sv=2026-01-01&sig=hush;QueueEndpoint={url};TableEndpoint={url}"
    storage = Storage(Account(connection=signed))
    for asked in (storage.table("links"), storage.make_queue("referral-changes")):
        try:
            await asked
        except Unavailable as error:
            print(repr(error))
    await storage.close()
    server.close()

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
settings.tracing_implementation = "opentelemetry"
asyncio.run(main())
"""


def test_a_shared_access_signature_is_in_no_span() -> None:
    """Where storage is reached by a SAS, the SDK's spans have the address and its signature taken out of it."""
    kept = {name: text for name, text in os.environ.items() if name in ("PATH", "SYSTEMROOT", "HOME")}
    done = subprocess.run(  # noqa: S603 - this interpreter and a text of ours
        [sys.executable, "-c", CALLS], cwd=ROOT, env=kept, check=True, capture_output=True, text=True
    )
    assert done.stdout.count("/contoso/") >= 2
    assert "403" in done.stdout
    assert "hush" not in done.stdout + done.stderr
