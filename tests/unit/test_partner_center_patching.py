"""A change becomes the smallest JSON Patch that makes the referral show it, and drops nothing else."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.connectors.partner_center.mapping import shown
from shared.connectors.partner_center.patching import ATTRIBUTES_POINTER, VISIBLE_POINTER, Patch, operations
from shared.connectors.partner_center.wire import Referral
from shared.connectors.rest import decoded
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Money, Person, Solution, Value, group

SAMPLES = Path(__file__).parents[1] / "samples" / "partner_center"
JO = Person(email="jo@contoso.example.com", first_name="Jo", last_name="Roe", phone="+1 425 555 0100")
NEW = Person(email="new@contoso.example.com", first_name="New", last_name="One", phone="+2", title="Boss")


def newest(**changes: Any) -> Referral:
    return Referral.read(decoded((SAMPLES / "referral_newest.json").read_bytes()) | changes)


def applied(referral: Referral, patch: list[dict[str, Any]]) -> dict[str, Any]:
    """The document after the patch, strictly: `replace` needs its target, both need its parent (RFC 6902)."""
    document = deepcopy(referral.plain())
    for step in patch:
        *parents, name = step["path"].strip("/").split("/")
        node = document
        for parent in parents:
            node = node[parent]
        assert step["op"] == "add" or (step["op"] == "replace" and name in node), step
        node[name] = step["value"]
    return document


SCALARS: list[tuple[dict[str, Value], list[tuple[str, Any]]]] = [
    ({deal.NAME: "New name"}, [("/name", "New name")]),
    ({deal.AMOUNT: Money(Decimal(10000), "USD")}, [("/details/dealValue", "10000")]),
    ({deal.AMOUNT: Money(Decimal("50000.1"), "EUR")}, [("/details/currency", "EUR")]),
    (
        {deal.AMOUNT: Money(Decimal("1E+3"), "EUR")},
        [("/details/currency", "EUR"), ("/details/dealValue", "1000")],
    ),
    ({deal.CLOSING_DATE: date(2026, 12, 5)}, [("/details/closingDateTime", "2026-12-05T12:00:00Z")]),
    ({deal.CLOSING_DATE: date(2026, 12, 4)}, []),
    ({deal.NOTES: None}, [("/details/notes", "")]),
    ({deal.VISIBLE: True}, []),
    ({deal.VISIBLE: False}, [(VISIBLE_POINTER, False)]),
    ({deal.STAGE: Stage.OPEN, deal.CLOSE_REASON: "never alone"}, []),
    ({deal.STAGE: Stage.PENDING, deal.CLOSE_REASON: "none"}, [("/status", "New"), ("/substatus", "Pending")]),
    ({deal.STAGE: Stage.WON}, [("/status", "Closed"), ("/substatus", "Won")]),
    (
        {deal.STAGE: Stage.LOST, deal.CLOSE_REASON: "Customer budget"},
        [("/status", "Closed"), ("/substatus", "Lost"), ("/statusReason", "Customer budget")],
    ),
    (
        {deal.STAGE: Stage.WON, deal.ACTUAL: Money(Decimal(7), "USD")},
        [("/details/dealValue", "7"), ("/status", "Closed"), ("/substatus", "Won")],
    ),
    ({deal.PROGRAM: "read only"}, []),
]


@pytest.mark.parametrize(("values", "expected"), SCALARS)
def test_only_what_changed_is_sent(values: dict[str, Value], expected: list[tuple[str, Any]]) -> None:
    """Each field has its pointers; an equal value, an equal day and half an equal atom are not sent."""
    assert [(step["path"], step["value"]) for step in operations(newest(), values)] == expected


def test_marker_and_counterpart_ride_along() -> None:
    """The marker and the other side's id are part of the same patch, once each."""
    patch = operations(newest(), {deal.NOTES: "x"}, marker="m-1", counterpart="o-1")

    assert [step["path"] for step in patch] == ["/details/notes", "/externalReferenceId", "/lastRunId"]
    assert operations(newest(externalReferenceId="o-1", lastRunId="m-1"), {}, marker="m-1", counterpart="o-1") == []


def test_an_intent_keeps_the_other_attributes() -> None:
    """The list of attributes is replaced with all that we do not manage."""
    (step,) = operations(newest(), {deal.INTENT: "Yes"})
    (removed,) = operations(newest(), {deal.INTENT: None})
    area = {"type": "SolutionArea", "id": "Something"}

    assert (step["path"], step["op"]) == (ATTRIBUTES_POINTER, "replace")
    assert step["value"] == [area, {"type": "CustomerMarketplaceIntent", "id": "Yes"}]
    assert removed["value"] == [area]


