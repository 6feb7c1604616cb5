"""Real answers of both simulators, recorded once a process: what the parsers of remote JSON are fed with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from shared.connectors.dynamics.schema import Schema
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.ports import Snapshot
from tests.contract import dynamics_bench, partner_center_bench
from tests.contract.dynamics_transports import SandboxTransport

DYNAMICS, PARTNER = dynamics_bench.ROOT, partner_center_bench.BASE


class Recorder(SandboxTransport):
    """Keeps every answer by method and path, the last one of each."""

    def __init__(self, app: Any) -> None:
        super().__init__(app=app)
        self.answers: dict[str, bytes] = {}
        self.kinds: dict[str, str] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        body = await response.aread()
        name = f"{request.method} {request.url.raw_path.decode()}"
        self.answers[name], self.kinds[name] = body, response.headers.get("content-type", "")
        return httpx.Response(response.status_code, headers=response.headers, content=body)


@dataclass(frozen=True, kw_only=True)
class OfDynamics:
    """`metadata` has a body for each path; `batch` comes with its content type."""

    schema: Schema
    record: Snapshot
    row: bytes
    page: bytes
    metadata: Mapping[str, bytes]
    batch: bytes
    batch_kind: str
    tables: Mapping[str, bytes] = field(default_factory=dict)


@cache
def dynamics() -> OfDynamics:
    return asyncio.run(_dynamics())


async def _dynamics() -> OfDynamics:
    async with dynamics_bench.open_bench(transport=Recorder) as bench:
        line = bench.transport
        assert isinstance(line, Recorder)
        account = (await bench.account())["accountid"]
        contact = (await bench.contact(account))["contactid"]
        bound = {"parentaccountid@odata.bind": f"/accounts({account})"}
        bound |= {"parentcontactid@odata.bind": f"/contacts({contact})"}
        schema = await bench.gateway.inspect()
        metadata = {name: body for name, body in line.answers.items() if "EntityDefinitions" in name}
        made = await bench.opportunity(**bound)
        record = await bench.gateway.read(made["opportunityid"])
        assert record is not None
        row = _last(line.answers, "GET", "opportunities(")
        _ = [page async for page in bench.gateway.changes(None)]
        page = _last(line.answers, "GET", "opportunities?")
        await dynamics_bench.send(bench, record, {deal.STAGE: Stage.LOST, deal.NOTES: "No budget"})
        name = next(name for name in line.answers if "$batch" in name)
        return OfDynamics(
            schema=schema,
            record=record,
            row=row,
            page=page,
            metadata=metadata,
            batch=line.answers[name],
            batch_kind=line.kinds[name],
        )


@dataclass(frozen=True, kw_only=True)
class OfPartner:
    """A referral, a list that holds it, and a registration."""

    record: Snapshot
    referral: bytes
    page: bytes
    registration: bytes


@cache
def partner() -> OfPartner:
    return asyncio.run(_partner())


async def _partner() -> OfPartner:
    async with partner_center_bench.open_bench() as bench:
        made = await bench.referral("portal")
        record = await bench.gateway.read(made["id"])
        assert record is not None
        await bench.registration.ensure("https://contoso.example.com/api/partner-center/events")
        headers = {"Authorization": "Bearer sandbox-user"}
        page = await bench.client.get(f"{PARTNER}/v1.0/engagements/referrals", headers=headers)
        registration = await bench.client.get(f"{PARTNER}/webhooks/v1/registration", headers=headers)
        return OfPartner(
            record=record,
            referral=json.dumps(await bench.raw(made["id"])).encode(),
            page=page.content,
            registration=registration.content,
        )


def _last(answers: Mapping[str, bytes], method: str, part: str) -> bytes:
    return [body for name, body in answers.items() if name.startswith(method) and part in name][-1]
