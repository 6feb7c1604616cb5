"""How the host describes itself and its functions over HTTP."""

import os
import sys
from collections.abc import Iterable
from typing import Any

from sandbox.host.functions import Function, HttpTrigger, Problem


def describe_function(function: Function, url: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": function.name,
        "language": "python",
        "isDisabled": function.disabled,
        "config": {"name": function.name, "bindings": list(function.bindings)},
        "href": f"{url}/admin/functions/{function.name}",
    }
    if isinstance(function.trigger, HttpTrigger):
        described["route"] = function.trigger.route
    return described


def describe_host(runtime: str, problems: Iterable[Problem]) -> dict[str, Any]:
    return {
        "state": "Running",
        "runtime": runtime,
        "processId": os.getpid(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "errors": [str(problem) for problem in problems],
    }
