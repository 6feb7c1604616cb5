"""What the runtime refuses when it indexes an app, and what it lets pass: the same on both runtimes."""

import re
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from sandbox.host import Host, IndexRefusedError, microsoft

HEAD = "import typing\nimport azure.functions as func\napp = func.FunctionApp()\n"
QUEUE = '@app.queue_trigger("msg", "work", "AzureWebJobsStorage")\n'
OUTPUT = '@app.queue_output("out", "results", "AzureWebJobsStorage")\n'

REFUSED = {
    "an argument name that is no parameter": HEAD + QUEUE + "async def f(message: func.QueueMessage) -> None: ...",
    "a parameter without a binding": HEAD + QUEUE + "async def f(msg: func.QueueMessage, more: str) -> None: ...",
    "an output without a parameter": HEAD + QUEUE + OUTPUT + "async def f(msg: func.QueueMessage) -> None: ...",
    "an output that is no Out": HEAD + QUEUE + OUTPUT + "async def f(msg: func.QueueMessage, out: str) -> None: ...",
    "an input that is an Out": HEAD + QUEUE + "async def f(msg: func.Out[str]) -> None: ...",
    "an Out of a built-in generic": (
        HEAD + QUEUE + OUTPUT + "async def f(msg: func.QueueMessage, out: func.Out[list[str]]) -> None: ..."
    ),
    "an Out of a union": (
        HEAD + QUEUE + OUTPUT + "async def f(msg: func.QueueMessage, out: func.Out[str | None]) -> None: ..."
    ),
    "the wrong message type": HEAD + QUEUE + "async def f(msg: func.TimerRequest) -> None: ...",
    "an annotation that is no type": HEAD + QUEUE + "async def f(msg: func.QueueMessage | None) -> None: ...",
    "an http function that returns a dict": HEAD + '@app.route("f")\nasync def f(req: func.HttpRequest) -> dict: ...',
    "an http function that may return nothing": (
        HEAD + '@app.route("f")\nasync def f(req: func.HttpRequest) -> func.HttpResponse | None: ...'
    ),
    "a context that is a text": HEAD + QUEUE + "async def f(msg: func.QueueMessage, context: str) -> None: ...",
    "no trigger": HEAD + OUTPUT + "async def f(out: func.Out[str]) -> None: ...",
    "two triggers": HEAD + QUEUE + '@app.route("f")\nasync def f(msg: func.QueueMessage) -> None: ...',
    "the same name twice": HEAD + 2 * (QUEUE + "async def f(msg: func.QueueMessage) -> None: ...\n"),
    "two apps": HEAD + "other = func.FunctionApp()",
    "one app under two names": HEAD + "other = app",
    "no app": "import azure.functions as func",
    "a module that is missing": HEAD + "import a_module_that_does_not_exist",
    "an exception at import": HEAD + 'raise RuntimeError("at import")',
    "the end of the process at import": HEAD + "raise SystemExit(3)",
    "a syntax error": HEAD + "def",
    "a setting that is missing": HEAD + 'import os\nos.environ["A_SETTING_THAT_IS_MISSING"]',
    "a loop run at import": HEAD + "import asyncio\nasync def g(): ...\nasyncio.run(g())",
    "a type that only checkers see": (
        "from __future__ import annotations\n"
        + HEAD
        + "if typing.TYPE_CHECKING: from collections import OrderedDict\n"
        + QUEUE
        + "async def f(msg: OrderedDict) -> None: ..."
    ),
    "a wrapper that forgets what it wraps": (
        HEAD
        + "def wrap(g):\n    async def inner(*a, **k): return await g(*a, **k)\n    return inner\n"
        + QUEUE
        + "@wrap\nasync def f(msg: func.QueueMessage) -> None: ..."
    ),
}

