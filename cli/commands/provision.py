"""`cosell provision`: brings a Dataverse environment to what Cosell Sync needs, and takes it away again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.markup import escape

from cli.address import address_of
from cli.azure.azd import place
from cli.azure.management import management
from cli.doctor.crm_steps import DOOR
from cli.output import counted, harmless
from cli.provisioning import make, remove, webhook
from cli.provisioning.carry import Done, carry
from cli.provisioning.forms import Choice
from cli.provisioning.make import Ask
from cli.provisioning.opening import site_of
from cli.provisioning.plan import Plan, Step
from cli.provisioning.site import Site, guid
from cli.provisioning.webhook import Hook
from cli.work import Asked, run
from shared.errors import CosellError
from shared.settings import environment

WRONG = 1  # as the tool's other commands say it
FUNCTION = "dynamics_events"  # whose key Dataverse sends


def add(app: typer.Typer) -> None:
    app.command()(provision)


def provision(
    context: typer.Context,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and change nothing.")] = False,
    url: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where the function app answers: Dataverse posts its events there.")
    ] = "",
    key: Annotated[
        str,
        typer.Option(help="The key of the function dynamics_events; better left out, it is then asked for unseen."),
    ] = "",
    key_from_azure: Annotated[
        bool, typer.Option("--key-from-azure", help="Fetch the key from the deployed app that azd's environment names.")
    ] = False,
    new_key: Annotated[bool, typer.Option("--new-key", help="Send the key although one is set already.")] = False,
    application: Annotated[
        str,
        typer.Option(
            metavar="GUID",
            help="Client id of the application user that gets the role; else DATAVERSE_CLIENT_ID or AZURE_CLIENT_ID.",
        ),
    ] = "",
    form: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only the main form of this name gets the tab; may be said several times."),
    ] = None,
    no_form: Annotated[bool, typer.Option("--no-form", help="Touch no form.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take away what an earlier run made.")] = False,
    with_data: Annotated[bool, typer.Option("--with-data", help="With --remove: also what holds data.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --remove: do not ask.")] = False,
) -> None:
    """Make the columns, tables, form tab, webhook and role that are missing in Dynamics 365.

    Running it again changes nothing. A clash stops it before anything is written.
    """
    asked: Asked = context.obj
    wish = Wish(
        ask=Ask(
            hook=Hook(url=address_of(url, DOOR), key=SecretStr(key), renew=new_key),
            forms=Choice(names=frozenset(form or ()), none=no_form),
            application=_application(asked, application),
        ),
        dry_run=dry_run,
        remove=remove,
        with_data=with_data,
        yes=yes,
        key=azures if key_from_azure else typed,
    )
    run(carried(asked, wish))


async def typed() -> SecretStr:
    """The key as a person knows it, unseen."""
    return SecretStr(typer.prompt("Key of the function dynamics_events", hide_input=True, err=True))


async def azures() -> SecretStr:
    """The key as Azure has it: of this one function, and as whoever is signed in there."""
    async with management(place({}, environment())) as azure:
        return await azure.key(FUNCTION)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The command line as a value; `key` finds the webhook's key where one is needed."""

    ask: Ask = field(default_factory=Ask)
    key: Callable[[], Awaitable[SecretStr]] = typed
    dry_run: bool = False
    remove: bool = False
    with_data: bool = False
    yes: bool = False


async def carried(asked: Asked, wish: Wish) -> None:
    """Plan, tell, carry out. Raises typer.Exit with 1 for a clash, and what the environment refused."""
    async with site_of(asked) as site:
        ask = wish.ask
        if not wish.remove and not wish.dry_run:
            ask = replace(ask, hook=await _keyed(site, ask.hook, wish.key))
        with asked.output.progress("reading the environment"):
            plan = await (remove.plan(site, with_data=wish.with_data) if wish.remove else make.plan(site, ask))
        asked.output.say(f"Environment: {site.config.host}")
        _told(asked, plan, "nothing of ours is there" if wish.remove else "everything is there")
        if plan.clashes or wish.dry_run or not plan.steps:
            _document(asked, site, plan, wish, Done())
            raise typer.Exit(WRONG if plan.clashes else 0)
        if wish.remove and not wish.yes:
            typer.confirm("Take all of this away?", abort=True, err=True)
        done = await _carry(asked, site, plan)
        _document(asked, site, plan, wish, done)
        _finish(asked, done)


def _application(asked: Asked, text: str) -> str:
    settings = asked.reading.best
    found = text or settings.dataverse_client_id or settings.azure_client_id
    try:
        return guid(found) if found else ""
    except CosellError as error:
        raise typer.BadParameter("--application is a GUID: the client id of the application or identity") from error


async def _keyed(site: Site, hook: Hook, key: Callable[[], Awaitable[SecretStr]]) -> Hook:
    """Asked for only where it is needed."""
    if hook.key.get_secret_value() or not webhook.needs_key(hook, await webhook.endpoint(site, hook.url)):
        return hook
    return replace(hook, key=await key())


def _told(asked: Asked, plan: Plan, complete: str) -> None:
    output = asked.output
    if plan.steps:
        output.table(("", "what"), [(str(each.act), each.what) for each in plan.steps])
        if plan.publishes:
            output.say(f"then publish {', '.join(sorted(plan.publishes))}, once")
    elif not plan.clashes:
        output.say(f"Nothing to do: {complete}.")
    for text in plan.notes:
        output.say(f"left: {text}")
    for text in plan.clashes:
        output.say(f"clash: {text}")
    if plan.clashes:
        output.say("Nothing was changed.")


async def _carry(asked: Asked, site: Site, plan: Plan) -> Done:
    with asked.output.progress("changing", len(plan.steps) + 1) as bar:
        return await carry(site, plan, lambda step: bar.update(bar.task_ids[0], advance=1, description=_shown(step)))


def _shown(step: Step) -> str:
    """Names of forms and tables are other people's words, and no markup."""
    return escape(harmless(str(step)))


def _document(asked: Asked, site: Site, plan: Plan, wish: Wish, done: Done) -> None:
    steps = [{"act": each.act, "what": each.what, "done": each in done.steps} for each in plan.steps]
    result: Mapping[str, object] = {
        "environment": site.config.host,
        "dry_run": wish.dry_run,
        "steps": steps,
        "notes": [*plan.notes, *(f"{step.what}: {why}" for step, why in done.left)],
        "clashes": plan.clashes,
        "error": str(done.error) if done.error else None,
    }
    asked.output.document(result)


def _finish(asked: Asked, done: Done) -> None:
    for step, why in done.left:
        asked.output.say(f"left: {step.what}: {why}")
    if done.error is None:
        asked.output.say(f"Done: {counted(len(done.steps), 'change')}.")
        return
    stopped = done.failed.what if done.failed else "publishing"
    made = counted(len(done.steps), "change")
    asked.output.say(f"Stopped at: {stopped}. Made before it: {made}; run it again to go on.")
    raise done.error
