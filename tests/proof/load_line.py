"""The way from a worker to both systems: how long it takes, and what was answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx

from tests.integration.network import DYNAMICS, PARTNER, Network

TOO_MANY_AT_ONCE = "0x80072326"
LATENCY = {"pc": 0.15, "crm": 0.0}  # seconds; Dataverse's own is the simulator's, where it makes requests concurrent
SYSTEMS = {PARTNER: "pc", DYNAMICS: "crm"}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One 429: when it was answered, what it said, and to whom."""

    at: float
    worker: int
    code: str
    retry_after: float


@dataclass(kw_only=True)
class Traffic:
    """All workers' calls to one system."""

    calls: int = 0
    busy: int = 0
    most: int = 0
    refusals: list[Refusal] = field(default_factory=list)

    def episodes(self, quiet: float) -> list[list[Refusal]]:
        """Refusals that follow one another within so many seconds are one episode."""
        found: list[list[Refusal]] = []
        for refusal in self.refusals:
            if found and refusal.at - found[-1][-1].at <= quiet:
                found[-1].append(refusal)
            else:
                found.append([refusal])
        return found


@dataclass(frozen=True, kw_only=True)
class Line(httpx.AsyncBaseTransport):
    """One worker's transport."""

    network: Network
    worker: int
    traffic: dict[str, Traffic]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        system = SYSTEMS[f"{request.url.scheme}://{request.url.netloc.decode()}"]
        traffic = self.traffic[system]
        traffic.calls += 1
        traffic.busy += 1
        traffic.most = max(traffic.most, traffic.busy)
        try:
            await asyncio.sleep(LATENCY[system])
            response = await self.network.handle_async_request(request)
        finally:
            traffic.busy -= 1
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            traffic.refusals.append(self._refusal(response.headers, await response.aread()))
        return response

    def _refusal(self, headers: httpx.Headers, body: bytes) -> Refusal:
        code = json.loads(body).get("error", {}).get("code", "")
        now = asyncio.get_running_loop().time()
        return Refusal(at=now, worker=self.worker, code=code, retry_after=float(headers["retry-after"]))


def greatest(refusals: Iterable[Refusal]) -> float:
    """The longest wait that was asked for."""
    return max((refusal.retry_after for refusal in refusals), default=0.0)
