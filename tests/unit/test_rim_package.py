"""What is deployed: the app and what it needs, and nothing of a dependency is left out by a careless pattern."""

from __future__ import annotations

import ast
import json
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = {"functions", "shared", "__future__"}
SHIPPED = {"function_app.py", "host.json", "requirements.txt", "functions", "shared"}
IGNORED = [line for line in (ROOT / ".funcignore").read_text("utf-8").split() if line]
QUEUES = json.loads((ROOT / "host.json").read_text("utf-8"))["extensions"]["queues"]


def ignored(name: str) -> bool:
    return any(fnmatchcase(name, pattern.lstrip("/")) for pattern in IGNORED)


def test_the_package_holds_the_app_and_nothing_else() -> None:
    """Sandbox, tests, tools and documents stay here; every file of the app goes along."""
    here = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} | {".git", ".ci", ".venv", ".tools"}
    assert {name for name in here if not ignored(name)} == (SHIPPED | {"customize.yaml"}) & here
    assert {name for name in SHIPPED if not (ROOT / name).exists()} == set()


def test_what_a_deployer_leaves_behind_is_not_sent() -> None:
    """`pip install .` builds in this folder, and `azd restore` makes an environment in it, named after the folder."""
    left = ("build", "dist", "cosell_sync.egg-info", "cosell-sync_env", ".venv", ".azure")
    assert [name for name in left if not ignored(name)] == []


def test_whatever_is_imported_is_required() -> None:
    """A library that only comes along with another one may stay away with its next release."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    required = {re.split(r"[<>=;\s]", line)[0].replace("-", ".") for line in lines if line and line[0] != "#"}
    required |= {"opentelemetry", "yaml"}  # one namespace of several packages; what PyYAML is imported by
    sources = [path for folder in ("functions", "shared") for path in (ROOT / folder).rglob("*.py")]
    trees = [ast.parse(path.read_text("utf-8")) for path in sources]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    foreign = {name for name in names if name.partition(".")[0] not in OURS | sys.stdlib_module_names}
    loose = {name.replace("_", ".") for name in foreign}
    assert {name for name in loose if not any(f"{name}.".startswith(f"{known}.") for known in required)} == set()


def test_patterns_name_the_root_only() -> None:
    """A bare `cli` or `__pycache__` would leave out that folder of every dependency that is packed along."""
    assert [pattern for pattern in IGNORED if not pattern.startswith("/")] == []


def test_the_hosts_queue_settings_are_those_that_the_product_counts_on() -> None:
    """A failed message rests before its next try, five tries make poison, an idle queue is looked at every 2 s."""
    assert (QUEUES["maxDequeueCount"], QUEUES["messageEncoding"]) == (5, "base64")
    assert QUEUES["maxPollingInterval"] == "00:00:02"
    assert re.fullmatch(r"00:00:[1-5]\d", QUEUES["visibilityTimeout"])
    assert QUEUES["batchSize"] + QUEUES["newBatchThreshold"] <= 16
