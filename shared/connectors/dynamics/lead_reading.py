"""A lead's row as a deal that is none yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.journal import plain_name
from shared.connectors.dynamics.lead_schema import KEY, KIND, OPEN, QUALIFIED, LeadSchema
from shared.connectors.dynamics.odata import Row, joined
from shared.connectors.dynamics.reading import Native
from shared.connectors.dynamics.selection import CURRENCY
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Money, Person, Ref, Side, Value, frozen, group
from shared.ports import Snapshot

STANDARD = (
    KEY,
    "subject",
    "description",
    "estimatedamount",
    "estimatedclosedate",
    "firstname",
    "lastname",
    "emailaddress1",
    "telephone1",
    "mobilephone",
    "jobtitle",
    "statecode",
    "statuscode",
    "createdon",
    "modifiedon",
    "_transactioncurrencyid_value",
    "_ownerid_value",
)
MERGED = ("merged", "_masterid_value")
MERGED_ADVICE = "decline the referral in Partner Center, or accept it, delete this lead and replay"
QUALIFIED_REASON = "the lead is qualified in Dynamics 365: its deal goes on as an opportunity"
DISQUALIFIED_REASON = "the lead is disqualified in Dynamics 365: reopen it to change it"


def columns(schema: LeadSchema) -> str:
    merged = MERGED if MERGED[0] in schema.table else ()
    return joined((*STANDARD, *merged, *schema.names.present))


def query(schema: LeadSchema) -> Mapping[str, str]:
    return {"$select": columns(schema), "$expand": f"transactioncurrencyid($select={joined(CURRENCY)})"}


@dataclass(frozen=True, kw_only=True)
class LeadReader:
    """Reads leads of one organisation. `currencies` maps the id of a currency to its ISO 4217 code."""

    config: Config
    schema: LeadSchema
    currencies: Mapping[str, str]

    def snapshot(self, row: Row) -> Snapshot:
        names, ident = self.schema.names, row.text(KEY).lower()
        return Snapshot(
            side=Side.CRM,
            ref=Ref(KIND, ident),
            version=row.version,
            values=frozen(dict(self._values(row))),
            modified=row.moment("modifiedon"),
            created=row.moment("createdon"),
            counterpart=row.text(names.referral).strip(),
            marker=row.text(names.marker) if names.marker else None,
            locked=_locks(row),
            link=self.config.page(ident, KIND),
            name=plain_name(row.text("subject")),
            native=Native(row=row),
        )

    def _values(self, row: Row) -> Iterator[tuple[str, Value]]:
        yield deal.NAME, plain_name(row.text("subject"))
        yield deal.AMOUNT, Money(row.number("estimatedamount"), self._currency(row))
        yield deal.CLOSING_DATE, row.day("estimatedclosedate")
        yield deal.NOTES, row.text("description") or None
        yield deal.CONTACTS, group(_contacts(row))
        yield deal.STAGE, stage_of(row)
        if row.whole("statecode") not in (OPEN, QUALIFIED):
            yield deal.CLOSE_REASON, self.schema.reason(row.whole("statuscode"))

    def _currency(self, row: Row) -> str | None:
        expanded = row.child("transactioncurrencyid")
        code = expanded.text("isocurrencycode") if expanded else None
        return code or self.currencies.get(row.lookup("transactioncurrencyid"))


def stage_of(row: Row) -> Stage:
    """A lead that was merged into another is closed by that, and nobody has refused its deal."""
    if row.flag(MERGED[0]):
        return Stage.LEAD
    return {OPEN: Stage.LEAD, QUALIFIED: Stage.QUALIFIED}.get(row.whole("statecode") or OPEN, Stage.LOST)


def _contacts(row: Row) -> Iterator[Person]:
    """Somebody without a mail address cannot be told from others."""
    if mail := row.text("emailaddress1").strip():
        yield Person(
            email=mail,
            first_name=row.text("firstname"),
            last_name=row.text("lastname"),
            phone=row.text("telephone1") or row.text("mobilephone"),
            title=row.text("jobtitle"),
        )


def _locks(row: Row) -> Mapping[str, str]:
    if row.flag(MERGED[0]):
        return dict.fromkeys(deal.TITLES, f"it was merged into the lead {row.lookup('masterid')}: {MERGED_ADVICE}")
    reasons = {Stage.QUALIFIED: QUALIFIED_REASON, Stage.LOST: DISQUALIFIED_REASON}
    reason = reasons.get(stage_of(row))
    return dict.fromkeys(deal.TITLES, reason) if reason else {}
