"""QualifyLead: a lead becomes an account, a contact and an opportunity, as far as that is asked for.

learn.microsoft.com/dotnet/api/microsoft.crm.sdk.messages.qualifyleadrequest and the Web API's QualifyLead action.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.customizing_rows import map_id
from sandbox.dynamics.execution import Event, Execution
from sandbox.dynamics.lead_maps import mapped
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.pipeline import Pipeline
from sandbox.dynamics.schema import Table
from sandbox.dynamics.store import Ref, Row
from sandbox.dynamics.values import parse

OPEN, QUALIFIED = 0, 1
# Every one of them is "Nullable: false" on the action's page.
_REQUIRED: dict[str, type] = {"CreateAccount": bool, "CreateContact": bool, "CreateOpportunity": bool, "Status": int}
_GIVEN = (
    ("OpportunityCurrencyId", "transactioncurrency", "transactioncurrencyid"),
    ("OpportunityCustomerId", "account", "customerid"),
    ("OpportunityCustomerId", "contact", "customerid"),
)


@dataclass(frozen=True, kw_only=True)
class Qualifying:
    """One qualification, within the call's transaction."""

    pipeline: Pipeline
    execution: Execution
    body: Mapping[str, Any]

    @property
    def _organization(self) -> Organization:
        return self.pipeline.organization

    def run(self, row_id: str) -> list[Ref]:
        """The rows made; the lead ends Qualified."""
        table = self._organization.schema.tables["lead"]
        lead = self._organization.store.get("lead", row_id)
        if lead is None:
            raise errors.not_found("lead", row_id)
        self._check(lead)
        start, status = len(self._organization.events), self._status(table, row_id)
        made = self._made(lead)
        values: Row = {f"parent{each}id": made[each] for each in ("account", "contact") if each in made}
        if "opportunity" in made:
            values["qualifyingopportunityid"] = made["opportunity"]
        self.pipeline.update(table, row_id, {**values, "statecode": QUALIFIED, "statuscode": status}, self.execution)
        self._announce(row_id, status, start)
        return list(made.values())

    def _check(self, lead: Row) -> None:
        for name, kind in _REQUIRED.items():
            if type(self.body.get(name)) is not kind:
                raise errors.DataverseError(errors.INVALID_ARGUMENT, f"Required parameter '{name}' is missing.")
        if lead["statecode"] != OPEN:
            code = self._organization.switches.text("qualify_closed")
            raise errors.DataverseError(code, "The lead is already closed.")
        role = self.execution.caller.role
        if self.body["CreateAccount"] and role is not None and not role.allows("prvCreateAccount", ""):
            raise errors.DataverseError(
                errors.CANNOT_QUALIFY,
                "You can't qualify this lead because you don't have permission to create accounts.",
            )

    def _status(self, table: Table, row_id: str) -> int:
        status, allowed = self.body["Status"], table.status_of(QUALIFIED)
        if status == -1:
            return allowed[0]
        if status not in allowed:
            raise errors.DataverseError(
                errors.STATE_MISMATCH, f"{status} is not a valid status code on lead with Id {row_id}."
            )
        return int(status)

    def _made(self, lead: Row) -> dict[str, Ref]:
        """Each with the lead it came from; account and contact point to each other when both are made."""
        made: dict[str, Ref] = {}
        if self.body["CreateAccount"] and lead.get("companyname"):
            made["account"] = self._make("account", lead, {})
        if self.body["CreateContact"] and lead.get("fullname"):
            parent = {"parentcustomerid": made["account"]} if "account" in made else {}
            made["contact"] = self._make("contact", lead, parent)
        if len(made) == 2:
            table = self._organization.schema.tables["account"]
            self.pipeline.update(table, made["account"].id, {"primarycontactid": made["contact"]}, self.execution)
        if self.body["CreateOpportunity"]:
            parents = {f"parent{name}id": ref for name, ref in made.items()}
            made["opportunity"] = self._make("opportunity", lead, parents | self._given())
        return made

    def _make(self, name: str, lead: Row, more: Row) -> Ref:
        own = mapped(lead, name) | self._mapped_besides(lead, name)
        values = {**own, "originatingleadid": Ref("lead", lead["leadid"]), **more}
        return Ref(name, self.pipeline.create(self._organization.schema.tables[name], values, self.execution))

    def _mapped_besides(self, lead: Row, target: str) -> Row:
        """What somebody mapped beside the default maps (map-entity-fields)."""
        rows = self._organization.store.children("attributemap", "entitymapid", map_id("lead", target))
        found = {row["targetattributename"]: lead.get(row["sourceattributename"]) for row in rows}
        return {name: value for name, value in found.items() if value is not None}

    def _given(self) -> Row:
        """Currency and customer named by the caller, who has to name rows that exist."""
        values: Row = {}
        for parameter, table, column in _GIVEN:
            named = self.body.get(parameter)
            if isinstance(named, Mapping) and named.get(f"{table}id"):
                key = self._organization.schema.tables[table].columns[f"{table}id"]
                ref = Ref(table, parse(key, table, named[f"{table}id"]))
                if self._organization.store.of(ref) is None:
                    raise errors.not_found(table, ref.id)
                values[column] = ref
        return values

    def _announce(self, row_id: str, status: int, start: int) -> None:
        """Which messages steps see is public nowhere: all, only QualifyLead, or only those of the rows."""
        events, mode = self._organization.events, self._organization.switches.text("qualify_events")
        if mode == "qualify_only":
            del events[start:]
        if mode == "update_only":
            return
        asked = {name: self.body[name] for name in _REQUIRED if name != "Status"}
        self.pipeline.emit(
            Event(
                message="QualifyLead",
                table="lead",
                row=row_id,
                execution=self.execution,
                after=self._organization.store.get("lead", row_id),
                inputs={"LeadId": Ref("lead", row_id), **asked, "Status": status},
            )
        )


def shown(ref: Ref) -> dict[str, Any]:
    return {"@odata.type": f"#Microsoft.Dynamics.CRM.{ref.table}", f"{ref.table}id": ref.id}
