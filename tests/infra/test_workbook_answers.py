"""What the workbook answers: at its top whether all is well, below it what happened to deals."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.infra.installations import MENDED, SICK, healthy, parked
from tests.infra.kusto import OPPORTUNITY, WORKBOOK, queries
from tests.infra.workbook import QUERY, asking, items, stored
from tests.infra.workspace import Workspace

TILES = ["Last heal", "Parked", "Oldest message", "Access", "Webhook registration", "Refresh token"]
# The tile that shows what the alert is about; the rest is seen further down.
SHOWN = {
    "parked": "Parked",
    "access": "Access",
    "oldest-message": "Oldest message",
    "webhook-lost": "Webhook registration",
    "heal-missing": "Last heal",
    "refresh-token-old": "Refresh token",
    "refresh-token-dying": "Refresh token",
}
each_query = pytest.mark.parametrize("query", queries(WORKBOOK))


def tiles(workspace: Workspace) -> dict[str, str]:
    return {row["Tile"]: row["State"] for row in workspace.ask(queries(WORKBOOK)["health"])}


@each_query
def test_every_query_finds_something(query: str) -> None:
    """On a day with some of everything, each query has an answer: no filter excludes all that is sent."""
    day = parked().request("referrals", 500).thrown("RuntimeError", "referrals")
    day.event("system_paused", minutes=4, system="crm", seconds=60, code="access_lost", reason="401")
    assert day.ask(queries(WORKBOOK)[query]) != []


def test_a_person_sees_whether_all_is_well() -> None:
    """The first thing on the page are six tiles, and on a good day each is healthy in words and in green."""
    first = next(item for item in items(stored()) if item["type"] == QUERY)
    assert first["name"] == "health"
    assert first["content"]["visualization"] == "tiles"
    assert list(tiles(healthy())) == TILES
    assert {*tiles(healthy()).values()} == {"Healthy"}


def test_each_state_has_a_colour() -> None:
    """Every word that a tile can say has its icon, and only healthy is green."""
    rule = asking(stored())["health"]["content"]["tileSettings"]["subtitleContent"]["formatOptions"]["thresholdsGrid"]
    icons = {each["thresholdValue"]: each["representation"] for each in rule}
    said = {*re.findall(r'"(Healthy|At risk|Broken|Not known)"', queries(WORKBOOK)["health"])}
    assert icons == {"Healthy": "success", "At risk": "2", "Broken": "4", None: "unknown"}
    assert said == {"Healthy", "At risk", "Broken", "Not known"}


@pytest.mark.parametrize("name", ["system_paused", "heal_held", "signal_held"])
def test_lost_access_is_seen_whoever_met_it(name: str) -> None:
    """A signal, auto-heal, or the look whose records these are."""
    assert tiles(healthy().event(name, minutes=3, code="access_lost", reason="401"))["Access"] == "Broken"


@pytest.mark.parametrize(("alert", "tile"), SHOWN.items())
def test_a_tile_says_what_its_alert_says(alert: str, tile: str) -> None:
    """Where an alert fires, its tile is not healthy and has advice, and the others are; mended, it is healthy again."""
    sick: Callable[[], Workspace] = SICK[alert][0]
    rows = {row["Tile"]: row for row in sick().ask(queries(WORKBOOK)["health"])}
    assert rows[tile]["State"] in {"At risk", "Broken"}
    assert rows[tile]["Advice"] != "Nothing to do"
    others = {row["State"] for name, row in rows.items() if name != tile}
    assert others <= ({"Healthy"} if alert != "heal-missing" else {"Healthy", "Not known"})
    # Access stays a warning for the rest of the hour.
    assert tiles(MENDED[alert]())[tile] == ("At risk" if alert == "access" else "Healthy")


def test_silence_is_not_health() -> None:
    """An installation of which nothing is heard has no tile in green."""
    states = tiles(Workspace())
    assert list(states) == TILES
    assert {*states.values()} == {"Broken", "Not known"}


def test_one_deal_is_found_by_either_id() -> None:
    """What happened to a deal is found by its referral and by its opportunity, and another deal's is not."""
    text = queries(WORKBOOK)["deal"]
    ids = {"opportunity": OPPORTUNITY, "referral": "00000000-0000-4000-8000-000000000001"}
    found = {kind: len(healthy().ask(text.replace("{Deal}", f" {ident} "))) for kind, ident in ids.items()}
    assert found["opportunity"] == found["referral"] > 0
    for nobody in ("00000000-0000-4000-8000-000000000099", ""):
        assert healthy().ask(text.replace("{Deal}", nobody)) == []


def test_what_was_dealt_with_is_not_parked() -> None:
    """A record that was parked and then came through, or was dropped, is no longer in the list of the parked."""
    text = queries(WORKBOOK)["parked"]
    day = parked().event("message_poisoned", minutes=3, record="referral:2", reason="every attempt failed")
    day.event("signal_parked", minutes=9, record="referral:3", code="refused", reason="no")
    day.event("signal_done", minutes=2, record="referral:3", outcome="done")
    day.event("signal_parked", minutes=9, record="referral:4", code="refused", reason="no")
    day.event("parked_dropped", minutes=2, pair="cosell", record="referral:4", reason="no")
    assert {row["Record"]: row["Code"] for row in day.ask(text)} == {
        "opportunity:parked": "needs_decision",
        "referral:2": "bug",
    }


def test_latency_is_of_each_direction() -> None:
    """Half and 95 % of the changes, in seconds, to the CRM and to Partner Center apart."""
    day = Workspace()
    for seconds in range(1, 101):
        day.event("signal_done", direction="to_crm", since_change_ms=seconds * 1000)
        day.event("signal_done", direction="to_partner", since_change_ms=seconds * 10_000)
    day.event("signal_done", direction="", since_change_ms="")
    (row,) = day.ask(queries(WORKBOOK)["latency"])
    assert row["ToCrmP50"] == pytest.approx(50, abs=1)
    assert row["ToCrmP95"] == pytest.approx(95, abs=1)
    assert row["ToPartnerCenterP50"] == pytest.approx(500, abs=10)
    assert row["ToPartnerCenterP95"] == pytest.approx(950, abs=10)
