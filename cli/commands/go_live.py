"""`cosell go-live`: the deliberate second step after a deployment, and the way back."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.azure.azd import Place, place
from cli.azure.management import management
from cli.golive.commands import commands
from cli.golive.going import Going, Wish
from cli.work import Asked, run
from shared.settings import environment


def add(app: typer.Typer) -> None:
    app.command("go-live")(go_live)


def go_live(
    context: typer.Context,
    app: Annotated[str, typer.Option("--app", metavar="NAME", help="The function app. Default: azd's.")] = "",
    group: Annotated[
        str, typer.Option("--resource-group", metavar="GROUP", help="Its resource group. Default: azd's.")
    ] = "",
    subscription: Annotated[
        str, typer.Option("--subscription", metavar="ID", help="Its subscription's id. Default: azd's.")
    ] = "",
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Set MODE=test again. The webhook is left as it is.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Displace another integration of this tenant at Partner Center.")
    ] = False,
    print_only: Annotated[
        bool, typer.Option("--print", help="Print the commands that do the same by hand, and change nothing.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, say what would be done, end.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Set MODE=live on the deployed app and have Partner Center's events sent to it. Refused while doctor fails."""
    asked: Asked = context.obj
    where = place({"app": app, "group": group, "subscription": subscription}, environment())
    wish = Wish(mode="test" if undo else "live", overwrite=overwrite, dry_run=dry_run, yes=yes)
    if print_only:
        asked.output.lines(commands(where, wish.mode))
        asked.output.document({"commands": commands(where, wish.mode)})
        return
    raise typer.Exit(run(gone(asked, where, wish)))


async def gone(asked: Asked, where: Place, wish: Wish) -> int:
    """The exit code; what Azure or a system refuses is raised."""
    async with management(where) as azure:
        return await Going(azure=azure, asked=asked, wish=wish).carried()
