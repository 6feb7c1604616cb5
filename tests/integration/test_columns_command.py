"""`cosell columns`: the names to choose from, as this organisation has them."""

from __future__ import annotations

import json

import pytest

from cli.commands.columns import listed
from tests.integration.asking import session
from tests.integration.bench import Bench


async def test_columns_are_found_by_name_label_and_type(bench: Bench) -> None:
    """A person who knows a label finds the logical name, with what the column can hold."""
    at = session(bench)
    assert await listed(at.asked, "opportunity", contains="how can microsoft", kind="picklist") == 0
    assert "msft_microsoftpartnercenterhelp" in at.shown
    assert "Workload Specific Value Proposition" in at.shown
    assert "and 1 more" in at.shown
    assert "1 column of opportunity" in at.shown


async def test_a_wrong_setting_does_not_hide_the_right_name(bench: Bench) -> None:
    """Whoever looks for the name of a column has set another one: that must not stop the look."""
    at = session(bench, {"DEAL_VALUE_FIELD": "fab_nosuch"})
    assert await listed(at.asked, "Opportunity", kind="Money") == 0
    assert "estimatedvalue" in at.shown


async def test_any_table_can_be_looked_at(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """Tables beyond those that are synchronised are listed too; one that is not there is exit code 1."""
    assert await listed(session(bench, json=True).asked, "transactioncurrency", contains="iso") == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["columns"]] == ["isocurrencycode"]
    at = session(bench)
    assert (await listed(at.asked, "coffee"), "no table coffee" in at.shown) == (1, True)
