"""`cosell webhook`: where Partner Center's events go, and having them sent to this installation."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from cli.address import Address, address_of
from cli.output import Output
from cli.work import Asked, run
from shared.connectors.partner_center.registration import EVENTS
from shared.connectors.partner_center.webhook import Webhook
from shared.domain.registering import Proven, Registering, Step
from shared.domain.subscription import Compared, Standing
from shared.platform.webhook import described, reported

WRONG = 1  # as in cli.app: something is wrong or was left undone
DONE = {
    Step.REGISTERED: "Registered: Partner Center sends its events to {url}.",
    Step.UNCHANGED: "Nothing to do: Partner Center sends its events to {url} already.",
    Step.PLANNED: "A dry run: Partner Center would send its events to {url}.",
    Step.TAKEN: "Not registered: {reason}.",
    Step.FORBIDDEN: "Not registered: {reason}.",
}
TESTS = {Proven.DELIVERED: "ok", Proven.FAILED: "failed", Proven.PENDING: "warning", Proven.UNTRIED: "warning"}


def add(app: typer.Typer) -> None:
    group = typer.Typer(name="webhook", help="Where Partner Center's events go.", no_args_is_help=True)
    group.command()(show)
    group.command()(register)
    app.add_typer(group)


def show(context: typer.Context, url: Address = "") -> None:
    """Show what is registered at Partner Center, and what of it is ours, missing or foreign."""
    asked: Asked = context.obj
    found = run(look(asked, address_of(url)))
    _show(asked.output, found)
    if asked.settings.mode == "live" and found.standing is not Standing.OURS:
        raise typer.Exit(WRONG)


def register(
    context: typer.Context,
    events: Annotated[
        list[str] | None,
        typer.Option(help="Only these events, separated by commas. Default: all four.", show_default=False),
    ] = None,
    url: Address = "",
    *,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Displace another integration of this tenant.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be registered.")] = False,
) -> None:
    """Have Partner Center's events sent to this installation, and prove it with a test event."""
    asked: Asked = context.obj
    wanted, address = _events(events), address_of(url)
    done = run(registered(asked, wanted, address, overwrite=overwrite, dry_run=dry_run))
    _report(asked.output, done)
    if done.step is not Step.PLANNED and done.proof.state is not Proven.DELIVERED:
        raise typer.Exit(WRONG)


async def look(asked: Asked, address: str) -> Compared:
    async with asked.tools() as tools:
        return await _at(tools.core.webhook, address).look()


async def registered(
    asked: Asked, events: tuple[str, ...], address: str, *, overwrite: bool, dry_run: bool
) -> Registering:
    async with asked.tools() as tools:
        with asked.output.progress("Registering, and waiting for the test event"):
            webhook = _at(tools.core.webhook, address)
            return await webhook.register(events, overwrite=overwrite, dry_run=dry_run)


def _at(webhook: Webhook, address: str) -> Webhook:
    return replace(webhook, address=address) if address else webhook


def _events(given: list[str] | None) -> tuple[str, ...]:
    names = tuple(name.strip() for text in given or () for name in text.split(",") if name.strip())
    if wrong := [name for name in names if name not in EVENTS]:
        raise typer.BadParameter(f"{', '.join(wrong)}: any of {', '.join(EVENTS)}", param_hint="--events")
    return names or EVENTS


def _show(output: Output, found: Compared) -> None:
    output.say(f"Registered: {found.held.shown if found.held else 'nothing'}")
    output.say(f"This app:   {found.own or 'not known'}")
    here = found.standing in (Standing.OURS, Standing.INCOMPLETE)
    states = {event: "failed" if event in found.missing else "ok" if here else "warning" for event in EVENTS}
    words = {"ok": "comes here", "failed": "not registered", "warning": "goes elsewhere"}
    rows = [(event, state, words[state]) for event, state in states.items()]
    rows += [(event, "", "of another integration") for event in found.foreign]
    output.table(("event", "state", ""), rows)
    if found.problem:
        output.say(f"{found.problem[0].upper()}{found.problem[1:]}.")
    output.document(described(found))


def _report(output: Output, done: Registering) -> None:
    output.say(DONE[done.step].format(url=done.wanted.shown, reason=done.reason))
    if done.step in (Step.REGISTERED, Step.PLANNED):
        output.say(f"Events: {', '.join(done.wanted.events)}")
    if done.displaced and done.step is not Step.TAKEN:
        output.say(f"Displaced: {done.displaced.shown}, which had {done.displaced.named()}")
    if done.proof.detail:
        output.table(("test event", ""), [(TESTS[done.proof.state], done.proof.detail)])
    output.document({**reported(done), "reason": done.reason})
