"""What can be wrong with an installation: what is done to one that is right, and the line that then says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from cli.doctor import State
from sandbox.dynamics.schema import Kind, Option
from sandbox.dynamics.seed import APPLICATION, role_id
from sandbox.dynamics.tables_security import ROLES_OF_USERS
from shared.domain.values import Ref, Side
from shared.errors import Remote, Unavailable
from shared.ports import ParkedEntry
from tests.integration.bench import Bench
from tests.integration.network import DYNAMICS_EVENTS, HOST

HOLDER, GUID = "msft_microsoftpartnercenter", "11111111-2222-4333-8444-555555555555"
Act = Callable[[Bench], Awaitable[None] | None]


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is done to a set-up that is right, and the line that says so."""

    act: Act
    check: str
    about: str = ""
    state: State = State.FAILED
    found: str
    do: str = ""
    settings: tuple[tuple[str, str], ...] = ()


def column(name: str, **changes: Any) -> Act:
    """Another shape of one of opportunity's columns; None takes it away."""

    def act(bench: Bench) -> None:
        columns = bench.dynamics.state.organization.schema.tables["opportunity"].columns
        if changes:
            columns[name] = replace(columns[name], **changes)
        else:
            columns.pop(name)

    return act


def lead_column(part: str) -> Act:
    """One of lead's columns is not there, by a part of its name."""

    def act(bench: Bench) -> None:
        columns = bench.dynamics.state.organization.schema.tables["lead"].columns
        for name in [name for name in columns if part.casefold() in name]:
            columns.pop(name)

    return act


def table(name: str, **changes: Any) -> Act:
    def act(bench: Bench) -> None:
        found = bench.dynamics.state.organization.schema.tables[name]
        for attribute, value in changes.items():
            setattr(found, attribute, value)

    return act


def emptied(name: str) -> Act:
    return lambda bench: bench.dynamics.state.organization.store.table(name).clear()


def registered(url: str | None, *events: str) -> Act:
    """What the tenant's one registration says; None for none."""

    def act(bench: Bench) -> None:
        found = {"WebhookUrl": url, "WebhookEvents": list(events), "SubscriberId": GUID}
        bench.partner.state.world.registration = found if url else None

    return act


def role(name: str | None) -> Act:
    def act(bench: Bench) -> None:
        store = bench.dynamics.state.organization.store
        store.unlink(ROLES_OF_USERS, APPLICATION, role_id("Cosell Sync"))
        if name:
            store.link(ROLES_OF_USERS, APPLICATION, role_id(name))

    return act


def step(name: str, **values: Any) -> Act:
    """A step of the webhook changed, or taken away."""

    def act(bench: Bench) -> None:
        steps = bench.dynamics.state.organization.store.table("sdkmessageprocessingstep")
        (ident,) = [ident for ident, row in steps.items() if row["name"] == name]
        if values:
            steps[ident] = steps[ident] | values
        else:
            steps.pop(ident)

    return act


def unlabelled(bench: Bench) -> None:
    table("msft_mspartnersolution", label="Something else", plural="Something else")(bench)


async def flow_on(bench: Bench) -> None:
    flow = (await bench.people.crm("GET", "workflows"))["value"][0]
    await bench.people.crm("PATCH", f"workflows({flow['workflowid']})", {"statecode": 1, "statuscode": 2})


async def key(bench: Bench) -> None:
    body = {"SchemaName": "fab_Referral", "KeyAttributes": [f"{HOLDER}referralidentifier"]}
    await bench.people.crm("POST", "EntityDefinitions(LogicalName='opportunity')/Keys", body)


async def second_webhook(bench: Bench) -> None:
    await bench.people.control("dynamics", "POST", "webhook", {"url": f"https://other.example.com{DYNAMICS_EVENTS}"})


async def parked(bench: Bench) -> None:
    entry = ParkedEntry(
        pair="cosell", ref=Ref("opportunity", GUID), side=Side.CRM, reason="r", advice="a", body="", at=bench.clock.at
    )
    await bench.parked.put(entry)


async def paused(bench: Bench) -> None:
    await bench.pauses.pause(Side.CRM, bench.clock.now() + timedelta(minutes=5), "429")


def poisoned(bench: Bench) -> None:
    bench.signals.poisoned["referral-changes-poison"] = 2


def away(bench: Bench) -> None:
    async def hook(effect: str) -> None:
        if effect == "links.get":
            raise Unavailable(Remote(system="Azure Storage", status=503), advice="Look at the account")

    bench.links.hook = hook


def other_world(bench: Bench) -> None:
    bench.cursors.texts["world"] = '{"dataverse": "another"}'


def no_help(bench: Bench) -> None:
    column(f"{HOLDER}help", options=(Option(value=1, label="General or other"), Option(value=2, label="Coffee")))(bench)


def no_referrals(bench: Bench) -> None:
    bench.partner.state.world.referrals.clear()


def nothing(_: Bench) -> None:
    """The settings alone are wrong."""


