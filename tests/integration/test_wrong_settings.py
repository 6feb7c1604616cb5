"""Wrong settings: named by health, nothing parked, everything done once they are right."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.people import Json
from shared.domain.outcome import Kind
from shared.domain.values import Side
from shared.errors import BadMessage
from shared.messages import Look, Signal
from tests.integration.bench import Bench

MINUTE = timedelta(minutes=1)

WRONG_COLUMNS = {
    "DEAL_VALUE_FIELD": "new_dealvalue",
    "DEAL_CURRENCY_FIELD": "new_currency",
    "COUNTRY_CODE_FIELD": "new_country",
    "DATAVERSE_PREFIX": "fabrikam",
}


@pytest.mark.parametrize("setting", WRONG_COLUMNS)
async def test_a_column_that_does_not_exist_is_named_by_health_and_nothing_is_parked(
    bench: Bench, setting: str
) -> None:
    """Health says which setting and what it may be; signals wait with a delay and are worked on once it is right."""
    right = {name: bench.base.get(name, "") for name in WRONG_COLUMNS}
    bench.configure(**{setting: WRONG_COLUMNS[setting]})
    health = await bench.app.health()
    detail = str(health.body["checks"]["dynamics_columns"]["detail"])  # type: ignore[index]  # JSON of the answer
    assert (health.status, setting in detail, WRONG_COLUMNS[setting] in detail) == (503, True, True)
    await bench.people.referral("portal")
    await bench.delivered()
    bench.clock.advance(3)
    taken = bench.signals.take()
    assert taken is not None
    await bench.app.run(taken.body)
    assert (await bench.people.opportunities(), bench.parked.entries) == ([], {})
    assert bench.telemetry.outcomes[-1].outcome.kind is Kind.DELAYED
    bench.configure(**right)
    await bench.settle()

    assert (await bench.row())["name"] == "✓ Contoso factory analytics"


async def test_a_wrong_setting_lets_webhooks_in_and_delays_their_signals(bench: Bench) -> None:
    """Health names it; events are taken; signals go round; once it is right the deal is there."""
    bench.configure(CONFLICT_WINNER="nobody", DRY_RUN="perhaps")
    health = await bench.app.health()
    named: list[Json] = health.body["settings"]  # type: ignore[assignment]  # JSON of the answer
    assert (health.status, [one["setting"] for one in named]) == (503, ["CONFLICT_WINNER", "DRY_RUN"])
    await bench.people.referral("portal")
    await bench.settle(within=MINUTE)
    assert (bench.refused, await bench.people.opportunities(), bench.parked.entries) == ([], [], {})
    assert len(bench.signals.heap) == 1
    bench.configure(CONFLICT_WINNER="dynamics", DRY_RUN="false")
    await bench.settle()

    assert (await bench.row())["name"] == "✓ Contoso factory analytics"


async def test_a_signal_of_another_pair_is_a_bad_message(bench: Bench) -> None:
    """Only this installation's pair is worked on."""
    signal = Signal(pair="other", look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id="1")
    with pytest.raises(BadMessage, match='no pair is called "other"'):
        await bench.app.run(signal.encoded().encode())