def test_a_list_of_people_keeps_what_we_do_not_manage() -> None:
    """Whoever has no mail address stays; a known person keeps his other members; a new one comes last."""
    (step,) = operations(newest(), {deal.CONTACTS: group([NEW, JO])})
    desk, jo, new = step["value"]

    assert step["path"] == "/customerProfile/team"
    assert desk["firstName"] == "Front desk"
    assert (jo["lastName"], jo["title"], jo["contactPreference"]["locale"]) == ("Roe", None, "en-us")
    assert (new["email"], new["title"]) == ("new@contoso.example.com", "Boss")


def test_a_list_of_solutions_keeps_categories_and_prices() -> None:
    """Categories stay, a known solution keeps its price, one that left is gone."""
    kept = Solution(id="sol-10001-fab", name="Now named", type="3P")
    added = Solution(id="SOL-2", name="Second", type="3P", publisher="Fabrikam")
    (step,) = operations(newest(), {deal.SOLUTIONS: group([kept, added])})
    (emptied,) = operations(newest(), {deal.SOLUTIONS: group([])})

    assert [s["id"] for s in step["value"]] == ["CloudMigration", "sol-10001-fab", "SOL-2"]
    assert step["value"][1]["price"] == Decimal("12.5")
    assert [s["id"] for s in emptied["value"]] == ["CloudMigration"]


@pytest.mark.parametrize("details", [None, {}, {"requirements": None}, {"requirements": {"solutions": None}}])
def test_missing_branches_are_added(details: Any) -> None:
    """Where Microsoft left a whole branch out, the patch adds it and the referral then shows the values."""
    referral = newest(details=details)
    values: dict[str, Value] = {
        deal.AMOUNT: Money(Decimal("1.5"), "USD"),
        deal.NOTES: "n",
        deal.INTENT: "No",
        deal.SOLUTIONS: group([Solution(id="S")]),
        deal.CLOSING_DATE: date(2027, 1, 1),
    }
    after = shown(Referral.read(applied(referral, operations(referral, values))))

    assert {name: after[name] for name in values} == values


texts = st.one_of(st.none(), st.text(min_size=1, max_size=20))
people = st.lists(
    st.builds(
        Person,
        email=st.from_regex(r"[a-c]@example\.com", fullmatch=True),
        first_name=st.text(max_size=5),
        title=st.text(max_size=5),
    ),
    max_size=4,
).map(group)
changes = st.fixed_dictionaries(
    {},
    optional={
        deal.NAME: texts,
        deal.NOTES: texts,
        deal.AMOUNT: st.builds(
            Money, st.decimals(min_value=0, max_value=10**12, places=2), st.sampled_from(["USD", "EUR"])
        ),
        deal.CLOSING_DATE: st.dates(min_value=date(2020, 1, 1), max_value=date(2090, 1, 1)),
        deal.INTENT: st.sampled_from([None, "Yes", "No", "HaveNotDecided"]),
        deal.CONTACTS: people,
        deal.TEAM: people,
        deal.STAGE: st.sampled_from([Stage.PENDING, Stage.ACTIVE, Stage.WON, Stage.LOST]),
        deal.VISIBLE: st.booleans(),
    },
)


@given(changes)
def test_what_is_patched_is_what_is_shown(values: dict[str, Value]) -> None:
    """A change makes the referral show exactly it and leaves all else alone; a second time it is nothing."""
    referral = newest()
    patch = operations(referral, values)
    document = applied(referral, patch)
    after = Referral.read(document)

    assert {name: shown(after)[name] for name in values} == values
    untouched = set(shown(referral)) - set(values)
    assert {name: shown(after)[name] for name in untouched} == {name: shown(referral)[name] for name in untouched}
    assert document["somethingNewer"] == {"kept": True}
    assert operations(after, values) == []


def test_a_patch_builds_on_itself() -> None:
    """Two members of one missing branch do not overwrite each other."""
    patch = Patch(Referral.read({"id": "1"}))
    patch.put("/a/b/c", 1)
    patch.put("/a/b/d", 2)

    assert patch.operations == [
        {"op": "add", "path": "/a", "value": {"b": {"c": 1}}},
        {"op": "add", "path": "/a/b/d", "value": 2},
    ]
