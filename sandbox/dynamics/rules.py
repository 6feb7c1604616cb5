"""What the service does of itself to rows, table by table."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from sandbox.dynamics import errors
from sandbox.dynamics.notifier import settings_of
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.pipeline import Change, Pipeline
from sandbox.dynamics.qualifying import OPEN
from sandbox.dynamics.rules_customizing import AFTER, BEFORE, DELETED, DELETING
from sandbox.dynamics.rules_opportunity import after_opportunity, before_line, before_opportunity, total_up
from sandbox.dynamics.store import Ref

_IMAGE_PROPERTY = {"Create": "Id", "Update": "Target", "Delete": "Target"}


def _full_name(_: Pipeline, change: Change) -> None:
    row = change.row
    row["fullname"] = " ".join(part for part in (row.get("firstname"), row.get("lastname")) if part) or None


def _contact(pipeline: Pipeline, change: Change) -> None:
    _full_name(pipeline, change)
    parent = change.row.get("parentcustomerid")
    change.row["accountid"] = parent if isinstance(parent, Ref) and parent.table == "account" else None


def _lead(pipeline: Pipeline, change: Change) -> None:
    """A closed lead goes to no other closed state; whether it takes edits by API is public nowhere."""
    _full_name(pipeline, change)
    if change.before is None or change.before["statecode"] == OPEN or change.row["statecode"] == OPEN:
        return
    edits = set(change.sent) - {"statecode", "statuscode"}
    refusing = pipeline.organization.switches.text("closed_leads") == "refuse"
    if change.row["statecode"] != change.before["statecode"] or (edits and refusing):
        raise errors.DataverseError(errors.LEAD_CLOSED, "The lead is already closed.")


def _note(_: Pipeline, change: Change) -> None:
    target = change.row.get("objectid")
    change.row["objecttypecode"] = target.table if isinstance(target, Ref) else None


def _endpoint(_: Pipeline, change: Change) -> None:
    change.row["isauthvalueset"] = bool(change.row.get("authvalue"))
    if change.row.get("authtype") in (5, 6):
        try:
            settings_of(change.row.get("authvalue") or "")
        except ET.ParseError as error:
            wanted = '<settings><setting name="x" value="y"/></settings>'
            raise errors.DataverseError(errors.INVALID_ARGUMENT, f"authvalue must be like {wanted}.") from error


def _step(_: Pipeline, change: Change) -> None:
    """Asynchronous steps run after the operation, and only then; a synchronous webhook would hold its user up."""
    if change.row.get("mode") != 1:
        raise errors.DataverseError(errors.INVALID_ARGUMENT, "The sandbox plays asynchronous webhook steps (1) only.")
    if change.row.get("stage") != 40:
        raise errors.DataverseError(
            errors.INVALID_ARGUMENT, "An asynchronous step is only possible in the post-operation stage (40)."
        )


def _image(pipeline: Pipeline, change: Change) -> None:
    """`Id` for Create, `Target` for the others; no pre-image of a Create, no post-image of a Delete."""
    store = pipeline.organization.store
    step = store.of(change.row.get("sdkmessageprocessingstepid")) or {}
    message = str((store.of(step.get("sdkmessageid")) or {}).get("name"))
    wanted, image = _IMAGE_PROPERTY.get(message), change.row.get("imagetype")
    if wanted and change.row.get("messagepropertyname") != wanted:
        raise errors.DataverseError(errors.IMAGE_PROPERTY, f"Message property name of {message} is '{wanted}'.")
    if (message == "Create" and image != 1) or (message == "Delete" and image != 0):
        raise errors.DataverseError(errors.INVALID_ARGUMENT, f"{message} has no such image.")


def _solution_row(pipeline: Pipeline, change: Change) -> None:
    """An automatic name such as 2021-12-02-01150."""
    name = change.table.primary_name
    if change.creating and not change.row.get(name):
        count = len(pipeline.organization.store.table(change.table.name)) + 1
        change.row[name] = f"{pipeline.organization.now():%Y-%m-%d}-{count:05d}"


def make_pipeline(organization: Organization) -> Pipeline:
    return Pipeline(
        organization=organization,
        before={
            **BEFORE,
            "opportunity": before_opportunity,
            "opportunityproduct": before_line,
            "contact": _contact,
            "lead": _lead,
            "systemuser": _full_name,
            "annotation": _note,
            "serviceendpoint": _endpoint,
            "sdkmessageprocessingstep": _step,
            "sdkmessageprocessingstepimage": _image,
            organization.names.row: _solution_row,
        },
        after={**AFTER, "opportunity": after_opportunity, "opportunityproduct": total_up},
        deleting=DELETING,
        deleted={**DELETED, "opportunityproduct": total_up},
    )
