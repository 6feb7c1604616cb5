"""Runs the app on Microsoft's own library for Python 3.13 and later, in this process and without gRPC."""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

from sandbox.host import datums
from sandbox.host.app_import import importable, refuse_foreign
from sandbox.host.calls import Call, Ending, Failed, Trace, WorkerDied
from sandbox.host.errors import HostError, IndexRefusedError
from sandbox.host.runtime import IndexedFunction

# The messages of the worker protocol (azure-functions-language-worker-protobuf) that the library builds through the
# module handed to it; here they are plain objects, nothing is put on a wire.
MESSAGES = (
    "WorkerInitResponse",
    "WorkerMetadata",
    "StatusResult",
    "RpcException",
    "RpcFunctionMetadata",
    "FunctionMetadataResponse",
    "FunctionLoadResponse",
    "InvocationResponse",
    "BindingInfo",
    "RpcRetryOptions",
    "TypedData",
    "ParameterBinding",
    "RpcHttp",
)
SUCCESS = 1


def available() -> bool:
    """Whether the library supports this interpreter and is installed."""
    if tuple(sys.version_info) < (3, 13):  # a tuple, or mypy takes the rest for dead code
        return False
    try:
        import azure_functions_runtime  # noqa: F401, PLC0415 — asking whether the import works is the point
    except ImportError:
        return False
    return True


class _Message(SimpleNamespace):
    """A protocol message: whatever fields it was built with."""


def _protocol() -> SimpleNamespace:
    protocol = SimpleNamespace(**{name: type(name, (_Message,), {}) for name in MESSAGES})
    protocol.StatusResult.Failure, protocol.StatusResult.Success = 0, SUCCESS
    protocol.BindingInfo.undefined = 0
    for number, direction in enumerate(("in", "out", "inout")):
        setattr(protocol.BindingInfo, direction, number)
    return protocol


class MicrosoftRuntime:
    """One app per process: the library keeps its functions in a module."""

    name = "microsoft"
    _busy: ClassVar[bool] = False

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._triggers: dict[str, str] = {}
        self._holding = False

    async def index(self, app_dir: Path) -> tuple[IndexedFunction, ...]:
        if MicrosoftRuntime._busy:
            raise HostError("Microsoft's runtime holds one app per process, and one is running already")
        MicrosoftRuntime._busy = self._holding = True
        import azure_functions_runtime as library  # noqa: PLC0415 — absent below Python 3.13
        from azure_functions_runtime import handle_event  # noqa: PLC0415 — the same

        handle_event._functions._functions.clear()  # noqa: SLF001 — what an earlier app of this process left behind
        library.start_threadpool_executor()
        with importable(app_dir):
            await self._load(library, app_dir)
        refuse_foreign(app_dir)
        listed = await library.functions_metadata_request(SimpleNamespace())
        return tuple(self._announce(each) for each in listed.function_metadata_results or ())

    async def _load(self, library: Any, app_dir: Path) -> None:
        request = SimpleNamespace(capabilities={}, function_app_directory=os.fspath(app_dir))
        wrapped = SimpleNamespace(worker_init_request=request)
        properties = {"host": "127.0.0.1", "protos": _protocol()}
        try:
            answer = await library.worker_init_request(SimpleNamespace(request=wrapped, properties=properties))
        except SystemExit as error:
            raise IndexRefusedError(f"function_app.py ended the process: SystemExit({error.code!r})") from error
        if answer.result.status != SUCCESS:
            raise IndexRefusedError(answer.result.exception.message)

    def _announce(self, found: Any) -> IndexedFunction:
        bindings = tuple(json.loads(each) for each in found.raw_bindings)
        self._ids[found.name] = found.function_id
        self._triggers[found.name] = next(each["name"] for each in bindings if each["type"].endswith("Trigger"))
        return IndexedFunction(found.name, bindings)

    async def invoke(self, function: str, call: Call, trace: Trace) -> Ending:
        from azure_functions_runtime import native_invocation as native  # noqa: PLC0415 — absent below Python 3.13
        from azure_functions_runtime.bindings.datumdef import Datum  # noqa: PLC0415 — the same

        trigger = (self._triggers[function], datums.trigger_datum(call, Datum))
        metadata = datums.trigger_metadata(call, Datum)
        try:
            done, returned, outputs, error, where = await native.invocation_request_native(
                trace.invocation_id, self._ids[function], [trigger], metadata, trace.parent, trace.state
            )
            return datums.read_outcome(returned, outputs) if done else Failed(error, where)
        except SystemExit as death:
            return WorkerDied(f"SystemExit({death.code!r})")

    async def stop(self) -> None:
        if not self._holding:
            return
        if "azure_functions_runtime" in sys.modules:
            sys.modules["azure_functions_runtime"].stop_threadpool_executor()
        MicrosoftRuntime._busy = self._holding = False
