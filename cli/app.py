"""The tool's commands put together, and what becomes of an error: a sentence and an exit code, never a traceback.

Exit codes: 0 all is well · 1 something is wrong or was left undone, and the output says what · 2 the command or a
setting is wrong · 3 a system could not be reached or let nobody in.
"""

from __future__ import annotations

import io
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli.commands import COMMANDS
from cli.output import Output
from shared.errors import AccessLost, CosellError, Misconfigured, Transient

WRONG, MISUSED, UNREACHABLE = 1, 2, 3


class Commands(TyperGroup):
    """The list of commands, in the order in which an administrator comes to need them."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = {str(one.name): one for one in COMMANDS}

    def make_context(self, info_name: str | None, args: list[str], *given: Any, **extra: Any) -> Any:
        """`--json` is for all commands, and understood behind each as well: no option has such a value."""
        asked = ["--json"] if "--json" in args else []
        return super().make_context(info_name, [*asked, *(one for one in args if one != "--json")], *given, **extra)


app = typer.Typer(
    cls=Commands,
    name="cosell",
    help="Keeps Partner Center co-sell referrals and Dynamics 365 in step: checks, sets up, explains, replays.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def released(asked: bool) -> None:  # noqa: FBT001 - a callback is given its option's value
    """Print which release this is, and end."""
    if asked:
        try:
            told = version("cosell-sync")
        except PackageNotFoundError:
            told = "from a checkout"
        sys.stdout.write(f"cosell {told}\n")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    settings: Annotated[
        Path | None,
        typer.Option(
            help="App settings as JSON: local.settings.json (the default, if it is there), or what "
            "`az functionapp config appsettings list` prints; or `azure`: those of the app that azd deployed. The "
            "environment wins over them.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback has ended the program where it was asked for
        bool, typer.Option("--version", help="Print the release and end.", callback=released, is_eager=True)
    ] = False,
) -> None:
    """What every command takes."""
    from cli.settings import loaded  # noqa: PLC0415 - all of the product comes with it, and help does without
    from cli.work import Asked  # noqa: PLC0415 - the same

    context.obj = Asked(reading=loaded(settings), output=Output(json=json))


def main() -> None:
    """Run the tool as a program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Windows gives a file or a pipe a code page without ≠ and ✓
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
    try:
        app(prog_name="cosell")
    except Misconfigured as error:
        _end("\n".join(error.problems), MISUSED)
    except (Transient, AccessLost) as error:
        _end(f"{error}\n`cosell doctor` looks at everything that may be in the way.", UNREACHABLE)
    except CosellError as error:
        _end(str(error), WRONG)
    except KeyboardInterrupt:
        _end("stopped", 130)


def _end(text: str, code: int) -> None:
    sys.stderr.write(f"cosell: {text}\n")
    raise SystemExit(code)
