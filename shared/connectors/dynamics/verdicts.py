"""What Dataverse's error codes mean for a deal: the code decides, the status only where no code is known.

Codes and when they come: learn.microsoft.com/power-apps/developer/data-platform/reference/web-service-error-codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from shared.connectors.answers import Missing, Said, Verdict, Verdicts, verdict
from shared.errors import AccessLost, Conflict, Refused, Throttled, Unavailable

SYSTEM = "Dynamics 365"


class AlreadyThere(Refused):
    """A row with this id exists: what was to be created has been created."""


class AlreadyClosed(Refused):
    """The row is closed: closing it again is done, anything else is refused."""


class CurrencyFixed(Refused):
    """The row's currency cannot be changed (it has product lines, or a price list in that currency)."""


class UnknownName(Refused):
    """A table or column that this organisation does not have, or not any more."""


class CursorExpired(Refused):
    """A delta token is too old, or the table's definition has changed since: everything has to be read again."""


class NotTracked(Refused):
    """Change tracking is off for the table."""


_ROLE = "Give the application user a security role with the privilege that the message names"
_LENGTH = "Shorten the value in the other system, or make the column longer"

CODES: Mapping[str, Verdict] = MappingProxyType(
    {
        "0x80060882": verdict(Conflict),
        "0x80060883": verdict(Conflict),
        "0x80072322": verdict(Throttled),
        "0x80072321": verdict(Throttled),
        "0x80072326": verdict(Throttled),
        "0x8005F103": verdict(Throttled),
        "0x80072324": verdict(Throttled),
        "0x80040224": verdict(Unavailable),
        "0x80071151": verdict(Unavailable),
        "0x80071154": verdict(Unavailable),
        "0x80040217": verdict(Missing),
        "0x80060891": verdict(Missing),
        "0x80040220": verdict(AccessLost, _ROLE),
        "0x80048405": verdict(AccessLost, _ROLE),
        "0x8004F507": verdict(AccessLost, "Let the application user read and update the secured columns"),
        "0x80072560": verdict(AccessLost, "Add the application user to this environment and give it a security role"),
        "0x80040237": verdict(AlreadyThere),
        "0x80060892": verdict(Refused, "Another row has the same alternate key: correct one of the two"),
        "0x80040333": verdict(Refused, "A duplicate detection rule found a similar row: merge the two or relax it"),
        "0x80060888": verdict(UnknownName),
        "0x80048D19": verdict(UnknownName),
        "0x80041103": verdict(UnknownName),
        "0x8006088A": verdict(UnknownName),
        "0x80044331": verdict(Refused, _LENGTH),
        "0x8004431A": verdict(Refused, "Add the option to the column, or choose another"),
        "0x80040265": verdict(Refused, "A plug-in of this organisation refused the row: do what its message says"),
        "0x80040203": verdict(Refused, "Correct the value that the message names"),
        "0x80048408": verdict(Refused, "Choose a status reason that belongs to the status"),
        "0x80100005": verdict(Refused, "Close the opportunity with Close as Won or Close as Lost"),
        "0x80040515": verdict(AlreadyClosed, "Reopen the opportunity to change it"),
        "0x80040519": verdict(AlreadyClosed),
        "0x80081018": verdict(AlreadyClosed),
        "0x80040516": verdict(Refused, "The opportunity cannot be closed now: look at its open tasks and quotes"),
        "0x80048479": verdict(CurrencyFixed, "Remove the product lines, or change the currency back"),
        "0x80048CEF": verdict(CurrencyFixed, "Choose a price list in that currency, or change the currency back"),
        "0x80048CFB": verdict(Refused, "Give the row a currency"),
        "0x80044182": verdict(Refused, "Automations of this organisation call one another without end: stop one"),
        "0x80044352": verdict(CursorExpired),
        "0x80072491": verdict(NotTracked, "Turn on change tracking for the table"),
        "0x80072492": verdict(NotTracked, "Turn on change tracking for the table"),
    },
)


def said(body: Any) -> Said:
    """`{"error": {"code": …, "message": …}}`; some answers of the OData layer leave the code empty or `0x0`."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return Said()
    code, message = error.get("code"), error.get("message")
    known = isinstance(code, str) and code not in ("", "0x0")
    return Said(codes=(str(code),) if known else (), message=message if isinstance(message, str) else "")


# Both names of the id that Microsoft's support asks for have been seen on answers.
VERDICTS = Verdicts(read=said, codes=CODES, request_ids=("x-ms-service-request-id", "REQ_ID"))
