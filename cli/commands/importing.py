"""`cosell import FILE`: what the tested set-up has otherwise, in the form that Azure takes; with --links a restore."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from cli.carrying.comparing import Compared, compare
from cli.carrying.document import Setup
from cli.carrying.file import opened, replacing
from cli.carrying.restoring import Restored, restore
from cli.carrying.settings import for_azure
from cli.carrying.setup import world_here
from cli.output import counted
from cli.work import Asked, run
from shared.domain.link import Link
from shared.errors import Misconfigured, NeedsDecision

WELL, WRONG = 0, 1
AZURE = "az functionapp config appsettings set --name <app> --resource-group <group> --settings @{file}"
ELSEWHERE = "Links belong to one organisation and tenant: import them into an installation of the same"
SettingsOut = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write what differs as `az` takes it.", show_default=False)
]
CustomizeOut = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the customisation file.", show_default=False)
]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the command line asked to be done with the file."""

    file: Path
    settings_out: Path | None = None
    customize_out: Path | None = None
    links: bool = False
    force: bool = False


def add(app: typer.Typer) -> None:
    app.command("import")(imported)


def imported(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `cosell export` wrote.", show_default=False)],
    *,
    settings_out: SettingsOut = None,
    customize_out: CustomizeOut = None,
    links: Annotated[bool, typer.Option("--links", help="Put the file's links into the link store.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files and links that are there.")] = False,
) -> None:
    """Show where a tested set-up differs from this installation, and prepare to take it over."""
    wanted = Wanted(file=file, settings_out=settings_out, customize_out=customize_out, links=links, force=force)
    raise typer.Exit(run(taken(context.obj, wanted)))


async def taken(asked: Asked, wanted: Wanted) -> int:
    with opened(wanted.file) as export:
        setup = export.setup
    found = await compare(asked, setup)
    _show(asked, found)
    _write(asked, wanted, setup, found)
    document, left = dict(found.document()), bool(found.missing)
    if wanted.links:
        done = await restored(asked, wanted, setup)
        document, left = document | {"links": asdict(done)}, left or bool(done.left)
    asked.output.document(document)
    return WRONG if left else WELL


def _show(asked: Asked, found: Compared) -> None:
    say = asked.output.say
    if found.differences:
        rows = [(one.name, one.now, one.then) for one in found.differences]
        asked.output.table(("setting", "now", "from the file"), rows)
    else:
        say("Every setting of the file is as it is here.")
    for name in found.unknown:
        say(f"{name} is a setting that this release does not know: it is left out.")
    for option in found.missing:
        say(f"This organisation has no option for {option}.")
    if found.uncompared:
        say(f"Choices were not compared: {found.uncompared}.")


def _write(asked: Asked, wanted: Wanted, setup: Setup, found: Compared) -> None:
    """We cannot change app settings ourselves, so they are prepared for the tool that can."""
    if wanted.settings_out:
        with replacing(wanted.settings_out, force=wanted.force) as write:
            write(json.dumps(for_azure(found.differences), indent=2, ensure_ascii=False) + "\n")
        asked.output.lines([f"To take them over: {AZURE.format(file=wanted.settings_out)}"])
    if setup.customize and wanted.customize_out:
        with replacing(wanted.customize_out, force=wanted.force) as write:
            write(setup.customize.text)
        asked.output.say(f"{wanted.customize_out} is the tested customisation: deploy it with the app.")
    elif setup.customize:
        asked.output.say(f"The file holds {setup.customize.name}: --customize-out writes it.")


async def restored(asked: Asked, wanted: Wanted, setup: Setup) -> Restored:
    """Raises NeedsDecision for another organisation's links, and for links that are stored otherwise."""
    if not setup.links:
        raise Misconfigured(("the file holds no links: it was written without --links",))
    async with asked.tools() as tools:
        here = await world_here(tools)
        if setup.pair != tools.settings.pair or dict(here) != dict(setup.world):
            reason = f"the file's links are of {_place(setup.world)}, and this is {_place(here)}"
            raise NeedsDecision(reason, advice=ELSEWHERE)
        with asked.output.progress("links") as bar:
            done = await restore(
                tools.world.links,
                lambda: _links(wanted.file),
                force=wanted.force,
                told=lambda: bar.advance(bar.task_ids[0]),
            )
    asked.output.say(f"{counted(done.made, 'link')} made, {done.replaced} replaced, {done.same} were so already.")
    for why in done.left:
        asked.output.say(f"Not stored: {why}")
    return done


def _links(file: Path) -> Iterator[Link]:
    with opened(file) as export:
        yield from export.links()


def _place(world: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {ident}" for name, ident in sorted(world.items())) or "nowhere"
