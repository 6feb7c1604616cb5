"""What happens to a record that was read: it is compared, told and written to the other side."""

from __future__ import annotations

from dataclasses import replace

from shared.connectors.answers import encoded
from shared.connectors.dynamics import Config
from shared.connectors.dynamics.writing import Currency, Trace, Writer
from shared.connectors.partner_center.creating import new_deal
from shared.connectors.partner_center.patching import operations
from shared.connectors.partner_center.wire import Referral
from shared.domain import deal
from shared.domain.values import digests
from shared.ports import Mark, Note, Snapshot
from tests.contract import dynamics_bench
from tests.fakes.store import START
from tests.fuzz import recorded

EURO = Currency(id="11111111-2222-4333-8444-555555555555", code="EUR", precision=2)


def compared(record: Snapshot) -> None:
    """The core keeps digests, and puts values into sentences."""
    digests(record.values, "11111111-2222-4333-8444-555555555555")
    for value in record.values.values():
        str(value).encode()


def to_dynamics(record: Snapshot) -> None:
    """The columns that the other side would be sent, and the line in its Audit."""
    writer = Writer(config=Config(url=dynamics_bench.BASE), schema=recorded.dynamics().schema, now=START, currency=EURO)
    note = Note(line=", ".join(map(str, record.values.values())), mark=Mark.CHECK)
    body = writer.body(record.values, Trace(marker="m", counterpart=record.ref.id, link=record.link, note=note))
    encoded(body).encode()


def to_partner(record: Snapshot) -> None:
    """A new referral of these values, and a patch of one that says something else."""
    draft = replace(dynamics_bench.new_draft(), values=record.values, id="")
    encoded(new_deal(draft)).encode()
    native = recorded.partner().record.native
    assert isinstance(native, Referral)
    values = {name: value for name, value in record.values.items() if name not in (deal.CUSTOMER, deal.HELP)}
    encoded(operations(native, values, marker="m", counterpart=record.ref.id)).encode()
