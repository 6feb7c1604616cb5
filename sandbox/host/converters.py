"""The azure-functions package's converter for a kind of binding, or a plain one for text and bytes."""

from typing import Any

import azure.functions
from azure.functions.meta import Datum

_REGISTRY: Any = azure.functions.get_binding_registry()


class Generic:
    """Hands text and bytes through: what the worker uses for a parameter annotated `str` or `bytes`."""

    @classmethod
    def check_input_type_annotation(cls, wanted: type) -> bool:
        return issubclass(wanted, (str, bytes))

    @classmethod
    def check_output_type_annotation(cls, wanted: type) -> bool:
        return issubclass(wanted, (str, bytes, bytearray))

    @classmethod
    def decode(cls, data: Any, *, trigger_metadata: Any) -> Any:
        del trigger_metadata
        if data.type not in {"string", "bytes", "json"}:
            raise ValueError(f"a generic binding cannot take a value of kind {data.type!r}")
        return data.value

    @classmethod
    def encode(cls, value: Any, *, expected_type: Any) -> Datum:
        del expected_type
        if isinstance(value, str):
            return Datum(value, "string")
        if isinstance(value, bytes | bytearray):
            return Datum(bytes(value), "bytes")
        raise NotImplementedError

    @classmethod
    def has_implicit_output(cls) -> bool:
        return True


def converter(kind: str) -> Any:
    return _REGISTRY.get(kind) or Generic


def has_implicit_output(kind: str) -> bool:
    return bool(getattr(converter(kind), "has_implicit_output", lambda: False)())
