"""The tour as a test: every scene over real queues, tables, sockets and the functions as Azure would run them."""

from __future__ import annotations

import re

import pytest

from sandbox.demo.story import SCENES, Story
from sandbox.host import microsoft
from sandbox.people import REFERRAL, Json, People
from sandbox.stack import ground, hosted
from tests.e2e.support import invocations, parked
from tests.security.dataverse_role import shipped

RUNTIMES = ["direct", "microsoft"] if microsoft.available() else ["direct"]


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_every_scene_is_seen_on_both_sides(runtime: str) -> None:
    """Each scene shows on the other side under the shipped role, no call fails, and both sides agree in the end."""
    async with ground() as on, hosted(on, runtime=runtime) as stack:
        story = Story(People(stack))
        await story.people.control("dynamics", "POST", "role", {"privileges": shipped()})
        for _, _, scene in SCENES:
            await scene(story)
        await story.people.quiet()
        state = await invocations(stack)
        rows = await story.people.opportunities()
        pairs = [(row, await story.people.read_referral(str(row[REFERRAL]))) for row in rows]
        left = await parked(story.people)
        page = (await story.people.function("GET", "status?whole=1")).text
        log = stack.log.read_text(encoding="utf-8")

    assert {name: count["failed"] for name, count in state["functions"].items() if count["failed"]} == {}
    assert [line for line in re.findall(r".* (?:ERROR|CRITICAL) .*", log) if " parked, " not in line] == []
    assert left == []
    assert "Nothing is parked" in page  # the status page, out of real tables
    assert not [words for words in ("cannot be shown", "not well", "no answer yet") if words in page]
    assert len(pairs) == 6
    for row, referral in pairs:
        assert shown(row) == told(referral)


def shown(row: Json) -> tuple[str, float, str, bool]:
    won = row["statecode"] == 1
    value = row["actualvalue"] if won else row["estimatedvalue"]
    return row["name"].removeprefix("✓ "), float(value), row["estimatedclosedate"], won


def told(referral: Json) -> tuple[str, float, str, bool]:
    details = referral["details"]
    day = details["closingDateTime"][:10]
    return referral["name"], float(details["dealValue"]), day, referral["substatus"] == "Won"