ELSEWHERE = "https://other.example.com/hook"
OURS = f"{HOST}/api/partner-center/events"
STEPS, COLUMNS = "webhook steps", "co-sell columns"
WARNING, FAILED = State.WARNING, State.FAILED
CASES = {
    "storage away": Case(act=away, check="tables", found="503", do="Look at the account"),
    "poison": Case(act=poisoned, check="poison queues", state=WARNING, found="2 on referral-changes-poison"),
    "parked": Case(act=parked, check="parked deals", state=WARNING, found="1 deal waits", do="cosell parked list"),
    "paused": Case(act=paused, check="pauses", state=WARNING, found="Dynamics 365 is left alone until 2026-03-02"),
    "not registered": Case(
        act=registered(None), check="webhook", found="no webhook is registered", do="cosell webhook"
    ),
    "not registered in test": Case(
        act=registered(None), check="webhook", state=WARNING, found="no webhook", settings=(("MODE", "test"),)
    ),
    "another's registration": Case(
        act=registered(ELSEWHERE),
        check="webhook",
        found="events go to other.example.com",
        do="know whose",
    ),
    "events missing": Case(
        act=registered(OURS, "referral-created", "referral-updated"),
        check="webhook",
        found="not told of related-referral-created, related-referral-updated",
    ),
    "no referrals": Case(
        act=no_referrals,
        check="referrals",
        state=WARNING,
        found="sees no referral",
        do="open Referrals",
    ),
    "no Partner ID": Case(act=no_referrals, check="Partner ID", state=WARNING, found="no own referral", do="No API"),
    "another organisation": Case(
        act=nothing,
        check="organisation",
        found=f"belongs to {GUID}",
        settings=(("PARTNER_CENTER_ORGANIZATION_ID", GUID),),
    ),
    "administrator": Case(
        act=role("System Administrator"), check="roles", state=WARNING, found="System Administrator", do="alone"
    ),
    "no role": Case(act=role(None), check="roles", state=WARNING, found="no security role", do="dataverse_role.json"),
    "value column": Case(
        act=nothing, check="columns of settings", found="DEAL_VALUE_FIELD", settings=(("DEAL_VALUE_FIELD", "fab_no"),)
    ),
    "no marker": Case(
        act=column("cosell_syncmarker"), check=COLUMNS, about="cosell_syncmarker", found="has no column", do="Add"
    ),
    "short marker": Case(
        act=column("cosell_syncmarker", max_length=20),
        check=COLUMNS,
        about="cosell_syncmarker",
        found="holds 20 characters",
        do="at least 36",
    ),
    "audit of one line": Case(
        act=column(f"{HOLDER}referralsyncaudit", kind=Kind.STRING),
        check=COLUMNS,
        about=f"{HOLDER}referralsyncaudit",
        found="is of type String",
        do="Memo",
    ),
    "sync is a text": Case(
        act=column(f"{HOLDER}referralsync", kind=Kind.STRING, max_length=9, options=()),
        check=COLUMNS,
        about=f"{HOLDER}referralsync",
        found="is of type String",
        do="Boolean",
    ),
    "short link": Case(
        act=column(f"{HOLDER}referrallink", max_length=50),
        check=COLUMNS,
        about=f"{HOLDER}referrallink",
        state=WARNING,
        found="holds 50 characters",
    ),
    "no intent": Case(
        act=column("msft_customerpurchaseintent"),
        check=COLUMNS,
        about="msft_customerpurchaseintent",
        state=WARNING,
        found="without a purchase intent",
    ),
    "no solution tables": Case(act=unlabelled, check="solutions", found="no table of Microsoft solutions"),
    "no solution": Case(
        act=emptied("msft_mspartnersolutiondetail"), check="solutions", found="names no solution", do="co-sell ready"
    ),
    "deals not tracked": Case(
        act=table("opportunity", tracked=False), check="change tracking", about="opportunity", found="auto-heal cannot"
    ),
    "contacts not tracked": Case(
        act=table("contact", tracked=False), check="change tracking", about="contact", state=WARNING, found="is off"
    ),
    "a key": Case(act=key, check="alternate keys", about="fab_referral", state=WARNING, found="an alternate key"),
    "no endpoint": Case(act=emptied("serviceendpoint"), check=STEPS, found="no webhook leads to", do="Register"),
    "a missing step": Case(act=step("Win of opportunity"), check=STEPS, about="opportunity", found="Win of"),
    "a disabled step": Case(
        act=step("Update of account", statecode=1), check=STEPS, about="account", found="(Update disabled)"
    ),
    "a step that people wait for": Case(
        act=step("Update of opportunity", mode=0), check=STEPS, state=WARNING, found="when they save opportunity"
    ),
    "nobody knows where we are": Case(
        act=nothing, check="webhook", state=WARNING, found="not known where this app", settings=(("PUBLIC_URL", ""),)
    ),
    "a lead's marker": Case(
        act=lead_column("cosell_syncmarker"),
        check="lead columns",
        about="no column for its marker",
        state=WARNING,
        found="lead has no column",
    ),
    "a lead's referral": Case(
        act=lead_column("REFERRAL"), check="lead columns", found="lead has no column for the referral identifier"
    ),
    "two addresses": Case(act=second_webhook, check=STEPS, state=WARNING, found="at 2 addresses", do="copied"),
    "nobody's owner": Case(
        act=nothing, check="DEFAULT_OWNER", found="names no enabled user", settings=(("DEFAULT_OWNER", "Nobody"),)
    ),
    "no owner": Case(
        act=nothing, check="DEFAULT_OWNER", state=WARNING, found="it is empty", settings=(("DEFAULT_OWNER", ""),)
    ),
    "no currency": Case(act=emptied("transactioncurrency"), check="currencies", found="no active currency"),
    "Microsoft's flows": Case(
        act=flow_on, check="Microsoft's flows", found="active: Partner Center to Dynamics 365", do="never uninstall"
    ),
    "another world": Case(act=other_world, check="pinned world", found="belongs to another", do="storage account"),
}
