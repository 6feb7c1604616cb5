"""Who and what this organisation knows: currencies, users and teams, kept in memory once found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.connectors.dynamics.calls import Calls
from shared.connectors.dynamics.odata import Row, any_of, equals, is_guid, joined
from shared.connectors.dynamics.selection import CURRENCY, USER
from shared.connectors.dynamics.writing import Currency
from shared.domain.currencies import currency_code
from shared.domain.oneline import quoted
from shared.domain.values import Group, Person
from shared.errors import Misconfigured, NotMet

_SELLERS = "isdisabled eq false and applicationid eq null"
_OWNERS = "teamtype ne 1"  # an access team (1) owns no rows (team entity reference)


@dataclass(frozen=True, kw_only=True)
class Directory:
    """One worker's memory of rows that hardly ever change."""

    calls: Calls
    by_code: dict[str, Currency] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def learn(self, row: Row) -> None:
        """Remember the currency that a read brought along."""
        expanded = row.child("transactioncurrencyid")
        if expanded:
            self._keep(expanded)

    def _keep(self, row: Row) -> None:
        ident, code = row.text("transactioncurrencyid").lower(), row.text("isocurrencycode").upper()
        self.by_code[code] = Currency(id=ident, code=code, precision=row.whole("currencyprecision"))
        self.codes[ident] = code

    async def code_of(self, row: Row) -> None:
        """Make sure that the currency of a row that was read without it is known."""
        ident = row.lookup("transactioncurrencyid")
        if ident and ident not in self.codes:
            found = await self.calls.get(f"transactioncurrencies({ident})", {"$select": joined(CURRENCY)})
            if found:
                self._keep(found)

    async def currency(self, code: str | None, *, as_text: bool = False) -> Currency | None:
        """The currency with this code; NotMet says what an administrator has to add.

        None where a column takes the code `as_text`: it may name a currency that this organisation does not have.
        """
        if not code:
            return None
        known = currency_code(code)
        if known is None:
            raise NotMet(f"{quoted(code)} is not an ISO 4217 currency code: correct the currency of the deal")
        if as_text:
            return None
        if known not in self.by_code:
            query = {"$select": joined(CURRENCY), "$filter": f"{equals('isocurrencycode', known)} and statecode eq 0"}
            for row in await self.calls.list("transactioncurrencies", query):
                self._keep(row)
        if known not in self.by_code:
            raise NotMet(
                f"Dynamics 365 has no currency {known}: add it under Settings, Currencies, or change the deal's"
            )
        return self.by_code[known]

    async def owner(self, team: Group, default: str) -> str:
        """What to bind a new row's owner to: a seller of the team, else the default, "" for nobody."""
        mails = sorted({member.key for member in team if isinstance(member, Person) and member.key})
        if mails:
            query = {"$select": "systemuserid,internalemailaddress", "$filter": f"{_SELLERS} and {_by_mail(mails)}"}
            users = {u.text("internalemailaddress").casefold(): u for u in await self.calls.list("systemusers", query)}
            found = next((users[mail] for mail in mails if mail in users), None)
            if found:
                return f"/systemusers({found.text('systemuserid')})"
        return await self._default(default.strip()) if default.strip() else ""

    async def _default(self, default: str) -> str:
        if default not in self.owners:
            self.owners[default] = await self._search(default)
        return self.owners[default]

    async def _search(self, text: str) -> str:
        """DEFAULT_OWNER is an id, a mail address or a name, of a user or of a team that may own rows."""
        user = "systemuserid eq " + text if is_guid(text) else _user(text)
        team = "teamid eq " + text if is_guid(text) else equals("name", text)
        users = await self.calls.list(
            "systemusers", {"$select": "systemuserid", "$filter": f"isdisabled eq false and {user}"}
        )
        teams = await self.calls.list("teams", {"$select": "teamid", "$filter": f"{_OWNERS} and {team}"})
        found = [f"/systemusers({row.text('systemuserid')})" for row in users]
        found += [f"/teams({row.text('teamid')})" for row in teams]
        if len(found) != 1:
            count = "no enabled user and no owner team" if not found else f"{len(found)} users or teams"
            raise Misconfigured(
                (f"DEFAULT_OWNER is {quoted(text)}, which names {count}: give an id, mail address or name",)
            )
        return found[0]

    async def members(self, teams: Iterable[str]) -> tuple[Row, ...]:
        """The users of a row's access teams, which are its sales team."""
        found: list[Row] = []
        for team in teams:
            found += await self.calls.list(f"teams({team})/teammembership_association", {"$select": joined(USER)})
        return tuple(found)


def _by_mail(mails: list[str]) -> str:
    return any_of("internalemailaddress", mails)


def _user(text: str) -> str:
    return "(" + " or ".join(equals(name, text) for name in ("internalemailaddress", "domainname", "fullname")) + ")"
