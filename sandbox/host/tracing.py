"""Gives a call the host's trace context as its parent, as Microsoft's library does where telemetry is on.

Settings: https://learn.microsoft.com/azure/azure-functions/opentelemetry-howto
"""

import logging
from collections.abc import Callable, Mapping

from sandbox.host.calls import Trace

LOG = logging.getLogger("sandbox.host")

Attach = Callable[[Trace], None]


def _nothing(trace: Trace) -> None:
    del trace


def attach_from(environment: Mapping[str, str]) -> Attach:
    """Start what the app settings ask for, and give what to do at the start of every call."""
    exporting = _is_on(environment, "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY")
    if not exporting and not _is_on(environment, "PYTHON_ENABLE_OPENTELEMETRY"):
        return _nothing
    try:
        if exporting:
            _export(environment)
        return _attach()
    except (ImportError, ValueError) as error:  # the worker, too, goes on without telemetry
        LOG.warning("telemetry is asked for and cannot start: %s", error)
        return _nothing


def _is_on(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "").lower() in {"true", "1", "t", "yes", "y"}


def _export(environment: Mapping[str, str]) -> None:
    from azure.monitor.opentelemetry import configure_azure_monitor  # noqa: PLC0415 — half a second, only if asked for

    configure_azure_monitor(connection_string=environment.get("APPLICATIONINSIGHTS_CONNECTION_STRING"))


def _attach() -> Attach:
    from opentelemetry import context  # noqa: PLC0415 — the same
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415 — the same

    propagator = TraceContextTextMapPropagator()

    def attach(trace: Trace) -> None:
        """Never detached: the context ends with the task, and a thread's next call replaces it."""
        context.attach(propagator.extract({"traceparent": trace.parent, "tracestate": trace.state}))

    return attach
