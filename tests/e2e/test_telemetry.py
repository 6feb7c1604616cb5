"""What Application Insights is sent: everything about a change, from webhook to both systems, and nobody's data."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from string import ascii_lowercase

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sandbox.people import Json, People
from sandbox.stack import Ground, ground, hosted
from shared.messages import Look
from shared.platform.telemetry_names import DEPENDENCY, EVENTS, METRICS, OUTCOME_FIELDS
from tests.e2e.ingestion import Ingestion, Row, ingestion

DEALS = 6
LETTERS = st.characters(categories=["Lu", "Ll"], include_characters="'-\"")
NAME = st.text(LETTERS, min_size=9, max_size=24).filter(lambda text: text.strip("'-\"") == text and not text.isascii())
PLAIN = st.text(ascii_lowercase, min_size=9, max_size=20)
PHONE = st.from_regex(r"\+1 425 555 01[0-9]{2} ext [0-9]{4}", fullmatch=True)
# What the exporter puts beside the fields of a log record.
ADDED = frozenset({"logger_name"})


@dataclass(frozen=True)
class Made:
    """An invented person with a deal, of whom nothing may be in telemetry."""

    first: str
    last: str
    mail: str
    company: str
    notes: str
    phone: str

    @property
    def member(self) -> Json:
        return {"firstName": self.first, "lastName": self.last, "email": self.mail, "phoneNumber": self.phone}


def invented(count: int) -> list[Made]:
    """People that hypothesis makes up, other ones each time."""
    found: list[Made] = []
    mail = PLAIN.map(lambda name: f"{name}@example.com")

    @settings(max_examples=count, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.builds(Made, NAME, NAME, mail, NAME, NAME, PHONE))
    def make(one: Made) -> None:
        found.append(one)

    make()
    return found


async def lived(people: People, one: Made) -> str:
    """A deal from Partner Center, edited on both sides at once; then one from the CRM that lacks a country.

    Gives the account to mend.
    """
    customer = {"name": one.company, "address": {"postalCode": "98004", "country": "US"}, "team": [one.member]}
    values = {"name": one.company, "customerProfile": customer, "team": [one.member], "details": {"notes": one.notes}}
    made = await people.referral("inbound", **values)
    row = await people.see("the opportunity", lambda: _row(people, made["id"]))
    await asyncio.gather(
        people.edit_referral(made["id"], details={"notes": f"{one.notes} there"}),
        people.edit_opportunity(row, description=f"{one.notes} here"),
    )
    account = await people.account(name=one.company, address1_country=None)
    contact = await people.contact(account, firstname=one.first, lastname=one.last, emailaddress1=one.mail)
    await people.opportunity(account, contact, name=one.company, description=one.notes)
    return account


async def _row(people: People, referral: str) -> str:
    return str((await people.read_referral(referral)).get("externalReferenceId") or "")


async def played(on: Ground, kept: Ingestion, crowd: list[Made]) -> None:
    async with hosted(on, kept.settings) as stack:
        people = People(stack)
        await people.heal()
        accounts = [await lived(people, one) for one in crowd]
        await people.quiet()
        for account in accounts[1:]:  # one goes on waiting
            await people.crm("PATCH", f"accounts({account})", {"address1_country": "US"})
        await people.quiet()
        await people.heal()
        await people.quiet()
        await asyncio.sleep(2)  # the exporters' parcels go out by then


def shared_by(rows: list[Row]) -> Iterator[Row]:
    """Calls to either system, as our own spans tell of them."""
    return (row for row in rows if "cosell.system" in row.get("properties", {}))


def test_everything_about_a_change_is_told_and_nothing_about_people() -> None:
    """Events, dependencies, links and metrics are the promised ones; not a word of anybody's is among them."""
    crowd = invented(DEALS)

    async def main() -> None:
        async with ground() as on:
            await played(on, kept, crowd)

    with ingestion() as kept:
        asyncio.run(main())

    _outcomes_are_whole(kept)
    _calls_are_joined_to_their_outcome(kept)
    _attempts_are_linked(kept)
    _metrics_are_the_promised_ones(kept)
    words = {word.casefold() for one in crowd for word in astuple(one)}
    assert len(words) >= DEALS
    assert [word for word in words if word in kept.text] == []
    assert "sandbox-user" not in kept.text
    assert "sandbox-function-key" not in kept.text


def _outcomes_are_whole(kept: Ingestion) -> None:
    outcomes = kept.events("signal_")
    done = [fields for name, fields in outcomes if name == "signal_done" and fields["fields"]]
    assert {name for name, _ in kept.events()} <= set(EVENTS)
    assert {"signal_done", "signal_waiting", "heal", "queue_seen", "parked_seen"} <= {name for name, _ in kept.events()}
    whole = [set(OUTCOME_FIELDS) == set(fields) - ADDED for name, fields in outcomes if name != "signal_held"]
    assert all(whole)
    assert {fields["direction"] for fields in done} >= {"to_crm", "to_partner"}
    assert all(int(fields["remote_calls"]) > 0 and float(fields["since_change_ms"]) >= 0 for fields in done)


def _calls_are_joined_to_their_outcome(kept: Ingestion) -> None:
    calls = list(shared_by(kept.rows("RemoteDependencyData")))
    told = {fields.get("correlation") for _, fields in kept.events("signal_")}
    systems = {call["properties"]["cosell.system"] for call in calls}
    assert systems >= {"Dynamics 365", "Partner Center"}
    assert all(set(DEPENDENCY) - {"cosell.correlation"} <= set(call["properties"]) for call in calls)
    assert all("?" not in call["data"] and call["resultCode"] != "0" for call in calls)
    assert len({call["name"] for call in calls}) < len(calls) / 3, "ids in a name make each call a kind of its own"
    joined = [call for call in calls if call["properties"].get("cosell.correlation") in told]
    assert len(joined) > len(calls) / 2


def _attempts_are_linked(kept: Ingestion) -> None:
    """Each attempt is a trace of its own, with a link to whoever sent its signal."""
    spans = [row for row in kept.rows("RemoteDependencyData") if row["name"] in set(Look)]
    linked = [row for row in spans if "_MS.links" in row["properties"] and row["properties"]["_MS.links"] != "[]"]
    assert linked
    own = [row for row in linked if row["operation"] not in row["properties"]["_MS.links"]]
    assert len({row["operation"] for row in own}) == len(own) > 0


def _metrics_are_the_promised_ones(kept: Ingestion) -> None:
    seen = {
        one["name"] for row in kept.rows("MetricData") for one in row["metrics"] if one["name"].startswith("cosell.")
    }
    assert seen == set(METRICS) - {"cosell.throttles"}
