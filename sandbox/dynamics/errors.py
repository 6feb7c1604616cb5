"""The vendor's error codes, with the HTTP status each comes with, and the body they are told in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Codes and names as in the vendor's error reference; statuses as in its pages on the Web API, 400 where it names none.
_STATUS = {
    "0x80040217": 404,
    "0x80060891": 404,
    "0x8006088a": 404,
    "0x80040237": 412,
    "0x80040333": 412,
    "0x80060882": 412,
    "0x80060892": 412,
    "0x80072322": 429,
    "0x80072321": 429,
    "0x80072326": 429,
    "0x80040220": 403,
    "0x80048405": 403,
    "0x80072560": 403,
    "0x80040216": 500,
    "0x80040227": 405,
}
NOT_FOUND = "0x80040217"
KEY_NOT_FOUND = "0x80060891"
KEY_NOT_DEFINED = "0x80060890"
SEGMENT_NOT_FOUND = "0x8006088a"
DUPLICATE = "0x80040237"
DUPLICATE_KEY = "0x80060892"
STALE = "0x80060882"
BURST = "0x80072322"
CONCURRENCY = "0x80072326"
PRIVILEGE = "0x80040220"
NOT_A_MEMBER = "0x80072560"
INVALID_ARGUMENT = "0x80040203"
TOO_LONG = "0x80044331"
OPTION_UNKNOWN = "0x8004431A"
PAYLOAD = "0x80048d19"
QUERY = "0x80060888"
STATE_MISMATCH = "0x80048408"
CLOSE_BY_ACTION = "0x80100005"
ALREADY_CLOSED = "0x80040515"
CANNOT_CLOSE = "0x80040516"
LEAD_CLOSED = "0x80040519"
CANNOT_QUALIFY = "0x80081018"
CURRENCY_FIXED = "0x80048479"
TOKEN_EXPIRED = "0x80044352"
NOT_TRACKED = "0x80072491"
COLUMN_EXISTS = "0x80047013"
NAME_TAKEN = "0x80047010"
IN_USE = "0x8004F01F"
ASSOCIATED = "0x80040227"
SOLUTION_EXISTS = "0x8004F023"
SOLUTION_UNKNOWN = "0x8004F002"
BUSY = "0x80071151"
KEY_EXISTS = "0x80060893"
UNEXPECTED = "0x80040216"
IMAGE_PROPERTY = "0x8004416b"

_DETAILS = "@Microsoft.PowerApps.CDS.ErrorDetails"
_HELP = "http://go.microsoft.com/fwlink/?LinkID=398563&error=Microsoft.Crm.CrmException"


@dataclass
class DataverseError(Exception):
    """One refusal; `status` 0 means the code's own."""

    code: str
    message: str
    status: int = 0
    retry_after: int | None = None

    def __post_init__(self) -> None:
        self.status = self.status or _STATUS.get(self.code, 400)
        super().__init__(f"{self.code} {self.message}")

    def body(self, *, annotated: bool = False) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if annotated:
            error |= {
                f"{_DETAILS}.OperationStatus": "0",
                f"{_DETAILS}.SubErrorCode": "-2146233088",
                "@Microsoft.PowerApps.CDS.HelpLink": f"{_HELP}%3a{self.code}",
                "@Microsoft.PowerApps.CDS.InnerError.Message": self.message,
            }
        return {"error": error}


def not_found(table: str, row: str) -> DataverseError:
    return DataverseError(NOT_FOUND, f"{table} With Id = {row} Does Not Exist")


def undeclared(name: str, table: str) -> DataverseError:
    """A property that the table does not declare; casing counts, and nobody says what would be right."""
    return DataverseError(
        PAYLOAD,
        f"Error identified in Payload provided by the user for Entity :'{table}', For more information on this error "
        f"please follow this help link ----> InnerException : Microsoft.OData.ODataException: An undeclared property "
        f"'{name}' which only has property annotations in the payload but no property value was found in the payload.",
    )


def wrong_type(name: str, table: str, expected: str) -> DataverseError:
    return DataverseError(
        PAYLOAD,
        f"Error identified in Payload provided by the user for Entity :'{table}', InnerException : "
        f"Microsoft.OData.ODataException: Cannot convert the value of property '{name}' to the expected type "
        f"'{expected}'.",
    )


def no_property(name: str, table: str) -> DataverseError:
    return DataverseError(QUERY, f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'.")
