"""`--url`: where the function app answers, the same for every command that asks for it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import typer

from shared.setting_types import url as plain_url

LIKE = "https://contoso-cosell.azurewebsites.net"
NOT_PLAIN = f"not a plain https address ({{error}}), like {LIKE}: the key is given apart, and never in the address"
Address = Annotated[
    str,
    typer.Option(
        "--url",
        metavar="ADDRESS",
        help=f"Where the function app answers, like {LIKE}. Default: PUBLIC_URL.",
        show_default=False,
    ),
]


def address_of(text: str, door: str = "") -> str:
    """The address as it was given, and with the path `door` where it has none. Raises a usage error.

    Anything beside host and path is refused, unsaid: a key in the address would be printed with it.
    """
    if not text:
        return ""
    try:
        found = plain_url(text)
    except ValueError as error:
        raise typer.BadParameter(NOT_PLAIN.format(error=error), param_hint="--url") from error
    return found if urlsplit(found).path.strip("/") else f"{found.rstrip('/')}{door}"
