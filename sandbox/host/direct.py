"""Calls the app's functions itself, for the Python versions that Microsoft's in-process library does not support."""

import asyncio
import importlib
import os
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import azure.functions
from azure.functions.meta import Datum

from sandbox.host import datums
from sandbox.host.app_import import importable, refuse_foreign
from sandbox.host.calls import Call, Ending, Failed, Trace, WorkerDied
from sandbox.host.context import CallContext
from sandbox.host.converters import converter
from sandbox.host.errors import IndexRefusedError
from sandbox.host.runtime import IndexedFunction
from sandbox.host.signatures import Signature, raw_bindings, read_signature
from sandbox.host.tracing import Attach, attach_from


class Out:
    """An output parameter; the last value set wins."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, value: Any) -> None:
        self._value = value

    def get(self) -> Any:
        return self._value


class DirectRuntime:
    """Indexes by the rules of Microsoft's worker and converts with the azure-functions package's own converters."""

    name = "direct"

    def __init__(self) -> None:
        self._functions: dict[str, Signature] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._attach: Attach = attach_from({})

    async def index(self, app_dir: Path) -> tuple[IndexedFunction, ...]:
        self._pool = ThreadPoolExecutor(max_workers=_threads(os.environ), thread_name_prefix="function")
        self._attach = attach_from(os.environ)
        try:
            with importable(app_dir):
                module = importlib.import_module("function_app")
            refuse_foreign(app_dir)
            found = _app(module).get_functions()
            self._functions = {each.get_function_name(): read_signature(each) for each in found}
        except IndexRefusedError:
            raise
        # Whatever goes wrong while an app is imported or read removes every function on the platform.
        except (Exception, SystemExit) as error:
            raise IndexRefusedError(f"{type(error).__name__}: {error}") from error
        return tuple(IndexedFunction(each.get_function_name(), raw_bindings(each)) for each in found)

    async def invoke(self, function: str, call: Call, trace: Trace) -> Ending:
        signature = self._functions[function]
        try:
            arguments = self._arguments(signature, call, trace)
            result = await self._call(signature, arguments, trace)
            _refuse_unbound(signature, result)
            outputs = [(name, _encoded(signature.outputs[name], arguments[name].get())) for name in signature.outputs]
            set_outputs = [(name, datum) for name, datum in outputs if datum is not None]
            returned = _encode(*signature.returns, result) if signature.returns else None
            return datums.read_outcome(returned, set_outputs)
        except SystemExit as death:
            return WorkerDied(f"SystemExit({death.code!r})")
        except Exception as error:  # noqa: BLE001 — whatever a function raises is a failed invocation, nothing more
            return Failed(repr(error), traceback.format_exc())

    def _arguments(self, signature: Signature, call: Call, trace: Trace) -> dict[str, Any]:
        metadata = datums.trigger_metadata(call, Datum)
        arguments: dict[str, Any] = {
            name: converter(kind).decode(datums.trigger_datum(call, Datum), trigger_metadata=metadata)
            for name, kind in signature.inputs.items()
        }
        if signature.wants_context:
            arguments["context"] = CallContext(signature.name, signature.directory, trace)
        return arguments | {name: Out() for name in signature.outputs}

    async def _call(self, signature: Signature, arguments: Mapping[str, Any], trace: Trace) -> Any:
        if signature.is_async:
            self._attach(trace)
            return await signature.function(**arguments)

        def in_thread() -> Any:
            self._attach(trace)
            return signature.function(**arguments)

        return await asyncio.get_running_loop().run_in_executor(self._pool, in_thread)

    async def stop(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _threads(environment: Mapping[str, str]) -> int | None:
    asked = environment.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
    return int(asked) if asked.isdecimal() and int(asked) > 0 else None


def _app(module: Any) -> Any:
    """Find the one app; a second name for the same one counts twice, as it does in the worker's loader."""
    register = azure.functions.FunctionRegister
    apps = [getattr(module, name) for name in dir(module) if isinstance(getattr(module, name), register)]
    if not apps:
        raise IndexRefusedError("no top-level function app was found in function_app.py")
    if len(apps) > 1:
        raise IndexRefusedError("more than one top-level function app is defined in function_app.py")
    return apps[0]


def _refuse_unbound(signature: Signature, result: Any) -> None:
    if result is None or signature.returns:
        return
    if asyncio.iscoroutine(result):
        result.close()  # a wrapper that forgot to await: the worker drops it, too
    raise RuntimeError(f"function {signature.name!r} without a $return binding returned a non-None value")


def _encoded(output: tuple[str, Any], value: Any) -> Any:
    return None if value is None else _encode(*output, value)


def _encode(kind: str, wanted: Any, value: Any) -> Any:
    try:
        return converter(kind).encode(value, expected_type=wanted)
    except NotImplementedError as error:
        raise TypeError(f"a {kind!r} binding cannot take a {type(value).__name__}") from error
