"""The one door to the project for developers: makes what is missing, then does what is asked.

    python dev.py demo [--keep]        play the product's scenarios on this machine
    python dev.py test [pytest args]   lint, format, types, layers, secrets, then the whole suite with coverage
    python dev.py pytest [args]        the suite alone, or part of it
    python dev.py prove [--runs 20000] play what goes wrong, and count what was lost, doubled or diverged
    python dev.py cosell [args]        the administrator's tool, as `cosell` where it is installed
    python dev.py host [--port 7071] [--embedded] [host args]
    python dev.py sandbox [args]       Partner Center and Dataverse as local servers
    python dev.py azurite [args]       Azure Storage as a local server
    python dev.py environment          only make the virtual environment
    python dev.py pythons              list the versions that really run here, newest first

`--python 3.12`, before the command, insists on a version; COSELL_VENV names another folder than .venv.
Needs nothing but the standard library, of any Python from 3.9 on; the project itself runs on 3.11 to 3.13.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VERSIONS = ("3.13", "3.12", "3.11")
REQUIREMENTS = ("requirements.txt", "requirements-cli.txt", "requirements-dev.txt")
WINDOWS = os.name == "nt"

# A shim, an alias of an app store or a Python without venv answers `--version` well and fails at this.
PROBE = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
# An environment whose making was interrupted has no pip.
PROBE_MADE = PROBE.replace("ensurepip", "pip")

Command = list[str]


class DevError(Exception):
    """Something that the developer has to know; printed without a traceback."""


# --- which Python -----------------------------------------------------------------------------------------------------


def candidates(version: str, environment: Mapping[str, str]) -> Iterator[Command]:
    """Every way in which this version might be called here."""
    yield [sys.executable]
    path = environment.get("PATH")
    for name in ("python" + version, "python3", "python"):
        found = shutil.which(name, path=path)
        if found:
            yield [found]
    if WINDOWS and shutil.which("py", path=path):
        yield ["py", "-" + version]
    for program in _pyenv(version, environment):
        yield [str(program)]


def _pyenv(version: str, environment: Mapping[str, str]) -> Iterable[Path]:
    """The interpreters themselves: pyenv's shims fail for versions that are installed and not chosen."""
    root = Path(environment.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [*root.glob("versions/" + version + ".*"), *root.glob("pyenv-win/versions/" + version + ".*")]
    for folder in sorted(folders, key=_patch, reverse=True):
        program = folder / "python.exe" if WINDOWS else folder / "bin" / "python"
        if program.is_file():
            yield program


def _patch(folder: Path) -> int:
    return int("0" + "".join(filter(str.isdigit, folder.name.rpartition(".")[2])))


def probe(command: Command, code: str = PROBE) -> str | None:
    """Give the version of a Python that can do what the code asks, or nothing."""
    try:
        done = subprocess.run(
            [*command, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None


def find_python(versions: Sequence[str], environment: Mapping[str, str]) -> dict[str, Command]:
    """Give a command for each of these versions that really runs, in the same order."""
    found: dict[str, Command] = {}
    answers: dict[str, str | None] = {}
    for version in versions:
        for command in candidates(version, environment):
            name = " ".join(command)
            if name not in answers:
                answers[name] = probe(command)
            if answers[name] == version:
                found[version] = command
                break
    return found


# --- the environment --------------------------------------------------------------------------------------------------


class Environment:
    """A virtual environment with the project's requirements in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / ("Scripts" if WINDOWS else "bin")
        self.python = self.bin / ("python.exe" if WINDOWS else "python")
        self.stamp = folder / "cosell-stamp"

    def make(self, wanted: str | None) -> None:
        """Make or mend it; does nothing when it is as it should be."""
        version = probe([str(self.python)], PROBE_MADE) if self.python.exists() else None
        if version not in ([wanted] if wanted else VERSIONS):
            version = self._create(wanted)
        fingerprint = _fingerprint(version)
        if self.stamp.exists() and self.stamp.read_text(encoding="utf-8") == fingerprint:
            return
        install = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
        step("installing the requirements", [*install, "-r", "requirements-dev.txt"], self.folder / "install.log")
        self.stamp.write_text(fingerprint, encoding="utf-8")

    def _create(self, wanted: str | None) -> str:
        found = find_python([wanted] if wanted else VERSIONS, os.environ)
        if not found:
            raise DevError("no Python {} that can make an environment was found here".format(wanted or "3.11 to 3.13"))
        version, command = next(iter(found.items()))
        if self.folder.exists():
            shutil.rmtree(str(self.folder))
        title = f"making {self.folder.name} with Python {version}"
        step(title, [*command, "-m", "venv", str(self.folder)], ROOT / (self.folder.name + ".log"))
        return version

    def variables(self) -> dict[str, str]:
        """What an activated environment looks like to the programs started in it."""
        path = str(self.bin) + os.pathsep + os.environ.get("PATH", "")
        return {**os.environ, "VIRTUAL_ENV": str(self.folder), "PATH": path}


def _fingerprint(version: str | None) -> str:
    digest = hashlib.sha256(str(version).encode())
    for name in REQUIREMENTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


# --- running things ---------------------------------------------------------------------------------------------------


def step(title: str, command: Command, log: Path) -> None:
    """Run something slow, in one line with its time; what it says is shown only when it fails."""
    start = time.monotonic()
    live = sys.stdout.isatty()
    print(f"  {title} ...", end="" if live else "\n", flush=True)
    with (
        log.open("wb") as sink,
        subprocess.Popen(command, cwd=str(ROOT), stdout=sink, stderr=sink, stdin=subprocess.DEVNULL) as process,
    ):
        while process.poll() is None:
            time.sleep(0.1)
            if live:
                print(f"\r  {title} ... {time.monotonic() - start:.0f} s", end="", flush=True)
    seconds = time.monotonic() - start
    done = "failed after" if process.returncode else "done in"
    print("{}  {}: {} {:.1f} s".format("\r" if live else "", title, done, seconds), flush=True)
    if process.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]
        raise DevError("\n".join([*tail, f"(all of it is in {log})"]))
    log.unlink(missing_ok=True)  # another process may have done the same step beside us


def run(command: Command, environment: Environment) -> int:
    """Run something to its end as if it were this program: same terminal, same signals, same exit code."""
    sys.stdout.flush()
    os.chdir(str(ROOT))
    if not WINDOWS:
        os.execve(command[0], command, environment.variables())  # noqa: S606 — no shell is wanted
    process = subprocess.Popen(command, env=environment.variables())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the console told the child as well; let it clean up
            continue


def check(title: str, command: Command, environment: Environment) -> bool:
    """Run a quick check; its findings are shown only when there are any."""
    start = time.monotonic()
    done = subprocess.run(
        command,
        cwd=str(ROOT),
        env=environment.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    passed = done.returncode == 0
    print("  {}: {} ({:.1f} s)".format(title, "ok" if passed else "FAILED", time.monotonic() - start), flush=True)
    if not passed:
        print(done.stdout.decode(errors="replace"), flush=True)
    return passed


# --- the commands -----------------------------------------------------------------------------------------------------


# What comes from npm: the folder in .tools, and a package that is in it when it is whole.
NPM = {
    "azurite": "azurite",
    "clients": "dynamics-web-api",
    "kusto": "@kusto/language-service-next",
    "axe": "axe-core",
}


def ready(wanted: str | None, *, npm: Iterable[str] = ()) -> Environment:
    environment = Environment(ROOT / os.environ.get("COSELL_VENV", ".venv"))
    environment.make(wanted)
    missing = [name for name in npm if not list((ROOT / ".tools" / name).glob("*/node_modules/" + NPM[name]))]
    if missing:
        command = [str(environment.python), "-m", "sandbox.host.packages", *missing]
        step("installing {} from npm".format(" and ".join(missing)), command, environment.folder / "npm.log")
    return environment


def checks(environment: Environment) -> dict[str, Command]:
    """What is looked at before the tests, in order."""
    python = str(environment.python)
    return {
        "ruff check": [python, "-m", "ruff", "check", "."],
        "ruff format": [python, "-m", "ruff", "format", "--check", "."],
        "mypy": [python, "-m", "mypy"],
        "import-linter": [str(environment.bin / ("lint-imports.exe" if WINDOWS else "lint-imports"))],
        "secret scan": [python, "-m", "tests.security.scan"],
    }


def test(wanted: str | None, arguments: Sequence[str]) -> int:
    environment = ready(wanted, npm=NPM)
    failed = [title for title, command in checks(environment).items() if not check(title, command, environment)]
    if failed:
        print("  failed before the tests: {}".format(", ".join(failed)), flush=True)
    workers = ["-n", str(min(4, os.cpu_count() or 1)), "--dist", "loadfile"]
    command = [str(environment.python), "-m", "pytest", "--cov", "--cov-report=term", *workers, *arguments]
    # Each worker collects by itself, and the order of a set must not tell them apart.
    variables = {**environment.variables(), "PYTHONHASHSEED": "0"}
    # pytest prints last: its summary is what one looks for.
    return subprocess.call(command, cwd=str(ROOT), env=variables) or bool(failed)


def module(name: str, *, npm: Iterable[str] = ()) -> Callable[[str | None, Sequence[str]], int]:
    def command(wanted: str | None, arguments: Sequence[str]) -> int:
        environment = ready(wanted, npm=npm)
        return run([str(environment.python), "-m", name, *arguments], environment)

    return command


def host(wanted: str | None, arguments: Sequence[str]) -> int:
    environment = ready(wanted)
    return run(host_command(arguments, str(environment.python), shutil.which("func")), environment)


def host_command(arguments: Sequence[str], python: str, func: str | None) -> Command:
    """Azure Functions Core Tools where they are installed and not declined, else the embedded host."""
    rest = [each for each in arguments if each != "--embedded"]
    if func and len(rest) == len(arguments):
        return [func, "start", *rest]
    return [python, "-m", "sandbox.host", *rest]


def make_environment(wanted: str | None, arguments: Sequence[str]) -> int:
    print(f"  {ready(wanted, npm=NPM if arguments else ()).python} is ready")
    return 0


def pythons(wanted: str | None, arguments: Sequence[str]) -> int:
    del arguments
    for version in find_python([wanted] if wanted else VERSIONS, os.environ):
        print(version)
    return 0


COMMANDS: dict[str, Callable[[str | None, Sequence[str]], int]] = {
    "demo": module("sandbox.demo", npm=["azurite"]),
    "test": test,
    "pytest": module("pytest", npm=NPM),
    "prove": module("tests.proof", npm=["azurite"]),
    "cosell": module("cli"),
    "host": host,
    "sandbox": module("sandbox"),
    "azurite": module("sandbox.host.azurite"),
    "environment": make_environment,
    "pythons": pythons,
}


def main(arguments: Sequence[str]) -> int:
    rest = list(arguments)
    wanted = None
    if rest[:1] == ["--python"]:
        wanted, rest = (rest[1] if len(rest) > 1 else ""), rest[2:]
        if wanted not in VERSIONS:
            print("--python is one of {}, not {!r}".format(", ".join(VERSIONS), wanted))
            return 2
    name = rest[0] if rest else "--help"
    if name not in COMMANDS:
        print(__doc__)
        return 0 if name in ("-h", "--help", "help") else 2
    try:
        return int(COMMANDS[name](wanted, rest[1:]))
    except DevError as error:
        print(error)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
