"""What the product's code never does, whoever writes the next line of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import azure.functions as func
import pytest

from functions import BLUEPRINTS
from shared.platform.outside import outside
from shared.settings import read

ROOT = Path(__file__).parents[2]
PRODUCT = sorted([ROOT / "function_app.py", *ROOT.glob("functions/**/*.py"), *ROOT.glob("shared/**/*.py")])
# Modules that turn bytes into code or objects, start programs, or read XML with its entities.
MODULES = frozenset(
    {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle", "code", "codeop", "imp", "ctypes"}
    | {"subprocess", "pty", "xml", "lxml", "telnetlib", "ftplib", "smtplib", "cgitb", "pdb"}
)
CALLS = frozenset({"eval", "exec", "compile", "__import__", "breakpoint", "print", "input"})
ATTRIBUTES = frozenset(
    {"system", "popen", "_create_unverified_context", "set_trace", "basicConfig", "unsafe_load", "full_load"}
)
ARGUMENTS = {"verify": False, "shell": True, "capture_locals": True, "show_locals": True, "follow_redirects": True}
each_file = pytest.mark.parametrize("file", PRODUCT, ids=lambda path: str(path.relative_to(ROOT)))


def findings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.partition(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield from [module] if module.partition(".")[0] in MODULES else []
        elif isinstance(node, ast.Call):
            yield from _called(node)


def _called(node: ast.Call) -> Iterator[str]:
    match node.func:
        case ast.Name(id=name) if name in CALLS:
            yield name
        case ast.Attribute(attr=name) if name in ATTRIBUTES:
            yield name
        case ast.Attribute(value=ast.Name(id="yaml"), attr="load"):
            yield "yaml.load"
    for word in node.keywords:
        given = word.value.value if isinstance(word.value, ast.Constant) else None
        if word.arg in ARGUMENTS and given is ARGUMENTS[word.arg]:
            yield f"{word.arg}={given!r}"


@each_file
def test_nothing_is_run_or_unpickled(file: Path) -> None:
    """No object is made of foreign bytes but by JSON, no program is started, no certificate left unchecked."""
    assert list(findings(ast.parse(file.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from xml.etree import ElementTree",
        "eval(body)",
        "os.system('x')",
        "yaml.load(text, Loader=Loader)",
        "httpx.AsyncClient(verify=False)",
        "client.send(request, follow_redirects=True)",
        "traceback.TracebackException(*x, capture_locals=True)",
    ],
)
def test_the_search_finds_what_it_looks_for(line: str) -> None:
    """Each kind of finding is found, so that finding none means something."""
    assert len(list(findings(ast.parse(line)))) == 1


@each_file
def test_no_table_query_is_pasted_together(file: Path) -> None:
    """A filter of Table Storage takes its values as parameters, never inside its text."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "query_entities":
            assert isinstance(node.args[0], ast.Name)
            assert node.args[0].id.isupper()


def routes() -> dict[str, str]:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    for blueprint in BLUEPRINTS:
        app.register_functions(blueprint)
    triggers = [trigger.get_dict_repr() for each in app.get_functions() if (trigger := each.get_trigger())]
    return {t["route"]: str(t["authLevel"]) for t in triggers if t.get("type") == "httpTrigger"}


# What may be called without a key: what proves each caller instead, and the test that it is asked for.
OPEN = {
    "partner-center/events": (
        "a signature over the body",
        "tests/integration/test_bad_events.py::test_a_wrongly_signed_event_is_refused_and_queues_nothing",
    ),
    "signed-in/status/{*room}": (
        "a sign-in through the platform, and an app role",
        "tests/integration/test_status_page.py::test_no_room_is_open_to_who_is_not_signed_in",
    ),
}


def test_every_route_but_two_needs_a_key() -> None:
    """Only Partner Center's door and that of people who signed in are open to callers without a key."""
    found = routes()
    open_ones = {
        route for route, level in found.items() if level.rpartition(".")[2].casefold() not in ("function", "admin")
    }
    assert (open_ones, len(found) > 3) == (set(OPEN), True)


@pytest.mark.parametrize("route", sorted(OPEN))
def test_each_open_route_names_the_test_that_closes_it(route: str) -> None:
    """An exception without a test of what stands in the key's place is none."""
    proof, test = OPEN[route]
    file, _, name = test.partition("::")
    assert proof
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_a_route_that_forgets_its_level_needs_a_key() -> None:
    """The app's own default is a key, so that a new route is closed until somebody opens it."""
    text = (ROOT / "function_app.py").read_text(encoding="utf-8")
    assert re.search(r"FunctionApp\(http_auth_level=func\.AuthLevel\.FUNCTION\)", text)


async def test_the_client_checks_certificates_and_follows_nothing() -> None:
    """The one HTTP client verifies the other side, sends no credentials of the machine and follows no redirect."""
    world = outside(read({"AzureWebJobsStorage": "UseDevelopmentStorage=true"}).best)
    assert world.client.follow_redirects is False
    pool = vars(vars(world.client._transport)["_pool"])
    assert pool["_ssl_context"].verify_mode.name == "CERT_REQUIRED"
    assert pool["_ssl_context"].check_hostname
    await world.close()


def test_pages_name_no_address_of_a_person() -> None:
    """No mail address stands in the product but those of invented companies."""
    mail = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
    invented = re.compile(r"(.*\.)?example(\.(com|net|org))?|odata\.\w+|.*\.(bind|etag|etag\w*)")
    texts = [path for folder in ("docs", "shared", "functions", "infra") for path in (ROOT / folder).rglob("*.*")]
    found = {
        domain
        for path in texts
        if path.suffix in {".py", ".md", ".json", ".bicep"}
        for domain in mail.findall(path.read_text(encoding="utf-8"))
    }
    assert {domain for domain in found if not invented.fullmatch(domain)} == set()
