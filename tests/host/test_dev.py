"""dev.py: it finds a Python that works, installs once, and starts the right host."""

import os
import sys
from pathlib import Path

import pytest

import dev

ANSWER = "#!/bin/sh\necho {}\nexit {}\n"


def program(folder: Path, name: str, answer: str, code: int = 0) -> Path:
    """Put a program there that answers a probe; the file system decides what it may be called."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(ANSWER.format(answer, code), encoding="utf-8")
    path.chmod(0o755)
    return path


posix = pytest.mark.skipif(os.name == "nt", reason="the stand-ins for interpreters are shell scripts")


def test_the_running_python_is_one_that_works() -> None:
    """The interpreter of this very test can make an environment."""
    assert dev.probe([sys.executable]) == f"{sys.version_info[0]}.{sys.version_info[1]}"


@posix
def test_a_shim_that_fails_is_passed_over(tmp_path: Path) -> None:
    """A name on the PATH that cannot run is no Python; pyenv's own file behind it is."""
    program(tmp_path / "bin", "python3.99", "3.99", code=127)
    real = program(tmp_path / "pyenv" / "versions" / "3.99.1" / "bin", "python", "3.99")
    environment = {"PATH": str(tmp_path / "bin"), "PYENV_ROOT": str(tmp_path / "pyenv")}

    assert dev.find_python(["3.99"], environment) == {"3.99": [str(real)]}


@posix
def test_a_name_that_lies_about_its_version_is_passed_over(tmp_path: Path) -> None:
    """`python3` counts for the version that it really is."""
    found = program(tmp_path / "bin", "python3", "3.98")
    environment = {"PATH": str(tmp_path / "bin"), "PYENV_ROOT": str(tmp_path / "none")}

    assert dev.find_python(["3.99", "3.98"], environment) == {"3.98": [str(found)]}


@posix
def test_the_newest_patch_comes_first(tmp_path: Path) -> None:
    """Of two patch releases in pyenv the higher number wins, not the higher text."""
    for version in ("3.99.9", "3.99.10"):
        program(tmp_path / "pyenv" / "versions" / version / "bin", "python", "3.99")
    environment = {"PATH": str(tmp_path), "PYENV_ROOT": str(tmp_path / "pyenv")}

    ((program_path,),) = dev.find_python(["3.99"], environment).values()
    assert "3.99.10" in program_path


def test_the_embedded_host_is_for_machines_without_core_tools() -> None:
    """`func` runs the app where it is installed, unless `--embedded` declines it."""
    assert dev.host_command(["--port", "1"], "python", None) == ["python", "-m", "sandbox.host", "--port", "1"]
    assert dev.host_command(["--port", "1"], "python", "func") == ["func", "start", "--port", "1"]
    assert dev.host_command(["--embedded"], "python", "func") == ["python", "-m", "sandbox.host"]


def test_without_a_command_it_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """Alone it prints help and succeeds; an unknown command and version are refused."""
    assert dev.main([]) == 0
    assert "python dev.py demo" in capsys.readouterr().out
    assert dev.main(["nonsense"]) == 2
    assert dev.main(["--python", "2.7", "test"]) == 2


def test_every_command_is_in_the_help() -> None:
    """What can be typed can be read."""
    assert dev.__doc__ is not None
    assert [name for name in dev.COMMANDS if f"python dev.py {name}" not in dev.__doc__] == []


def test_a_step_that_fails_shows_its_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What an installer said is kept, shown and named."""
    command = [sys.executable, "-c", "print('the reason'); raise SystemExit(1)"]
    with pytest.raises(dev.DevError, match="the reason"):
        dev.step("trying", command, tmp_path / "step.log")

    assert (tmp_path / "step.log").exists()
    assert "trying: failed after" in capsys.readouterr().out


def test_the_environment_is_installed_once(tmp_path: Path) -> None:
    """The stamp follows the requirements and the Python version, and nothing else."""
    assert dev._fingerprint("3.12") == dev._fingerprint("3.12")
    assert dev._fingerprint("3.12") != dev._fingerprint("3.13")
    assert dev.Environment(tmp_path).stamp.parent == tmp_path
