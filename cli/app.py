"""The tool's commands put together, and what becomes of an error: a sentence and an exit code, never a traceback.

Exit codes: 0 all is well · 1 something is wrong or was left undone, and the output says what · 2 the command or a
setting is wrong · 3 a system could not be reached or let nobody in.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.commands import COMMANDS
from cli.output import Output
from cli.settings import EXAMPLE, loaded
from cli.work import Asked
from shared.errors import AccessLost, CosellError, Misconfigured, Transient

WRONG, MISUSED, UNREACHABLE = 1, 2, 3

app = typer.Typer(
    name="cosell",
    help="Keeps Partner Center co-sell referrals and Dynamics 365 in step: checks, sets up, explains, replays.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def common(
    context: typer.Context,
    settings: Annotated[
        Path | None,
        typer.Option(help=f"App settings as JSON: {EXAMPLE}. The environment wins over the file.", show_default=False),
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")] = False,
) -> None:
    """What every command takes."""
    context.obj = Asked(reading=loaded(settings), output=Output(json=json))


for command in COMMANDS:
    command(app)


def main() -> None:
    """Run the tool as a program."""
    try:
        app()
    except Misconfigured as error:
        _end("\n".join(error.problems), MISUSED)
    except (Transient, AccessLost) as error:
        _end(str(error), UNREACHABLE)
    except CosellError as error:
        _end(str(error), WRONG)
    except KeyboardInterrupt:
        _end("stopped", 130)


def _end(text: str, code: int) -> None:
    sys.stderr.write(f"cosell: {text}\n")
    raise SystemExit(code)
