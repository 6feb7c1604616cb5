"""Application Insights' ingestion endpoint on loopback: takes what the exporter sends, and keeps it.

Shape of the envelopes: https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "00000000-0000-0000-0000-000000000001"
Row = dict[str, Any]


@dataclass
class Ingestion:
    """Everything that was exported, in the order of its arrival."""

    url: str = ""
    envelopes: list[Row] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """App settings that send telemetry here, soon rather than in large parcels, and nothing anywhere else."""
        return {
            "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={KEY};IngestionEndpoint={self.url};"
            f"LiveEndpoint={self.url}",
            "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "true",
            "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
            "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
            "OTEL_TRACES_SAMPLER": "parentbased_always_on",
            "OTEL_BSP_SCHEDULE_DELAY": "300",
            "OTEL_BLRP_SCHEDULE_DELAY": "300",
            "OTEL_METRIC_EXPORT_INTERVAL": "1000",
        }

    @property
    def text(self) -> str:
        """All of it, to search in."""
        return json.dumps(self.envelopes, ensure_ascii=False).casefold()

    def rows(self, kind: str) -> list[Row]:
        """What one kind of envelope carries, with the operation that it belongs to."""
        return [
            {**one["data"]["baseData"], "operation": one.get("tags", {}).get("ai.operation.id", "")}
            for one in list(self.envelopes)
            if one["data"]["baseType"] == kind
        ]

    def events(self, start: str = "") -> list[tuple[str, dict[str, str]]]:
        """Custom events by name, with their dimensions."""
        return [(row["name"], row["properties"]) for row in self.rows("EventData") if row["name"].startswith(start)]


@contextmanager
def ingestion() -> Iterator[Ingestion]:
    """Listen on loopback until the end."""
    kept = Ingestion()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            found = _read(body) if "/track" in self.path else []
            kept.envelopes += found
            answer = json.dumps({"itemsReceived": len(found), "itemsAccepted": len(found), "errors": []}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()


def _read(body: bytes) -> list[Row]:
    """One JSON list, or one JSON document a line."""
    text = body.decode("utf-8")
    return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines() if line]
