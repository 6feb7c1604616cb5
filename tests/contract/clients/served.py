"""A sandbox over TLS in a process of its own, as clients that we did not write meet it."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from azure.core.credentials import AccessToken

from sandbox.dynamics.seed import APPLICATION_CLIENT

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "sandbox", "--tls", "--attached", "--partner-center-port", "0", "--dynamics-port", "0"]


@dataclass(frozen=True)
class Served:
    """`url` is the Dataverse's, `ca` the file by which a client trusts it."""

    url: str
    ca: str
    http: httpx.Client

    def control(self, path: str, body: Any = None, method: str = "POST") -> dict[str, Any]:
        answer = self.http.request(method, f"{self.url}/control/{path}", json=body)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def serving() -> Iterator[Served]:
    """It ends with its standard input."""
    with subprocess.Popen(  # noqa: S603 - this Python, with arguments of ours
        COMMAND, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        with httpx.Client(verify=ssl.create_default_context(cafile=line["ca"]), trust_env=False) as http:
            yield Served(line["dynamics"], line["ca"], http)
        process.communicate(timeout=60)


@dataclass
class Granted:
    """The application's token from the sandbox's own token endpoint, kept as azure-identity keeps one."""

    served: Served
    scopes: set[str] = field(default_factory=set)
    kept: AccessToken | None = None

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes.update(scopes)
        if self.kept is None:
            form = {"grant_type": "client_credentials", "client_id": APPLICATION_CLIENT, "client_secret": "invented"}
            url = f"{self.served.url}/oauth/fabrikam/oauth2/v2.0/token"
            answer = self.served.http.post(url, data={**form, "scope": " ".join(scopes)})
            answer.raise_for_status()
            granted = answer.json()
            self.kept = AccessToken(granted["access_token"], int(time.time()) + granted["expires_in"])
        return self.kept


@dataclass(frozen=True)
class Fixed:
    """One of the sandbox's fixed tokens."""

    token: str

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        del scopes
        return AccessToken(self.token, int(time.time()) + 3600)
