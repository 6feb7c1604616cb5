"""Looks for secrets in every file of the project: `python -m tests.security.scan [folder]`.

Names file, line and kind of each find, never the find itself. What may stay is in `ALLOWED`, by its fingerprint, with
the reason; a line may say `pragma: allowlist secret` for itself.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).parents[2]
OURS = Path(__file__).with_name("azure_secrets.py").as_uri()
EVERYWHERE = (
    *("AzureStorageKeyDetector", "JwtTokenDetector", "PrivateKeyDetector", "BasicAuthDetector"),
    *("GitHubTokenDetector", "AWSKeyDetector", "NpmDetector"),
)
# A word like "secret" beside a value: in Python the linter looks for that (S105 to S107), with invented ones in tests.
BY_NAME = "KeywordDetector"
FILTERS = ("allowlist.is_line_allowlisted", "heuristic.is_templated_secret")
LOCKED = frozenset({"package-lock.json"})  # fingerprints of packages, hundreds of them
NOT_OURS = frozenset({".git", ".tools", "node_modules", "__pycache__"})
ALLOWED: Mapping[str, str] = MappingProxyType(
    {
        "5562108a852474a7": "the storage emulator's key, a public constant",
        "0011cc25eb432071": "the same without its quotation marks",
        "7f160887c9d9b424": "a sentence that says that the token of a sample is invented",
        "d74ff0ee8da3b980": "the word pass in the address of a test",
        "dc8331bcb2283e89": "the word hush in the address of a test",
        "eb21a7614fbe3cfe": "the same with a number",
        "8d5eaefd192d52f9": "the name under which the refresh token lies in its vault",
        "10fd874b68dad080": "the word write, which a workflow may say of its id-token",
    }
)


@dataclass(frozen=True, kw_only=True, order=True)
class Find:
    file: str
    line: int
    kind: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind} ({self.fingerprint})"


def files(folder: Path) -> Iterator[Path]:
    """What belongs to the project: as git sees it, or without git everything that no tool has made."""
    asked = ["git", "-C", str(folder), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, capture_output=True, check=False)  # noqa: S603 - a command of ours
    if listed.returncode == 0:
        named = (folder / name for name in listed.stdout.decode().split("\0") if name)
        yield from (path for path in named if path.is_file())
        return
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part in NOT_OURS or part.startswith(".venv") for part in parts):
            yield path


def scan(folder: Path, allowed: Mapping[str, str] = ALLOWED) -> list[Find]:
    """Every find that is not allowed, in order."""
    every = [path for path in files(folder) if path.name not in LOCKED]
    texts = [path for path in every if path.suffix != ".py"]
    found = {*_found(folder, every, EVERYWHERE), *_found(folder, texts, (BY_NAME,))}
    return sorted(find for find in found if find.fingerprint not in allowed)


def _found(folder: Path, paths: Sequence[Path], plugins: Sequence[str]) -> Iterator[Find]:
    with transient_settings(_settings(plugins)):
        for path in paths:
            for secret in scan_file(str(path)):
                text = (secret.secret_value or secret.secret_hash).encode()
                mark = hashlib.sha256(text).hexdigest()[:16]
                name = path.relative_to(folder).as_posix()
                yield Find(file=name, line=secret.line_number, kind=secret.type, fingerprint=mark)


def _settings(plugins: Sequence[str]) -> dict[str, Any]:
    """Nothing is asked of any service whether a find is good: the scan runs offline."""
    used: list[dict[str, Any]] = [{"name": name} for name in plugins]
    if BY_NAME not in plugins:
        used += [{"name": "AzureSecret", "path": OURS}, {"name": "Base64HighEntropyString", "limit": 4.5}]
    filters = [{"path": f"detect_secrets.filters.{name}"} for name in FILTERS]
    return {"plugins_used": used, "filters_used": filters}


def main(arguments: Sequence[str]) -> int:
    found = scan(Path(arguments[0]) if arguments else ROOT)
    sys.stdout.write("".join(f"{find}\n" for find in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
