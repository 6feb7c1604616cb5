"""The scan for secrets finds what it must find, says nothing of it, and finds nothing here."""

from __future__ import annotations

import base64
import random
import string
import subprocess
from pathlib import Path

import pytest

import dev
from tests.security import scan

RANDOM = random.Random(7)  # noqa: S311 - invented keys, made up at run time so that none stands in a file


def letters(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(RANDOM.choice(alphabet) for _ in range(count))


def encoded(count: int) -> str:
    return base64.b64encode(RANDOM.randbytes(count)).decode()


PLANTED = {
    "a storage account's key": ("settings.json", '"X": "AccountName=contoso;AccountKey=' + encoded(64) + '"'),
    "a marked storage key": ("a.py", "key = '" + letters(76) + "+A" + "St" + letters(5) + "A=='"),
    "an application's secret": ("b.md", "use " + letters(3) + "8" + "Q~" + letters(34) + " for it"),
    "a function's key": ("c.yml", "code: " + letters(44) + "Az" + "Fu" + letters(5) + "A=="),
    "a shared access signature": ("d.txt", "https://contoso.queue.core.windows.net/x?sv=1&si" + "g=" + encoded(32)),
    "a token": ("e.py", 'x = "' + "eyJ" + "hbGciOiJub25lIn0." + "eyJ" + "hIjoxfQ." + letters(43) + '"'),
    "a private key": ("f.pem", "-----BEGIN " + "RSA PRIVATE KEY-----\n" + encoded(48) + "\n"),
    "a password in an address": ("g.py", "url = 'https://kim:" + letters(12) + "@contoso.test'"),
    "a password by its name": ("h.bicep", "  adminPassword: '" + letters(14) + "'"),
    "a client secret by its name": ("local.settings.json", '"PARTNER_CENTER_CLIENT_SECRET": "' + letters(20) + '"'),
    "a key of another cloud": ("i.py", "x = 'AK" + "IA" + letters(16, string.ascii_uppercase + string.digits) + "'"),
    "a token of GitHub": ("j.py", "x = 'gh" + "p_" + letters(36) + "'"),
    "letters without a pattern": ("k.py", "x = '" + encoded(48) + "'"),
}


def planted(folder: Path, name: str, text: str) -> list[scan.Find]:
    (folder / name).write_text(text + "\n", encoding="utf-8")
    return scan.scan(folder)


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_secret_is_found(what: str, tmp_path: Path) -> None:
    """Each kind of secret that this product's users have is found in a file of its own, where it stands."""
    name, text = PLANTED[what]
    found = planted(tmp_path, name, text)
    assert {(find.file, find.line == 1 + text.startswith("---")) for find in found} == {(name, True)}


@pytest.mark.parametrize(
    "what", ["a marked storage key", "an application's secret", "a function's key", "a shared access signature"]
)
def test_azures_secrets_are_known_by_their_marks(what: str, tmp_path: Path) -> None:
    """They are found for what they are, not only because their letters look random."""
    assert "Azure secret" in {find.kind for find in planted(tmp_path, *PLANTED[what])}


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_found_is_not_repeated(what: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The scan fails and names the place; its output, which a workflow shows to everybody, has no secret in it."""
    name, text = PLANTED[what]
    planted(tmp_path, name, text)
    assert scan.main([str(tmp_path)]) == 1
    said = capfd.readouterr().out
    assert said.startswith(f"{name}:")
    assert not any(text[at : at + 12] in said for at in range(len(text) - 12))


def test_git_decides_what_belongs_to_a_project(tmp_path: Path) -> None:
    """In a repository a file counts before it is added, and one that is ignored does not."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)  # noqa: S603, S607 - git as found here
    (tmp_path / ".gitignore").write_text("ignored.py\n", encoding="utf-8")
    _, text = PLANTED["a function's key"]
    assert planted(tmp_path, "ignored.py", text) == []
    assert {find.file for find in planted(tmp_path, "new.py", text)} == {"new.py"}


@pytest.mark.parametrize(
    "line",
    [
        "x = os.environ['PARTNER_CENTER_CLIENT_SECRET']",
        '"DATAVERSE_CLIENT_SECRET": "<from your app registration>"',
        "sha = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'",
        "id = '3f0c1d9e-5a51-4f0e-9a5a-1c2d3e4f5a6b'",
        "https://contoso.vault.azure.net/secrets/partner-center-refresh-token",
    ],
)
def test_what_is_no_secret_is_let_be(line: str, tmp_path: Path) -> None:
    """Names of secrets, places to fill in, digests and ids are no finds: a scan that cries wolf is switched off."""
    assert planted(tmp_path, "a.md", line) == []


def test_each_allowance_is_needed_and_says_why() -> None:
    """The project holds no secret, and every fingerprint that is let through is of something that is here."""
    found = {find.fingerprint for find in scan.scan(scan.ROOT, allowed={})}
    assert found == set(scan.ALLOWED)
    assert all(scan.ALLOWED.values())


def test_the_scan_is_part_of_the_test_command() -> None:
    """`dev.py test` runs it after the layers, and fails with it."""
    checks = dev.checks(dev.Environment(Path("x")))
    assert list(checks)[-2:] == ["import-linter", "secret scan"]
    assert checks["secret scan"][1:] == ["-m", "tests.security.scan"]
