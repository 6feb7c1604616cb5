"""Whether anybody exports telemetry from this process."""

from __future__ import annotations

import sys


def exporting() -> bool:
    """Whoever exports has loaded OpenTelemetry's SDK: the worker does before it loads us, where its setting says so.

    Without it a cold start shall not pay for importing what then does nothing.
    https://learn.microsoft.com/azure/azure-functions/opentelemetry-howto
    """
    return "opentelemetry.sdk" in sys.modules
