"""A vault that remembers its versions, and the sign-in service as MSAL sees it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import requests
from azure.core.exceptions import AzureError

from shared.platform.refresh_token import Kept
from shared.ports import Clock


class FakeVault:
    """Each write is a version; `broken` is raised by what it names, `ambush` written when the token is next read."""

    def __init__(self, clock: Clock, token: str = "rt-1", *, stored: datetime | None = None) -> None:
        self._clock = clock
        self.versions = [Kept(token=token, version="1", written=stored or clock.now())]
        self.broken: dict[str, AzureError] = {}
        self.ambush: list[str] = []
        self.closed = 0

    async def read(self) -> str:
        return (await self.kept()).token

    async def kept(self) -> Kept:
        self._fail("read")
        found = self.versions[-1]
        for token in self.ambush:
            self._add(token)
        self.ambush.clear()
        return found

    async def write(self, token: str) -> None:
        self._fail("write")
        self._add(token)

    def _add(self, token: str) -> None:
        made = Kept(token=token, version=str(len(self.versions) + 1), written=self._clock.now())
        self.versions.append(made)

    def _fail(self, what: str) -> None:
        if what in self.broken:
            raise self.broken[what]

    async def succeed(self, seen: Kept, token: str) -> Kept:
        if (await self.kept()).version == seen.version:
            await self.write(token)
        return await self.kept()

    async def written(self) -> datetime | None:
        return (await self.kept()).written

    async def close(self) -> None:
        self.closed += 1


class Answer:
    """What MSAL looks at in an HTTP answer."""

    def __init__(self, body: dict[str, Any], status: int = 200) -> None:
        self.status_code, self.text, self.headers = status, json.dumps(body), {"Content-Type": "application/json"}

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise requests.HTTPError(self.text)


class SignIn:
    """The sign-in service as MSAL sees it: a discovery document and the token endpoint."""

    def __init__(self, *answers: Answer | Exception, tenant: str = "") -> None:
        self.answers, self._tenant = list(answers), tenant
        self.posts: list[dict[str, Any]] = []

    def get(self, url: str, **_: object) -> Answer:
        base = url.partition("/v2.0")[0]
        return Answer(
            {
                "issuer": f"https://login.microsoftonline.com/{self._tenant}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "tenant_discovery_endpoint": url,
            }
        )

    def post(self, url: str, **request: Any) -> Answer:
        assert url.endswith("/oauth2/v2.0/token")
        self.posts.append(dict(request["data"]))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """MSAL closes what it was given."""
