"""What the samples are made of: an invented deal, and links, signals and parked entries of every shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from shared.domain import deal
from shared.domain.code import Code
from shared.domain.lifecycle import Stage
from shared.domain.link import Base, Carried, Flip, Intent, Link, Purpose, Recorded
from shared.domain.outcome import Kind
from shared.domain.values import Address, Customer, Group, Money, Person, Ref, Side, Solution, Value, digest, digests
from shared.messages import Look, Signal, Why
from shared.ports import ParkedEntry

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PAIR, KEY, PARTNER = "cosell", "0b6c4e0e-opportunity", "9d3b0c62-referral"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
DANA = Person(email="Dana@Fabrikam.example", first_name="Dana", last_name="Rivera", phone="+1 555 0100", title="Seller")
KIM = Person(email="kim@contoso.example")
DEAL: Mapping[str, Value] = {
    deal.NAME: "Contoso migration: Übergang",
    deal.AMOUNT: Money(Decimal("50000.50"), "USD"),
    deal.CLOSING_DATE: date(2026, 11, 30),
    deal.NOTES: "",
    deal.STAGE: Stage.ACTIVE,
    deal.VISIBLE: True,
    deal.HELP: None,
    deal.SOLUTIONS: Group([Solution(id="SOL-1", name="Data platform", type="IP", publisher="Fabrikam")]),
    deal.CONTACTS: Group(),
    deal.TEAM: Group([DANA, KIM]),
    deal.CUSTOMER: Customer(
        name="Contoso",
        address=Address(
            line1="1 Main St", line2="Hall 2", city="Redmond", state="WA", postal_code="98052", country="US"
        ),
        size="251to1000employees",
    ),
}
ROW: Mapping[str, Value] = {**DEAL, deal.STAGE: Stage.HOLD, deal.AMOUNT: Money(None, None), deal.TEAM: Group([DANA])}
SHOWN = {Side.PARTNER: digests(DEAL, KEY), Side.CRM: digests(ROW, KEY)}
BASE = {
    Side.PARTNER: Base(version='"1f00-0000"', shown=SHOWN[Side.PARTNER]),
    Side.CRM: Base(version='W/"4711"', shown=SHOWN[Side.CRM], marked=True),
}
DONE = Recorded(kind=Kind.DONE, reason="both sides agree", at=NOW, code=Code.IN_STEP)
CARRIED = Carried(at=NOW, ms=2_345, to=(Side.CRM, Side.PARTNER))
LINKED = Link(pair=PAIR, key=KEY, partner=PARTNER, base=BASE, outcome=DONE, carried=CARRIED, engagement="e-1")
ACCOUNT, CONTACT = Ref("account", "a-1"), Ref("contact", "c-1")


def intent(number: int, purpose: Purpose, *, to: tuple[Side, ...] = tuple(Side), passed: bool = False) -> Intent:
    """An intent that began just now and will show what is shown."""
    return Intent(
        id=f"intent-{number}",
        purpose=purpose,
        started=NOW,
        expires=NOW + timedelta(seconds=150),
        seen=BASE,
        will={side: {deal.NOTES: digest("moved", KEY), deal.TEAM: SHOWN[side][deal.TEAM]} for side in to},
        passed=passed,
    )


def said(kind: Kind, reason: str) -> Recorded:
    return Recorded(kind=kind, reason=reason, at=NOW)


WRITE, CREATE, INVITE = (intent(n, purpose) for n, purpose in enumerate(Purpose))
LEAD = Ref("lead", "1e4d0000-lead")
LATER = NOW + timedelta(minutes=15)
FLIPS = tuple(
    Flip(field=deal.VISIBLE, side=side, digest=digest(value, KEY), at=NOW + timedelta(seconds=n))
    for n, (side, value) in enumerate([(Side.CRM, True), (Side.PARTNER, False), (Side.CRM, True)])
)
LINKS: Mapping[str, Link] = {
    "fresh": Link(pair=PAIR, key=KEY, outcome=said(Kind.LEFT, "it does not exist in Dynamics 365")),
    "in step": LINKED,
    "write open": replace(LINKED, intents=(WRITE,)),
    "write passed": replace(LINKED, intents=(intent(7, Purpose.WRITE, to=(Side.CRM,), passed=True),)),
    "create open": Link(pair=PAIR, key=KEY, partner=PARTNER, engagement="e-1", intents=(replace(CREATE, seen={}),)),
    "referral being created": Link(pair=PAIR, key=KEY, intents=(intent(8, Purpose.CREATE, to=(Side.PARTNER,)),)),
    "invitation open": replace(LINKED, intents=(INVITE,)),
    "four intents": replace(LINKED, intents=(WRITE, CREATE, INVITE, intent(3, Purpose.WRITE))),
    "invited": replace(LINKED, invited="c2b0-microsoft"),
    "row gone": replace(LINKED, gone=Side.CRM, outcome=said(Kind.LEFT, "Its record in Dynamics 365 is gone")),
    "referral gone": replace(LINKED, gone=Side.PARTNER),
    "owed": replace(LINKED, owed=("DRY_RUN is on",), owed_under="ab12", outcome=said(Kind.OWED, "DRY_RUN is on")),
    "waiting": replace(
        Link(pair=PAIR, key=KEY),
        waiting=(ACCOUNT, CONTACT),
        wake_at=LATER,
        tries=3,
        outcome=said(Kind.WAITING, "choose the account"),
    ),
    "delayed": replace(LINKED, wake_at=LATER, outcome=said(Kind.DELAYED, "no answer")),
    "parked": replace(LINKED, flips=FLIPS, outcome=said(Kind.PARKED, "a field was turned back and forth")),
    "detached": replace(LINKED, detached=True),
    "freed": Link(pair=PAIR, key=KEY, detached=True),
    "unsaid": replace(LINKED, unsaid=("Notes: Ü became “b”.", "Second.")),
    "one side only": Link(pair=PAIR, key=KEY, base={Side.CRM: BASE[Side.CRM]}),
    "long": replace(LINKED, unsaid=("u" * 33_000,)),
    "a lead": replace(LINKED, kind="lead"),
    "a lead that we qualified": replace(LINKED, kind="lead", grown="intent-0"),
    "a lead that went on": replace(LINKED, kind="lead", partner=None, moved="0b6c4e0e-next"),
    "a lead's deal being made": Link(pair=PAIR, key=KEY, partner=PARTNER, engagement="e-1", origin=LEAD),
    "a lead's deal": replace(LINKED, origin=LEAD),
}
OVER = {  # stored over another one, whose pieces, pointers or intents have to go
    "shrunk": (LINKS["long"], LINKED),
    "of another referral": (LINKED, replace(LINKED, partner="another-referral")),
    "no longer waiting": (LINKS["waiting"], replace(LINKED, waiting=(CONTACT,))),
}

FULL = Signal(
    pair=PAIR,
    look=Look.REFERRAL,
    side=Side.PARTNER,
    kind="referral",
    id=PARTNER,
    why=Why.EVENT,
    tries=4,
    first_sent=NOW,
    due=NOW + timedelta(seconds=2),
    trace=TRACE,
)
ROW_SIGNAL = FULL.model_copy(update={"side": Side.CRM, "kind": "opportunity", "id": KEY, "look": Look.OPPORTUNITY})
SIGNALS: Mapping[str, Signal] = {
    "full": FULL,
    "least": Signal(look=Look.OPPORTUNITY, side=Side.CRM, kind="opportunity", id=KEY, trace=TRACE),
    **{f"look {look.name.lower()}": ROW_SIGNAL.model_copy(update={"look": look}) for look in Look},
    **{f"why {why}": ROW_SIGNAL.model_copy(update={"why": why}) for why in Why},
    "beside a deal": ROW_SIGNAL.model_copy(update={"kind": "account", "id": "a-1"}),
    "second chance": FULL.model_copy(update={"second_chance": True}),
}
PARKED: Mapping[str, ParkedEntry] = {
    "a signal": ParkedEntry(
        pair=PAIR,
        ref=Ref("referral", PARTNER),
        side=Side.PARTNER,
        reason="two accounts are called “Contoso”",
        advice="Merge them, then replay",
        body=FULL.encoded(),
        at=NOW,
    ),
    "unreadable": ParkedEntry(
        pair=PAIR,
        ref=Ref("unreadable", "0123456789abcdef"),
        side=Side.CRM,
        reason="not a signal",
        advice="",
        body="{\ufffd",
        at=NOW,
    ),
    "long": ParkedEntry(
        pair=PAIR, ref=Ref("opportunity", "o/odd #1"), side=Side.CRM, reason="r" * 17_000, advice="a", body="{}", at=NOW
    ),
}
