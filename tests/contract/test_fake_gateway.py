"""The in-memory fake obeys the laws of the gateways it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.link import Purpose
from shared.domain.values import Ref, Side, Value, frozen
from shared.errors import AccessLost, Remote, Throttled, Unavailable
from shared.ports import Draft
from tests.contract.gateway_laws import GatewayLaws
from tests.fakes.gateway import FakeGateway, whole_deal
from tests.fakes.store import FakeClock


@dataclass
class FakeBench:
    """People and faults on the other end of the fake."""

    gateway: FakeGateway
    carries_marker: bool

    async def make(self) -> str:
        return self.gateway.make()

    async def edit(self, ident: str, values: dict[str, Value]) -> None:
        self.gateway.edit(ident, **values)

    async def close(self, ident: str) -> None:
        self.gateway.edit(ident, **{deal.STAGE: Stage.LOST})

    async def draft(self) -> Draft:
        partner = self.gateway.side is Side.PARTNER
        values = frozen(whole_deal(**{deal.STAGE: Stage.OPEN if partner else Stage.ACTIVE}))
        chosen, source = ("", Ref("opportunity", "o-1")) if partner else ("chosen", Ref("referral", "r-1"))
        return Draft(purpose=Purpose.CREATE, id=chosen, source=source, values=values, marker="m")

    async def fault(self, status: int, retry_after: int | None = None, *, method: str = "GET", times: int = 20) -> None:
        remote = Remote(system=self.gateway.title, status=status)
        errors = {429: Throttled(remote, retry_after=retry_after), 500: Unavailable(remote), 401: AccessLost(remote)}
        call = f"{self.gateway.side}.{'read' if method == 'GET' else 'write'}"

        async def hook(name: str) -> None:
            nonlocal times
            if name == call and times > 0:
                times -= 1
                raise errors[status]

        self.gateway.hook = hook

    def advance(self, seconds: float) -> None:
        self.gateway.clock.advance(seconds)


class TestFakeGateway(GatewayLaws):
    """The laws, for both sides and for a server that drops markers."""

    @pytest.fixture(params=[(Side.PARTNER, True), (Side.PARTNER, False), (Side.CRM, True)], ids=str)
    def bench(self, request: pytest.FixtureRequest) -> FakeBench:
        side, carries = request.param
        clock = FakeClock(datetime.now(UTC))
        return FakeBench(FakeGateway(side, clock, carries_marker=carries), carries)
