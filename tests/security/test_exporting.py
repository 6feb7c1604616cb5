"""What leaves a worker, and what that costs: each in a process of its own, as telemetry stays switched on there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.ingestion import Ingestion, ingestion

ROOT = Path(__file__).parents[2]
OUTCOMES = """
import asyncio, logging
from azure.monitor.opentelemetry import configure_azure_monitor
configure_azure_monitor(disable_offline_storage=True, enable_live_metrics=False)
from opentelemetry import trace
from opentelemetry._logs import get_logger_provider
from shared.domain.code import Code
from shared.domain.outcome import left
from shared.domain.values import Side
from shared.messages import Look, Signal
from shared.platform.telemetry import LogTelemetry, quieten
from shared.platform.trace import span
from shared.ports import Facts

logging.getLogger().setLevel(logging.INFO)
quieten()
signal = Signal(look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id="r-1", trace=f"00-{'ab' * 16}-{'cd' * 8}-00")
for number in range(200):
    with span("referral-changes", signal):
        LogTelemetry().outcome(signal, left(f"number {number}", Code.NO_DEAL), Facts())
trace.get_tracer_provider().force_flush()
get_logger_provider().force_flush()
"""
FAILED = """
from azure.monitor.opentelemetry import configure_azure_monitor
configure_azure_monitor(disable_offline_storage=True, enable_live_metrics=False)
from opentelemetry import trace
from shared.domain.values import Side
from shared.messages import Look, Signal
from shared.platform.trace import span

signal = Signal(look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id="r-1")
try:
    with span("referral-changes", signal):
        raise ValueError("Kim Abercrombie has no phone")
except ValueError:
    trace.get_tracer_provider().force_flush()
"""
COLD = """
import asyncio, json, sys
import function_app
from shared.bootstrap import App
from shared.connectors.dependency import dependency
from shared.domain.values import Side
from shared.messages import Look, Signal
from shared.platform.trace import carried, span
signal = carried(Signal(look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id="r-1"))
with span("referral-changes", signal), dependency("GET", "https://contoso.example.com/") as answered:
    answered(429)
print(json.dumps(sorted(name for name in sys.modules if name.partition(".")[0] == "opentelemetry")))
"""


RETRIES = """
import asyncio, httpx, json
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from shared.connectors.rest import Rest, Verdicts
from shared.platform.identity import StaticTokens

exporter, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
answers = [httpx.Response(503), httpx.Response(503), httpx.Response(200, text="{}")]

async def at_once(seconds):
    pass

async def main():
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda request: answers.pop(0))) as client:
        rest = Rest(system="s", base_url="https://contoso.example.com", scope="x", tokens=StaticTokens("t"),
                    client=client, verdicts=Verdicts(), sleep=at_once)
        await rest.call("GET", "referrals")

asyncio.run(main())
spans = [dict(span.attributes) for span in exporter.get_finished_spans()]
print(json.dumps([[one["cosell.retries"], one["http.response.status_code"]] for one in spans]))
"""


def run(code: str, **settings: str) -> str:
    """What a worker prints that has these settings and nothing else of ours."""
    kept = {name: text for name, text in os.environ.items() if name in ("PATH", "SYSTEMROOT", "HOME")}
    done = subprocess.run(  # noqa: S603 - this interpreter and a text of ours
        [sys.executable, "-c", code], cwd=ROOT, env=kept | settings, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.mark.parametrize(
    "sampler",
    [
        {"OTEL_TRACES_SAMPLER": "always_off"},
        {"OTEL_TRACES_SAMPLER": "microsoft.fixed_percentage", "OTEL_TRACES_SAMPLER_ARG": "0.01"},
        {"OTEL_TRACES_SAMPLER": "microsoft.rate_limited", "OTEL_TRACES_SAMPLER_ARG": "0.1"},
    ],
    ids=lambda sampler: sampler["OTEL_TRACES_SAMPLER"],
)
def test_outcomes_are_never_sampled_away(sampler: dict[str, str]) -> None:
    """However few traces are kept, each outcome arrives."""
    with ingestion() as kept:
        run(OUTCOMES, **kept.settings | sampler)
    assert sorted(_numbers(kept)) == sorted(f"number {number}" for number in range(200))
    assert len(kept.rows("RemoteDependencyData")) < 200


def _numbers(kept: Ingestion) -> list[Any]:
    return [fields["reason"] for _, fields in kept.events("signal_left")]


def test_what_a_bug_says_leaves_nothing_of_anybody() -> None:
    """Of an exception that ends an attempt its kind is told; its words may quote a record, and stay here."""
    with ingestion() as kept:
        run(FAILED, **kept.settings)
    spans = kept.rows("RemoteDependencyData")
    assert [(row["name"], row["success"]) for row in spans] == [("referral-changes", False)]
    assert "abercrombie" not in kept.text


def test_a_cold_start_does_not_pay_for_telemetry_that_is_off() -> None:
    """Loading the app, taking up a signal and making a call load nothing of OpenTelemetry where nobody exports."""
    assert json.loads(run(COLD)) == []


def test_a_call_says_how_often_it_was_sent_before() -> None:
    """Each try is a dependency of its own, with its number and its own status."""
    assert json.loads(run(RETRIES)) == [[0, 503], [1, 503], [2, 200]]
