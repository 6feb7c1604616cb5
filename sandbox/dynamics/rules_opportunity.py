"""What the service does of itself to opportunities and their lines."""

from __future__ import annotations

from decimal import Decimal

from sandbox.dynamics import errors
from sandbox.dynamics.pipeline import Change, Pipeline
from sandbox.dynamics.privileges import ACTIVITIES, Guard
from sandbox.dynamics.store import Ref

OPEN, WON, LOST = 0, 1, 2
# What a closed row may take under `closed_rows: allow_audit`: Audit, the mark in the name, the sync marker.
_HARMLESS = frozenset({"msft_microsoftpartnercenterreferralsyncaudit", "name", "cosell_syncmarker"})
_PARTIES = (("account", "parentaccountid"), ("contact", "parentcontactid"))


def before_opportunity(pipeline: Pipeline, change: Change) -> None:
    _refuse_closing(change)
    _refuse_closed(pipeline, change)
    _reopen(change)
    _on_hold(pipeline, change)
    if pipeline.organization.switches.flag("fill_customer"):
        _fill_customer(change)
    _check_currency(pipeline, change)
    _revenue(change)


def _refuse_closing(change: Change) -> None:
    state = change.sent.get("statecode")
    opened = change.before is not None and change.before["statecode"] == OPEN
    if state in (WON, LOST) and opened and not change.closing:
        action = "WinOpportunity" if state == WON else "LoseOpportunity"
        raise errors.DataverseError(
            errors.CLOSE_BY_ACTION,
            f"This message can not be used to set the state of opportunity to {'Won' if state == WON else 'Lost'}. "
            f"In order to set state of opportunity to that, use the {action} message instead.",
        )


def _refuse_closed(pipeline: Pipeline, change: Change) -> None:
    """Closed rows are read-only until reopened, and reopening comes alone."""
    if change.before is None or change.before["statecode"] == OPEN:
        return
    taken = pipeline.organization.switches.text("closed_rows")
    columns = set[str]() if taken == "allow" else set(change.sent) - {"statecode", "statuscode"}
    if taken == "allow_audit":
        columns -= _HARMLESS
    if columns or ("statuscode" in change.sent and change.row["statecode"] != OPEN):
        raise errors.DataverseError(
            errors.ALREADY_CLOSED, "The opportunity has already been closed and cannot be updated."
        )


def _reopen(change: Change) -> None:
    """Asks for more than a write: the page of SetState's privileges names the reading of activities."""
    if change.before is not None and change.before["statecode"] != OPEN and change.row["statecode"] == OPEN:
        Guard(caller=change.execution.caller).named(ACTIVITIES)


def _on_hold(pipeline: Pipeline, change: Change) -> None:
    if change.creating and pipeline.organization.switches.text("create_on_hold") == "in_progress":
        change.row["statuscode"] = change.table.status_of(OPEN)[0]


def _fill_customer(change: Change) -> None:
    """Customerid follows the parent account, else the parent contact; a customer alone becomes the parent."""
    row = change.row
    customer = row.get("customerid")
    if "customerid" in change.sent:
        for table, column in _PARTIES:
            if isinstance(customer, Ref) and customer.table == table and column not in change.sent:
                row[column] = customer
    elif change.creating or {"parentaccountid", "parentcontactid"} & set(change.sent):
        row["customerid"] = row.get("parentaccountid") or row.get("parentcontactid") or customer
    customer = row.get("customerid")
    row["accountid"] = customer if isinstance(customer, Ref) and customer.table == "account" else None
    row["contactid"] = customer if isinstance(customer, Ref) and customer.table == "contact" else None


def _check_currency(pipeline: Pipeline, change: Change) -> None:
    if change.creating or not change.changed("transactioncurrencyid"):
        return
    lines = pipeline.organization.store.children("opportunityproduct", "opportunityid", change.id)
    if lines or pipeline.organization.switches.flag("currency_locked"):
        raise errors.DataverseError(
            errors.CURRENCY_FIXED, "The currency cannot be changed because this opportunity has Products associated."
        )


def _revenue(change: Change) -> None:
    """A system-calculated revenue is the lines' total, whatever the caller sent."""
    if change.row.get("isrevenuesystemcalculated"):
        change.row["estimatedvalue"] = change.row.get("totalamount") or Decimal(0)


def after_opportunity(pipeline: Pipeline, change: Change) -> None:
    """A partner's plug-in, when the switch is on: it runs inside the call, one deeper, and carries its tag."""
    if not pipeline.organization.switches.flag("plugin") or change.creating or change.execution.depth > 1:
        return
    if "estimatedvalue" in change.sent:
        value = {"budgetamount": change.row["estimatedvalue"]}
        pipeline.update(change.table, change.id, value, change.execution.nested())


def before_line(pipeline: Pipeline, change: Change) -> None:
    del pipeline
    row = change.row
    gross = (row.get("quantity") or Decimal(0)) * (row.get("priceperunit") or Decimal(0))
    row["extendedamount"] = gross - (row.get("manualdiscountamount") or 0) + (row.get("tax") or 0)


def total_up(pipeline: Pipeline, change: Change) -> None:
    """A line written or deleted changes its opportunity's totals, as an update inside the same call."""
    parent = change.row.get("opportunityid")
    if not isinstance(parent, Ref) or pipeline.organization.store.of(parent) is None:
        return
    lines = pipeline.organization.store.children("opportunityproduct", "opportunityid", parent.id)
    total = sum((line["extendedamount"] for line in lines), Decimal(0))
    table = pipeline.organization.schema.tables["opportunity"]
    values = {"totallineitemamount": total, "totalamount": total}
    pipeline.update(table, parent.id, values, change.execution.nested())
