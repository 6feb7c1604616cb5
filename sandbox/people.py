"""What people do on either side, in the words of a story: a seller in the CRM, a colleague in the portal, Microsoft."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from sandbox.dynamics.tables_connector import FIRST_OPTION, HELP
from sandbox.stack import FUNCTION_KEY, MASTER_KEY, Stack

Json = dict[str, Any]
T = TypeVar("T")
PREFIX = "msft_microsoftpartnercenter"
SYNC = f"{PREFIX}referralsync"
REFERRAL = f"{PREFIX}referralidentifier"
AUDIT = f"{PREFIX}referralsyncaudit"
WANTED_HELP = f"{PREFIX}help"
VISIBLE = f"{PREFIX}referralvisible"
MICROSOFT_ID = "msft_microsoftcrmidentifier"
SELLER = {"Authorization": "Bearer sandbox-seller", "Prefer": "return=representation"}
PATIENCE = 60.0
ON_HOLD, IN_PROGRESS, WON, CANCELED = 2, 1, 3, 4


def help_option(label: str) -> int:
    return FIRST_OPTION + HELP.index(label)


class NotSeenError(AssertionError):
    """What should have appeared on the other side did not."""


@dataclass
class People:
    """Everybody around one stack, and a way to wait for what they should see."""

    stack: Stack
    currencies: dict[str, str] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)

    # --- the CRM --------------------------------------------------------------------------------------------------

    async def crm(self, method: str, path: str, body: Json | None = None) -> Json:
        url = f"{self.stack.dynamics}/api/data/v9.2/{path}"
        return await self._call(method, url, body, SELLER)

    async def account(self, **values: Any) -> str:
        named = {"name": "Contoso", "address1_line1": "1 Main Street", "address1_city": "Redmond"}
        named |= {"address1_stateorprovince": "WA", "address1_postalcode": "98052", "address1_country": "US"}
        return str((await self.crm("POST", "accounts", named | values))["accountid"])

    async def contact(self, account: str, **values: Any) -> str:
        named = {"firstname": "Kim", "lastname": "Abel", "emailaddress1": "kim@contoso.example.com"}
        named |= {"telephone1": "+1 425 555 0199", "parentcustomerid_account@odata.bind": f"/accounts({account})"}
        return str((await self.crm("POST", "contacts", named | values))["contactid"])

    async def opportunity(self, account: str, contact: str, **values: Any) -> str:
        """An opportunity with one solution, complete, and shared unless told otherwise."""
        named = {
            "name": "Contoso data platform",
            "estimatedvalue": 120000,
            "estimatedclosedate": "2027-03-31",
            "description": "First call held.",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({await self.currency('USD')})",
            "parentaccountid@odata.bind": f"/accounts({account})",
            "parentcontactid@odata.bind": f"/contacts({contact})",
        }
        made = await self.crm("POST", "opportunities", named | values | {SYNC: False})
        ident = str(made["opportunityid"])
        await self.solution(ident)
        if values.get(SYNC, True):
            await self.edit_opportunity(ident, **{SYNC: True})
        return ident

    async def solution(self, opportunity: str, identifier: str = "SOL-1001") -> str:
        detail = await self.detail(identifier)
        bound = {"msft_OpportunityId@odata.bind": f"/opportunities({opportunity})"}
        bound |= {"msft_SolutionDetailId@odata.bind": f"/msft_mspartnersolutiondetails({detail})"}
        return str((await self.crm("POST", "msft_mspartnersolutions", bound))["msft_mspartnersolutionid"])

    async def solutions(self, opportunity: str) -> dict[str, str]:
        """The rows of an opportunity's solutions by identifier."""
        asked = f"$filter=_msft_opportunityid_value eq {opportunity}&$expand=msft_SolutionDetailId"
        rows = (await self.crm("GET", f"msft_mspartnersolutions?{asked}"))["value"]
        ident = "msft_solutionidentifier"
        return {str(row["msft_SolutionDetailId"][ident]): str(row["msft_mspartnersolutionid"]) for row in rows}

    async def detail(self, identifier: str) -> str:
        """A solution of the catalogue."""
        if identifier not in self.details:
            found = await self.crm(
                "GET", f"msft_mspartnersolutiondetails?$filter=msft_solutionidentifier eq '{identifier}'"
            )
            self.details[identifier] = str(found["value"][0]["msft_mspartnersolutiondetailid"])
        return self.details[identifier]

    async def edit_opportunity(self, ident: str, **values: Any) -> Json:
        return await self.crm("PATCH", f"opportunities({ident})", values)

    async def read_opportunity(self, ident: str) -> Json:
        return await self.crm("GET", f"opportunities({ident})?$expand=parentaccountid,parentcontactid")

    async def opportunities(self) -> list[Json]:
        return list((await self.crm("GET", "opportunities?$orderby=createdon"))["value"])

    async def rows(self, table_set: str) -> list[Json]:
        """Every row of a table, page by page."""
        found, path = [], table_set
        while path:
            page = await self.crm("GET", path)
            found += page["value"]
            path = str(page.get("@odata.nextLink", "")).rpartition("/")[2]
        return found

    async def win(self, ident: str, revenue: float) -> None:
        close = {"subject": "Won", "actualrevenue": revenue, "actualend": "2027-01-31"}
        close["opportunityid@odata.bind"] = f"/opportunities({ident})"
        await self.crm("POST", "WinOpportunity", {"Status": WON, "OpportunityClose": close})

    async def lose(self, ident: str) -> None:
        close = {"subject": "Lost", "actualend": "2027-01-31", "opportunityid@odata.bind": f"/opportunities({ident})"}
        await self.crm("POST", "LoseOpportunity", {"Status": CANCELED, "OpportunityClose": close})

    async def leads(self) -> list[Json]:
        return list((await self.crm("GET", "leads?$orderby=createdon"))["value"])

    async def edit_lead(self, ident: str, **values: Any) -> Json:
        return await self.crm("PATCH", f"leads({ident})", values)

    async def qualify(self, ident: str, *, alone: bool = False) -> None:
        """As the form does it: with account, contact and opportunity; `alone` the opportunity only."""
        made = dict.fromkeys(("CreateAccount", "CreateContact"), not alone) | {"CreateOpportunity": True}
        await self.crm("POST", f"leads({ident})/Microsoft.Dynamics.CRM.QualifyLead", {**made, "Status": 3})

    async def currency(self, code: str) -> str:
        if not self.currencies:
            rows = (await self.crm("GET", "transactioncurrencies"))["value"]
            self.currencies |= {row["isocurrencycode"]: row["transactioncurrencyid"] for row in rows}
        return self.currencies[code]

    # --- Partner Center -------------------------------------------------------------------------------------------

    async def portal(self, method: str, path: str, body: Json | None = None) -> Json:
        return await self._call(method, f"{self.stack.partner_center}/control/{path}", body, {})

    async def referral(self, kind: str = "portal", **values: Any) -> Json:
        return await self.portal("POST", "referrals", {"kind": kind, "referral": values})

    async def edit_referral(self, ident: str, **values: Any) -> Json:
        return await self.portal("PATCH", f"referrals/{ident}", values)

    async def read_referral(self, ident: str) -> Json:
        return await self.portal("GET", f"referrals/{ident}")

    async def referrals(self) -> list[Json]:
        return list((await self.portal("GET", "referrals"))["value"])

    async def microsoft(self, engagement: str, **values: Any) -> Json:
        return await self.portal("POST", f"engagements/{engagement}/microsoft", values)

    # --- both, and the host ---------------------------------------------------------------------------------------

    async def webhooks(self, **values: Any) -> None:
        """How both systems' webhooks behave from now on."""
        for base in (self.stack.partner_center, self.stack.dynamics):
            await self._call("POST", f"{base}/control/webhooks", values, {})

    async def release(self) -> None:
        for base in (self.stack.partner_center, self.stack.dynamics):
            await self._call("POST", f"{base}/control/webhooks/release", None, {})

    async def control(self, system: str, method: str, path: str, body: Json | None = None) -> Json:
        base = self.stack.partner_center if system == "partner_center" else self.stack.dynamics
        return await self._call(method, f"{base}/control/{path}", body, {})

    async def function(self, method: str, route: str, body: Json | None = None) -> httpx.Response:
        headers = {"x-functions-key": FUNCTION_KEY}
        return await self.stack.client.request(method, f"{self.stack.host}/api/{route}", json=body, headers=headers)

    async def heal(self) -> None:
        """Run auto-heal now, and wait until it has run."""
        before = (await self._invocations())["auto_heal"]
        headers = {"x-functions-key": MASTER_KEY}
        answer = await self.stack.client.post(f"{self.stack.host}/admin/functions/auto_heal", headers=headers, json={})
        answer.raise_for_status()

        async def ran() -> bool:
            now = (await self._invocations())["auto_heal"]
            return bool(now["succeeded"] + now["failed"] > before["succeeded"] + before["failed"])

        await self.see("auto-heal to end", ran)

    async def quiet(self) -> None:
        """Wait until nothing runs and nothing is on its way."""

        async def look() -> bool:
            return bool((await self._host_state())["quiet"])

        await self.see("the functions to come to rest", look)

    async def _invocations(self) -> Json:
        counts: Json = (await self._host_state())["functions"]
        return counts

    async def _host_state(self) -> Json:
        headers = {"x-functions-key": MASTER_KEY}
        answer = await self.stack.client.get(f"{self.stack.host}/admin/sandbox/invocations", headers=headers)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    async def see(self, what: str, look: Callable[[], Awaitable[T | None]]) -> T:
        """Wait until `look` gives something true, and give that."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if found := await look():
                return found
            await asyncio.sleep(0.1)
        raise NotSeenError(f"waited {PATIENCE:.0f} s in vain for {what}")

    async def _call(self, method: str, url: str, body: Json | None, headers: dict[str, str]) -> Json:
        answer = await self.stack.client.request(method, url, json=body, headers=headers)
        if not answer.is_success:
            raise NotSeenError(f"{method} {url} answered {answer.status_code}: {answer.text[:500]}")
        found: Json = answer.json() if answer.content else {}
        return found
