"""Schemathesis on our routes from the document that we ship, in a process of its own: it is a plug-in of pytest too."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.served import KEY, ROOT

DOCUMENT = ROOT / "docs" / "openapi.json"
CHECKS = (
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "missing_required_header",
    "ignored_auth",
)
SECONDS = 1800
# 409: a valid registration may find another integration's. 422: an entry that is no signal can be named by a valid
# address, and not be replayed.
CONFIG = '[checks.positive_data_acceptance]\nexpected-statuses = ["2xx", "401", "403", "404", "409", "422", "503"]\n'


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How many requests were made and what is wrong with their answers, in its own words."""

    requests: int
    statuses: dict[str, int]
    said: str = ""


def installed() -> bool:
    return importlib.util.find_spec("schemathesis") is not None


async def asked(url: str, *, examples: int = 0, seed: int = 0) -> Asked:
    """Ask every route for what its description suggests, and for so many random `examples`."""
    phases = "examples,coverage,fuzzing" if examples else "examples,coverage"
    with tempfile.TemporaryDirectory(prefix="cosell-routes-") as folder:
        log, config = Path(folder) / "har.json", Path(folder) / "config.toml"
        config.write_text(CONFIG, encoding="utf-8")
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)]
        command += ["run", str(DOCUMENT), "--url", f"{url}/api"]
        command += ["--header", f"x-functions-key: {KEY}", "--checks", ",".join(CHECKS)]
        command += ["--phases", phases, "--max-examples", str(examples or 1), "--seed", str(seed)]
        command += ["--generation-database", "none", "--no-color", "--report", "har", "--report-har-path", str(log)]
        command += ["--continue-on-failure", "--request-timeout", "60"]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        async with asyncio.timeout(SECONDS):
            said, _ = await process.communicate()
        entries = json.loads(log.read_text(encoding="utf-8"))["log"]["entries"] if log.exists() else []
    statuses: dict[str, int] = {}
    for entry in entries:
        name = str(entry["response"]["status"])
        statuses[name] = statuses.get(name, 0) + 1
    words = "" if process.returncode == 0 else said.decode(errors="replace")
    return Asked(requests=len(entries), statuses=dict(sorted(statuses.items())), said=words)
