"""Holds a function's Python signature against its bindings, by the rules of Microsoft's worker at index time.

Source: the `functions` module of azure-functions-runtime 1.3.0, and the worker's behaviour with one app per mistake.
"""

import inspect
import json
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.host.converters import converter, has_implicit_output
from sandbox.host.errors import IndexRefusedError

OUT = 1
_NOT_GENERIC = (typing.Union, tuple, typing.ClassVar, Callable)


@dataclass(frozen=True, kw_only=True)
class Signature:
    """How to call one function: the converter of each parameter, and of the return value if one is bound."""

    name: str
    function: Callable[..., Any]
    directory: str
    is_async: bool
    wants_context: bool
    inputs: Mapping[str, str]
    outputs: Mapping[str, tuple[str, Any]]
    returns: tuple[str, Any] | None


def raw_bindings(function: Any) -> tuple[Mapping[str, object], ...]:
    return tuple(json.loads(each) for each in function.get_raw_bindings())


def read_signature(found: Any) -> Signature:
    """Check one function; raises IndexRefusedError, or whatever the annotations raise when they are resolved."""
    function, name = found.get_user_function(), found.get_function_name()
    parameters = set(inspect.signature(function).parameters)
    hints = typing.get_type_hints(function)
    bound = {each.name: each for each in found.get_bindings() if each.name != "$return"}
    wants_context = "context" in parameters and "context" not in bound
    if wants_context:
        _check_context(name, hints)
        parameters.discard("context")
    _check_names(name, parameters, set(bound))
    kinds = {each: _check_parameter(name, bound[each], hints) for each in sorted(bound)}
    return Signature(
        name=name,
        function=function,
        directory=str(Path(inspect.getfile(function)).parent),
        is_async=inspect.iscoroutinefunction(function),
        wants_context=wants_context,
        inputs={each: kind for each, (kind, _) in kinds.items() if bound[each].direction != OUT},
        outputs={each: kinds[each] for each in kinds if bound[each].direction == OUT},
        returns=_check_return(name, found, hints),
    )


def _refuse(name: str, reason: str) -> IndexRefusedError:
    return IndexRefusedError(f"cannot load the {name} function: {reason}")


def _check_context(name: str, hints: Mapping[str, Any]) -> None:
    hint = hints.get("context")
    if hint is not None and not (isinstance(hint, type) and hint.__name__ == "Context"):
        raise _refuse(name, f'the "context" parameter must be an azure.functions.Context, not {hint!r}')


def _check_names(name: str, parameters: set[str], bound: set[str]) -> None:
    if unbound := parameters - bound:
        raise _refuse(name, f"parameters without a binding: {sorted(unbound)}")
    if missing := bound - parameters:
        raise _refuse(name, f"bindings without a parameter: {sorted(missing)}")


def _check_parameter(name: str, binding: Any, hints: Mapping[str, Any]) -> tuple[str, Any]:
    """Give the kind of converter and the Python type of one parameter."""
    if binding.name not in hints:
        return binding.type, None
    hint = hints[binding.name]
    is_out = _is_out(hint)
    wanted = _out_type(name, binding.name, hint) if is_out else hint
    if not isinstance(wanted, type) and not is_generic(wanted):
        raise _refuse(name, f"binding {binding.name} has invalid non-type annotation {hint!r}")
    if (binding.direction == OUT) != is_out:
        raise _refuse(
            name, f"binding {binding.name}: direction and annotation {hint!r} disagree about azure.functions.Out"
        )
    kind = "generic" if wanted in (str, bytes) and not has_implicit_output(binding.type) else binding.type
    check = converter(kind).check_output_type_annotation if is_out else converter(kind).check_input_type_annotation
    if not check(wanted):
        raise _refuse(name, f'a {binding.type!r} binding cannot be the parameter "{binding.name}: {hint!r}"')
    return kind, wanted


def _is_out(hint: Any) -> bool:
    origin = typing.get_origin(hint) if is_generic(hint) else None
    candidate = hint if origin is None else origin
    return isinstance(candidate, type) and candidate.__name__ == "Out"


def _out_type(name: str, parameter: str, hint: Any) -> Any:
    arguments = typing.get_args(hint)
    if len(arguments) != 1:
        raise _refuse(name, f"binding {parameter} has invalid Out annotation {hint!r}")
    return arguments[0]


def is_generic(hint: Any) -> bool:
    """Whether the worker takes it for a generic type: `List[str]` is one, `list[str]` and any union are not."""
    if isinstance(hint, type):
        return issubclass(hint, typing.Generic)
    origin = typing.get_origin(hint)
    return (
        origin is not None and not isinstance(hint, types.GenericAlias | types.UnionType) and origin not in _NOT_GENERIC
    )


def _check_return(name: str, found: Any, hints: Mapping[str, Any]) -> tuple[str, Any] | None:
    bound = [each for each in found.get_bindings() if each.name == "$return"]
    if not bound:
        return None
    kind = bound[-1].type
    if "return" not in hints:
        return kind, None
    wanted = hints["return"]
    if not isinstance(wanted, type):
        raise _refuse(name, f"invalid non-type return annotation {wanted!r}")
    if not converter(kind).check_output_type_annotation(wanted):
        raise _refuse(name, f'return annotation "{wanted.__name__}" does not match binding type "{kind}"')
    return kind, wanted
