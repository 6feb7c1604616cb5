"""The `context` parameter of a function, for the runtime that calls functions itself."""

import threading
from typing import Any

from azure.functions import Context
from azure.functions._abc import RetryContext, TraceContext  # the abstract classes are exported nowhere else

from sandbox.host.calls import Trace

_LOCAL = threading.local()


class _TraceContext(TraceContext):
    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    @property
    def trace_parent(self) -> str:
        return self._trace.parent

    @property
    def trace_state(self) -> str:
        return self._trace.state

    @property
    def attributes(self) -> dict[str, str]:
        return {}


class _RetryContext(RetryContext):
    """No retry policy applies to the triggers that the host knows."""

    @property
    def retry_count(self) -> int:
        return 0

    @property
    def max_retry_count(self) -> int:
        return 0

    @property
    def exception(self) -> Any:
        return None


class CallContext(Context):
    """Names the function and the invocation that it is in."""

    def __init__(self, name: str, directory: str, trace: Trace) -> None:
        self._name, self._directory, self._trace = name, directory, trace

    @property
    def invocation_id(self) -> str:
        return self._trace.invocation_id

    @property
    def function_name(self) -> str:
        return self._name

    @property
    def function_directory(self) -> str:
        return self._directory

    @property
    def trace_context(self) -> TraceContext:
        return _TraceContext(self._trace)

    @property
    def retry_context(self) -> RetryContext:
        return _RetryContext()

    @property
    def thread_local_storage(self) -> Any:
        return _LOCAL