ACCEPTED = {
    "annotations as texts": (
        "from __future__ import annotations\n" + HEAD + QUEUE + "async def f(msg: func.QueueMessage) -> None: ..."
    ),
    "an Out of typing.List": (
        HEAD + QUEUE + OUTPUT + "async def f(msg: func.QueueMessage, out: func.Out[typing.List[str]]) -> None: ..."
    ),
    "no annotations": HEAD + QUEUE + "async def f(msg): ...",
    "a message as text": HEAD + QUEUE + "async def f(msg: str) -> None: ...",
    "a context": HEAD + QUEUE + "async def f(msg: func.QueueMessage, context: func.Context) -> None: ...",
    "a wrapper that remembers": (
        HEAD
        + "import functools\ndef wrap(g):\n    @functools.wraps(g)\n"
        + "    async def inner(*a, **k): return await g(*a, **k)\n"
        + "    return inner\n"
        + QUEUE
        + "@wrap\nasync def f(msg: func.QueueMessage) -> None: ..."
    ),
    "a blueprint": (
        HEAD
        + 'bp = func.Blueprint()\n@bp.queue_trigger("msg", "work", "AzureWebJobsStorage")\n'
        + "async def f(msg: func.QueueMessage) -> None: ...\napp.register_functions(bp)\ndel bp"
    ),
}

SYNC_WRAPPER = (
    HEAD
    + "import functools\ndef wrap(g):\n    @functools.wraps(g)\n"
    + "    def inner(*a, **k): return g(*a, **k)\n    return inner\n"
    + '@app.timer_trigger("timer", "0 0 0 1 1 *")\n@wrap\nasync def f(timer: func.TimerRequest) -> None: ...'
)
SETTINGS = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}


def host_of(folder: Path, source: str, runtime: str) -> Host:
    (folder / "function_app.py").write_text(dedent(source), encoding="utf-8")
    (folder / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    return Host(app_dir=folder, settings=SETTINGS, runtime=runtime)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # asyncio.run at import drops its coroutine
@pytest.mark.parametrize("mistake", REFUSED)
async def test_one_mistake_removes_every_function(mistake: str, runtime: str, tmp_path: Path) -> None:
    """The whole app is refused, with a reason, as the platform would load no function at all."""
    with pytest.raises(IndexRefusedError, match=re.compile(r"\w")):
        await host_of(tmp_path, REFUSED[mistake], runtime).check()


@pytest.mark.parametrize("form", ACCEPTED)
async def test_what_is_unusual_but_right_is_indexed(form: str, runtime: str, tmp_path: Path) -> None:
    """Forms that look risky and work on the platform work here."""
    catalog = await host_of(tmp_path, ACCEPTED[form], runtime).check()

    assert [each.name for each in catalog.functions] == ["f"]
    assert catalog.problems == ()


async def test_a_blueprint_that_is_not_registered_is_no_error(runtime: str, tmp_path: Path) -> None:
    """Its functions are missing without a word, as on the platform."""
    catalog = await host_of(tmp_path, HEAD, runtime).check()

    assert catalog.functions == ()


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # Microsoft's runtime drops it, that is the law
async def test_a_synchronous_wrapper_around_an_async_function_always_fails(runtime: str, tmp_path: Path) -> None:
    """It passes the index, and then every call fails because it returned something."""
    async with host_of(tmp_path, SYNC_WRAPPER, runtime) as host:
        outcome = await host.run("f")

    assert "non-None value" in repr(outcome)


async def test_no_app_is_refused(runtime: str, tmp_path: Path) -> None:
    """A folder without function_app.py is an error, not an app without functions."""
    (tmp_path / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    with pytest.raises(IndexRefusedError, match=r"no function_app\.py"):
        await Host(app_dir=tmp_path, runtime=runtime).check()


def test_microsofts_runtime_takes_part_where_it_can() -> None:
    """From Python 3.13 on this suite holds the direct runtime against Microsoft's own."""
    assert microsoft.available() is (sys.version_info >= (3, 13))
