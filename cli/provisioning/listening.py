"""What wakes a deal in Dynamics 365: which messages of which tables, and by which columns."""

from __future__ import annotations

from dataclasses import dataclass

from cli.provisioning.site import Site
from cli.provisioning.tables import Tables
from cli.provisioning.webhook import NAME
from shared.connectors.dynamics.selection import CONTACT, USER, account_columns

ROW_EVENTS = ("Create", "Update", "Delete")
DEAL_EVENTS = (*ROW_EVENTS, "Win", "Lose")


@dataclass(frozen=True, kw_only=True)
class Listening:
    """One step: the message of a table, only for these columns where some are named, with an image of others."""

    table: str
    message: str
    columns: tuple[str, ...] = ()
    image: str = ""

    @property
    def shown(self) -> str:
        return f"{self.message} of {self.table}"

    @property
    def name(self) -> str:
        return f"{NAME}: {self.shown}"


def wanted(site: Site, tables: Tables) -> tuple[Listening, ...]:
    """Masters only by the columns that deals are made of, since most of their changes are no deal's business.

    What a changed or deleted solution row belonged to says only its image.
    """
    deals = [Listening(table="opportunity", message=message) for message in DEAL_EVENTS]
    leads = [Listening(table="lead", message=message) for message in ROW_EVENTS]
    rows = [
        Listening(table=tables.row, message=message, image="" if message == "Create" else tables.lookup)
        for message in ROW_EVENTS
    ]
    details = [Listening(table=tables.detail, message=message) for message in ROW_EVENTS]
    masters = {
        "account": account_columns(site.config)[1:],
        "contact": CONTACT[1:],
        "systemuser": tuple(name for name in USER[1:] if name != "applicationid"),
    }
    updates = [Listening(table=table, message="Update", columns=names) for table, names in masters.items()]
    return (*deals, *leads, *rows, *details, *updates)
