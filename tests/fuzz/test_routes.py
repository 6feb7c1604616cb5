"""docs/openapi.json says what our routes are and answer, and the routes answer nothing else."""

from __future__ import annotations

import json
import re
from typing import Any

import azure.functions as func
import pytest

from functions import BLUEPRINTS
from shared.platform.doors import ERRORS
from tests.fuzz import routes
from tests.fuzz.served import ROOT, served

DOCUMENT: dict[str, Any] = json.loads(routes.DOCUMENT.read_text(encoding="utf-8"))
KEYED: list[dict[str, list[str]]] = [{"functionKey": []}, {"functionKeyInQuery": []}]
SIGNED_IN: list[dict[str, list[str]]] = [{"signedIn": []}]
LEVELS = {json.dumps([]): "ANONYMOUS", json.dumps(SIGNED_IN): "ANONYMOUS", json.dumps(KEYED): "FUNCTION"}
Operation = tuple[str, str, str, str]


def described() -> set[Operation]:
    """Method, route, who may call, and the function's name: one function has all the rooms of the status page."""
    found = set()
    for path, item in DOCUMENT["paths"].items():
        for method, told in item.items():
            route, name = told.get("x-route", path.strip("/")), told.get("x-function", told["operationId"])
            found.add((method.upper(), route, LEVELS[json.dumps(told["security"])], name))
    return found


def served_here() -> set[Operation]:
    app = func.FunctionApp()
    for blueprint in BLUEPRINTS:
        app.register_functions(blueprint)
    found = set()
    for function in app.get_functions():
        trigger = function.get_trigger()
        binding = trigger.get_dict_repr() if trigger else {}
        if binding.get("type") == "httpTrigger":
            level = str(binding["authLevel"]).rpartition(".")[2]
            methods = [str(method).rpartition(".")[2] for method in binding["methods"]]
            found |= {(method, binding["route"], level, str(function.get_function_name())) for method in methods}
    return found


def test_the_document_lists_every_route_and_no_other() -> None:
    """Methods, routes, keys and names are those of the functions: a route that is added is described."""
    assert described() == served_here()


def test_the_document_knows_every_status_that_our_answers_use() -> None:
    """Each status that a problem can have is described for some route, and none that nothing answers: no 500."""
    told = {int(status) for item in DOCUMENT["paths"].values() for one in item.values() for status in one["responses"]}
    assert told == {200, 202, 303, *ERRORS}
    words = DOCUMENT["components"]["schemas"]["Problem"]["properties"]["error"]["enum"]
    assert set(words) == {*ERRORS.values(), "refused"}


def test_the_document_has_the_products_version() -> None:
    """One version, in the package and here."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.findall(r'^version = "(.+)"$', text, re.MULTILINE) == [DOCUMENT["info"]["version"]]


@pytest.mark.skipif(not routes.installed(), reason="schemathesis is a development requirement that may be left out")
async def test_every_route_answers_as_described() -> None:
    """Valid, invalid and keyless requests to each route get a described status, media type and body: never a 500."""
    async with served() as url:
        asked = await routes.asked(url)

    assert not asked.said, asked.said
    assert {"200", "202", "400", "401", "404", "409", "503"} <= set(asked.statuses)
    assert asked.requests >= 100
