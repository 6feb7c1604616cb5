"""Actions and functions: closing an opportunity, qualifying a lead, who am I."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.dynamics import components, errors
from sandbox.dynamics.execution import Event, Execution
from sandbox.dynamics.forms import publish, publish_all
from sandbox.dynamics.metadata_changes import insert_option
from sandbox.dynamics.organization import ORGANIZATION, Organization
from sandbox.dynamics.payload import PayloadReader
from sandbox.dynamics.pipeline import Pipeline
from sandbox.dynamics.qualifying import Qualifying, shown
from sandbox.dynamics.rules_opportunity import LOST, OPEN, WON
from sandbox.dynamics.store import Ref, Row

_CLOSING = {"WinOpportunity": ("Win", WON), "LoseOpportunity": ("Lose", LOST)}


@dataclass(frozen=True, kw_only=True)
class Actions:
    """Runs actions for one request; a result of None is 204."""

    pipeline: Pipeline
    reader: PayloadReader
    execution: Execution

    def unbound(self, name: str) -> Callable[[Mapping[str, Any]], dict[str, Any] | None] | None:
        if name in _CLOSING:
            return lambda body: self._close(*_CLOSING[name], body)
        organization, customizing = self.pipeline.organization, _CUSTOMIZING.get(name)
        return (lambda body: customizing(organization, body)) if customizing else None

    def who_am_i(self) -> dict[str, Any]:
        caller = self.execution.caller
        return {"BusinessUnitId": caller.business_unit, "UserId": caller.user, "OrganizationId": ORGANIZATION}

    def _close(self, message: str, state: int, body: Mapping[str, Any]) -> None:
        """Makes the opportunityclose activity and sets state, status, actual value and date of the opportunity."""
        schema, store = self.pipeline.organization.schema, self.pipeline.organization.store
        closing = self._close_values(body)
        target = closing.get("opportunityid")
        if not isinstance(target, Ref):
            raise errors.DataverseError(errors.INVALID_ARGUMENT, "OpportunityClose names no opportunity.")
        opportunity = schema.tables["opportunity"]
        before = store.get("opportunity", target.id) or {}
        if before.get("statecode") != OPEN:
            raise errors.DataverseError(errors.ALREADY_CLOSED, "The opportunity has already been closed.")
        status = self._status(body, opportunity.status_of(state), target.id)
        start = len(self.pipeline.organization.events)
        activity = self._make_activity(closing, before)
        ended = (closing.get("actualend") or self.pipeline.organization.stamp())[:10]
        effects = {"actualvalue": closing.get("actualrevenue"), "actualclosedate": ended}
        values = {"statecode": state, "statuscode": status, **effects}
        self.pipeline.update(opportunity, target.id, values, self.execution, closing=True)
        self._announce(message, target.id, activity, status, start)

    def _close_values(self, body: Mapping[str, Any]) -> Row:
        """Actualend is sent as a date or as a moment; a date is that day's start."""
        given = body.get("OpportunityClose")
        if not isinstance(given, Mapping):
            raise errors.DataverseError(errors.INVALID_ARGUMENT, "Required parameter 'OpportunityClose' is missing.")
        table = self.pipeline.organization.schema.tables["opportunityclose"]
        ended = given.get("actualend")
        plain = {**given}
        if isinstance(ended, str) and len(ended) == 10:
            plain["actualend"] = f"{ended}T00:00:00Z"
        return self.reader.changes(table, plain, creating=True).values

    def _status(self, body: Mapping[str, Any], allowed: list[int], row: str) -> int:
        status = body.get("Status", -1)
        if status == -1:
            return allowed[0]
        if status not in allowed:
            raise errors.DataverseError(
                errors.STATE_MISMATCH, f"{status} is not a valid status code on opportunity with Id {row}."
            )
        return int(status)

    def _make_activity(self, closing: Row, before: Row) -> str:
        table = self.pipeline.organization.schema.tables["opportunityclose"]
        values = {"transactioncurrencyid": before.get("transactioncurrencyid"), **closing}
        values |= {"statecode": 1, "statuscode": 2, "actualend": closing.get("actualend") or self._now()}
        return self.pipeline.create(table, values, self.execution)

    def _now(self) -> str:
        return self.pipeline.organization.stamp()

    def _announce(self, message: str, row: str, activity: str, status: int, start: int) -> None:
        """Which messages steps see is public nowhere: all, only Win/Lose, or only the row events."""
        organization = self.pipeline.organization
        mode = organization.switches.text("close_events")
        if mode == "win_lose_only":
            del organization.events[start:]
        if mode == "update_only":
            return
        store = organization.store
        self.pipeline.emit(
            Event(
                message=message,
                table="opportunity",
                row=row,
                execution=self.execution,
                after=store.get("opportunity", row),
                inputs={
                    "OpportunityClose": ("opportunityclose", store.get("opportunityclose", activity)),
                    "Status": status,
                },
            )
        )

    def qualify(self, row_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        made = Qualifying(pipeline=self.pipeline, execution=self.execution, body=body).run(row_id)
        return {"value": [shown(ref) for ref in made]}


_CUSTOMIZING: dict[str, Callable[[Organization, Mapping[str, Any]], dict[str, Any] | None]] = {
    "PublishXml": publish,
    "PublishAllXml": publish_all,
    "InsertOptionValue": insert_option,
    "AddSolutionComponent": components.add,
}
