"""The scenes of the tour. Each does what a person would do, waits until the other side shows it, and says so."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sandbox.people import (
    AUDIT,
    IN_PROGRESS,
    MICROSOFT_ID,
    ON_HOLD,
    REFERRAL,
    VISIBLE,
    WANTED_HELP,
    Json,
    NotSeenError,
    People,
    help_option,
)

Scene = Callable[["Story"], Awaitable[str]]
SELLER = {"firstName": "Dana", "lastName": "Rivera", "phoneNumber": "+1 425 555 0100", "email": "dana@fabrikam.example"}


def audit(row: Json) -> str:
    """The newest Audit line without its date."""
    newest = str(row.get(AUDIT) or "").splitlines()
    return newest[0].partition(" - ")[2] if newest else ""


@dataclass
class Story:
    """What the scenes share: who acts, and the records of the deals they act on."""

    people: People
    ours: str = ""  # the opportunity that is made in the CRM
    theirs: str = ""  # the referral that is made in Partner Center
    bad: str = ""
    lead: str = ""

    async def referral_of(self, opportunity: str) -> Json:
        row = await self.people.read_opportunity(opportunity)
        return await self.people.read_referral(str(row[REFERRAL]))

    async def row_of(self, referral: str) -> Json:
        found = await self.people.read_referral(referral)
        return await self.people.read_opportunity(str(found["externalReferenceId"]))

    async def row_shows(self, referral: str, **values: object) -> Json:
        """Wait until the opportunity of a referral shows these values."""

        async def look() -> Json | None:
            row = await self.row_of(referral)
            return row if all(row.get(name) == value for name, value in values.items()) else None

        return await self.people.see(f"{values} in Dynamics 365", look)

    async def referral_shows(self, referral: str, look_at: Callable[[Json], object]) -> Json:
        async def look() -> Json | None:
            found = await self.people.read_referral(referral)
            return found if look_at(found) else None

        return await self.people.see("the change in Partner Center", look)


async def first_heal(story: Story) -> str:
    await story.people.heal()
    return "auto-heal notes where history ends; deals older than this are shared only on request"


async def made_in_crm(story: Story) -> str:
    people = story.people
    account = await people.account(name="Wingtip Toys", address1_postalcode="98101")
    contact = await people.contact(account)
    values = {"name": "Wingtip Toys online shop", WANTED_HELP: help_option("Quotes Or Licensing")}
    story.ours = await people.opportunity(account, contact, **values)

    async def look() -> Json | None:
        row = await people.read_opportunity(story.ours)
        return row if row[REFERRAL] and "asked for help" in audit(row) else None

    row = await people.see("the referral of the new opportunity", look)
    return f"in Partner Center: co-sell referral {row[REFERRAL][:8]}…; back in the CRM: “{row['name']}”"


async def microsoft_accepts(story: Story) -> str:
    people = story.people
    referral = await story.referral_of(story.ours)
    answer = {"status": "Active", "substatus": "Accepted", "msxId": "7-EXAMPLE42"}
    await people.microsoft(str(referral["engagementId"]), **answer)

    async def look() -> Json | None:
        row = await people.read_opportunity(story.ours)
        return row if row[MICROSOFT_ID] else None

    row = await people.see("Microsoft's answer in the CRM", look)
    return f"in the CRM: Microsoft CRM identifier {row[MICROSOFT_ID]}, Audit “{audit(row)}”"


async def edited_in_crm(story: Story) -> str:
    await story.people.edit_opportunity(story.ours, estimatedvalue=135000, description="Second call held.")
    referral = await story.referral_of(story.ours)
    seen = await story.referral_shows(str(referral["id"]), lambda r: float(r["details"]["dealValue"]) == 135000)
    return f"in Partner Center: {float(seen['details']['dealValue']):,.0f} {seen['details']['currency']}, and its notes"


async def sent_by_microsoft(story: Story) -> str:
    customer = {"name": "Northwind Traders", "address": {"postalCode": "98004"}}
    made = await story.people.referral(
        "inbound", name="Northwind analytics", customerProfile=customer, team=[SELLER], details={"dealValue": 80000}
    )
    story.theirs = str(made["id"])
    await story.referral_shows(story.theirs, lambda r: r["externalReferenceId"])
    row = await story.row_shows(story.theirs, statuscode=ON_HOLD)
    return f"in the CRM: “{row['name']}”, on hold, account {row['parentaccountid']['name']} created"


async def accepted_in_crm(story: Story) -> str:
    row = await story.row_of(story.theirs)
    await story.people.edit_opportunity(str(row["opportunityid"]), statuscode=IN_PROGRESS)
    seen = await story.referral_shows(story.theirs, lambda r: r["status"] == "Active")
    return f"in Partner Center: {seen['status']}/{seen['substatus']}"


async def edited_in_portal(story: Story) -> str:
    change = {"notes": "The customer wants a pilot.", "closingDateTime": "2027-05-14T09:30:00Z"}
    await story.people.edit_referral(story.theirs, details=change)
    row = await story.row_shows(story.theirs, description=change["notes"], estimatedclosedate="2027-05-14")
    return f"in the CRM: notes and closing date {row['estimatedclosedate']}"


async def both_at_once(story: Story) -> str:
    people = story.people
    row = await story.row_of(story.theirs)
    await people.webhooks(hold=True)
    await people.edit_referral(story.theirs, name="Northwind pilot", details={"dealValue": 90000})
    await people.edit_opportunity(str(row["opportunityid"]), estimatedvalue=95000, description="Pilot agreed.")
    await people.webhooks(hold=False)
    await people.release()
    row = await story.row_shows(story.theirs, name="✓ Northwind pilot", estimatedvalue=95000.0)
    seen = await story.referral_shows(story.theirs, lambda r: r["details"]["notes"] == "Pilot agreed.")
    if float(seen["details"]["dealValue"]) != float(row["estimatedvalue"]):
        raise NotSeenError("the two sides show different deal values")
    line = next((line for line in str(row[AUDIT]).splitlines() if "at the same time" in line), "")
    if not line:
        raise NotSeenError(f"Audit does not name the conflict: {row[AUDIT]}")
    return (
        "both sides: the new name, the new notes, 95,000; Audit: “" + line.partition(". ")[2].partition(". ")[2] + "”"
    )


async def solutions_edited(story: Story) -> str:
    """A second solution is added to the opportunity, and taken away again."""
    people, referral = story.people, str((await story.referral_of(story.ours))["id"])
    row = await people.solution(story.ours, "SOL-1002")
    seen = await story.referral_shows(referral, lambda r: len(_solutions(r)) > 1)
    both = " and ".join(_solutions(seen))
    await people.crm("DELETE", f"msft_mspartnersolutions({row})")
    seen = await story.referral_shows(referral, lambda r: len(_solutions(r)) == 1)
    return f"in Partner Center: {both}; and then {_solutions(seen)[0]} alone again"


def _solutions(referral: Json) -> list[str]:
    return sorted(str(one["id"]) for one in referral["details"]["requirements"]["solutions"])


async def upgraded(story: Story) -> str:
    """Private, then visible to Microsoft's sellers, then with Microsoft's help: each step at any time, none back."""
    people = story.people
    account = await people.account(name="Adventure Works", address1_postalcode="98052")
    ident = await people.opportunity(account, await people.contact(account), name="Adventure Works licences")

    async def shared() -> Json | None:
        row = await people.read_opportunity(ident)
        return row if row[REFERRAL] else None

    referral = str((await people.see("the private referral", shared))[REFERRAL])
    seen = [_shared_with(await people.read_referral(referral))]
    await people.edit_opportunity(ident, **{VISIBLE: True})
    seen.append(_shared_with(await story.referral_shows(referral, lambda r: _consent(r))))
    await people.edit_opportunity(ident, **{WANTED_HELP: help_option("Proof Of Concept Or Demo")})
    engagement = str((await people.read_referral(referral))["engagementId"])

    async def invited() -> Json | None:
        beside = [r for r in await people.referrals() if r["engagementId"] == engagement and r["id"] != referral]
        return beside[0] if beside else None

    await people.see("Microsoft's referral", invited)
    return f"in Partner Center: {', then '.join(seen)}, then co-sell with Microsoft"


def _consent(referral: Json) -> bool:
    return bool(referral["consent"]["consentToShareReferralWithMicrosoftSellers"])


def _shared_with(referral: Json) -> str:
    return "partner-led" if _consent(referral) else "private"


async def sent_as_a_lead(story: Story) -> str:
    customer = {"name": "Proseware", "address": {"postalCode": "98039"}}
    made = await story.people.referral("lead", name="Proseware interest", customerProfile=customer, team=[SELLER])
    story.lead = str(made["id"])

    async def look() -> Json | None:
        return next((row for row in await story.people.leads() if row["companyname"] == "Proseware"), None)

    lead = await story.people.see("the lead", look)
    if any(row["name"].endswith("Proseware interest") for row in await story.people.opportunities()):
        raise NotSeenError("an opportunity was made of a lead that nobody has accepted")
    return f"in the CRM: a lead, “{lead['subject']}” of {lead['companyname']}, and no opportunity"


async def lead_accepted(story: Story) -> str:
    await story.people.edit_referral(story.lead, status="Active", substatus="Accepted")

    async def look() -> Json | None:
        named = str((await story.people.read_referral(story.lead))["externalReferenceId"])
        rows = {str(row["opportunityid"]): row for row in await story.people.opportunities()}
        return rows.get(named)

    row = await story.people.see("the opportunity of the lead", look)
    (lead,) = [one for one in await story.people.leads() if one["companyname"] == "Proseware"]
    if (lead["statecode"], row["_originatingleadid_value"]) != (1, lead["leadid"]):
        raise NotSeenError(f"the lead is not the opportunity's: {lead['statecode']}")
    return f"in the CRM: the lead is qualified, and “{row['name']}” is its opportunity"


async def won_in_crm(story: Story) -> str:
    await story.people.win(story.ours, 140000)
    referral = await story.referral_of(story.ours)
    seen = await story.referral_shows(str(referral["id"]), lambda r: r["status"] == "Closed")
    return f"in Partner Center: Closed/{seen['substatus']} with {float(seen['details']['dealValue']):,.0f}"


async def lost_webhook(story: Story) -> str:
    people = story.people
    await people.quiet()  # or a signal that is still on its way would find the change first
    await people.webhooks(drop=1.0)
    await people.edit_referral(story.theirs, details={"notes": "Nobody was told of this."})
    await people.webhooks(drop=0.0)
    await people.heal()
    await story.row_shows(story.theirs, description="Nobody was told of this.")
    return "auto-heal found it: the notes are in the CRM"


async def waits_for_data(story: Story) -> str:
    people = story.people
    account = await people.account(name="Tailspin Toys", address1_country=None, address1_postalcode="98200")
    contact = await people.contact(account, emailaddress1="ana@tailspin.example.com")
    story.bad = await people.opportunity(account, contact, name="Tailspin migration")

    async def told() -> Json | None:
        row = await people.read_opportunity(story.bad)
        return row if "country" in audit(row) else None

    row = await people.see("the reason in Audit", told)
    line = audit(row)
    await people.crm("PATCH", f"accounts({account})", {"address1_country": "DE"})

    async def shared() -> Json | None:
        row = await people.read_opportunity(story.bad)
        return row if row[REFERRAL] else None

    row = await people.see("the deal after its account was mended", shared)
    return f"in the CRM: “✗” and “{line}”; the account is mended, and it is shared: “{row['name']}”"


async def parked_and_replayed(story: Story) -> str:
    people = story.people
    twins = [await people.account(name="Fourth Coffee", address1_postalcode="98033") for _ in range(2)]
    made = await people.referral("portal", name="Fourth Coffee loyalty", customerProfile=_coffee(), team=[SELLER])

    async def parked() -> Json | None:
        entries = (await people.function("GET", "parked")).json()["parked"]
        return next((entry for entry in entries if entry["id"] == made["id"]), None)

    entry = await people.see("the parked deal", parked)
    await people.crm("PATCH", f"accounts({twins[1]})", {"statecode": 1, "statuscode": 2})
    answer = await people.function("POST", f"parked/{entry['kind']}/{entry['id']}/replay")
    if not answer.is_success:
        raise NotSeenError(f"the replay answered {answer.status_code}: {answer.text}")
    await story.referral_shows(str(made["id"]), lambda r: r["externalReferenceId"])
    row = await story.row_of(str(made["id"]))
    return f"parked: “{entry['reason']}”; one account deactivated, replayed: “{row['name']}” exists"


def _coffee() -> Json:
    return {"name": "Fourth Coffee", "address": {"postalCode": "98033"}}


SCENES: tuple[tuple[str, str, Scene], ...] = (
    ("", "The first start", first_heal),
    ("Scenario 1: a deal made in Dynamics 365", "Dana shares a new opportunity and asks for help", made_in_crm),
    ("", "Microsoft accepts", microsoft_accepts),
    ("", "Dana changes value and notes", edited_in_crm),
    ("", "Dana adds a solution, and takes it away again", solutions_edited),
    ("", "A private deal is shared with Microsoft, step by step", upgraded),
    ("Scenario 2: a deal made in Partner Center", "Microsoft sends a referral", sent_by_microsoft),
    ("", "Dana accepts it, by taking it off hold", accepted_in_crm),
    ("", "A colleague edits it in the portal", edited_in_portal),
    ("", "A lead arrives", sent_as_a_lead),
    ("", "It is accepted in the portal", lead_accepted),
    ("What goes wrong elsewhere", "Both sides edit at once, the value on both", both_at_once),
    ("", "Dana wins the first deal", won_in_crm),
    ("", "A webhook is lost", lost_webhook),
    ("", "An opportunity whose account has no country", waits_for_data),
    ("", "A referral that fits two accounts", parked_and_replayed),
)
