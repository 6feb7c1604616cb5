"""What is stored cannot change unnoticed: today's code is held to the samples of its own version."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from shared.domain.link import Base, Carried, Flip, Intent, Link, Purpose, Recorded
from shared.domain.outcome import Kind
from shared.domain.values import Side
from shared.messages import Look, Signal, Why
from tests.upgrade.folders import ROOT, VERSIONS, current, kept, released, versions
from tests.upgrade.values import LINKS, SIGNALS
from tests.upgrade.writing import written

FROZEN = (
    "What is stored has changed: {what}.\n"
    "docs/adr/0011-rolling-deployment.md: an older release has to read it, and this one what the older one wrote.\n"
)
DO = {
    False: "If that is so, run `python -m tests.upgrade.freeze`, look at the difference, and mend read.json.",
    True: "{version} is released. Raise the version in pyproject.toml and CHANGELOG.md and freeze that one; "
    "reader.json of {version} stays as it is, and what is written now has to satisfy it.",
}


def differences(kept_: Any, now: Any, at: str = "") -> Iterator[str]:
    """Where two texts of JSON differ."""
    if isinstance(kept_, dict) and isinstance(now, dict):
        for name in sorted({*kept_, *now}):
            yield from differences(kept_.get(name, "nothing"), now.get(name, "nothing"), f"{at}/{name}")
    elif isinstance(kept_, list) and isinstance(now, list) and len(kept_) == len(now):
        for number, (old, new) in enumerate(zip(kept_, now, strict=True)):
            yield from differences(old, new, f"{at}/{number}")
    elif kept_ != now:
        yield f"{at} was {str(kept_)[:200]} and is {str(now)[:200]}"


def advice(found: list[str], *, changelog: str, version: str) -> str:
    """What to do about it."""
    what = "; ".join(found[:5])
    return FROZEN.format(what=what) + DO[version in released(changelog)].format(version=version)


async def test_what_is_written_is_what_this_version_is_known_to_write() -> None:
    """A changed column, word or number of anything durable is seen here, and is a decision and no accident."""
    version, changelog = current(), (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert version in versions(), f"there are no samples of {version}: run `python -m tests.upgrade.freeze`"
    found = [
        line
        for name, samples in json.loads(json.dumps(await written())).items()
        for line in differences(kept(version, name), samples, f"{name}")
    ]
    assert not found, advice(found, changelog=changelog, version=version)


def test_the_advice_depends_on_whether_the_version_is_out() -> None:
    """Before its release a version's samples are made anew; after it the next version's are."""
    before = advice(["a"], changelog="## [0.1.0] - unreleased", version="0.1.0")
    after = advice(["a"], changelog="## [0.1.0] - 2026-12-01", version="0.1.0")
    assert ("tests.upgrade.freeze" in before, "Raise the version" in before) == (True, False)
    assert "Raise the version" in after


def test_a_difference_is_named_by_its_place() -> None:
    """Added, removed, changed: each by the path that leads there."""
    old: Mapping[str, Any] = {"a": [{"b": 1}], "c": 2, "d": [1]}
    assert list(differences(old, {"a": [{"b": 2}], "d": [1, 2], "e": 3})) == [
        "/a/0/b was 1 and is 2",
        "/c was 2 and is nothing",
        "/d was [1] and is [1, 2]",
        "/e was nothing and is 3",
    ]
    assert list(differences(old, old)) == []


@pytest.mark.parametrize("version", versions())
async def test_digests_and_ids_never_change(version: str) -> None:
    """Other digests would make every settled value look edited, and other ids would make every row a second time."""
    today = json.loads(json.dumps(await written()))
    for name in ("digests", "ids"):
        old = kept(version, name)
        assert {key: today[name].get(key) for key in old} == old, "this needs a migration of every link, not a freeze"


def _values(of: type, found: object) -> Iterator[Any]:
    """Every value of a dataclass that lies in another, or in its tuples and mappings."""
    if isinstance(found, of):
        yield found
    inside: Any = ()
    if dataclasses.is_dataclass(found):
        inside = [getattr(found, field.name) for field in dataclasses.fields(found)]
    elif isinstance(found, Mapping):
        inside = found.values()
    elif isinstance(found, tuple):
        inside = found
    for each in inside:
        yield from _values(of, each)


@pytest.mark.parametrize("kind", [Link, Base, Carried, Intent, Flip, Recorded])
def test_the_samples_show_every_field(kind: type) -> None:
    """A field that is added to what is kept needs a sample in which it says something."""
    found = [value for link in LINKS.values() for value in _values(kind, link)]
    assert found
    for field in dataclasses.fields(kind):
        values = [getattr(value, field.name) for value in found]
        plain = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        assert field.name == "tag" or any(value != plain for value in values), field.name  # the tag is the store's own


def test_the_samples_show_every_word() -> None:
    """A word that is added to a closed list needs a sample."""
    signals, links = SIGNALS.values(), LINKS.values()
    assert {signal.look for signal in signals} == set(Look)
    assert {signal.why for signal in signals} == set(Why)
    assert {signal.side for signal in signals} == set(Side)
    assert {intent.purpose for link in links for intent in link.intents} == set(Purpose)
    assert {link.gone for link in links} == {None, *Side}
    assert {link.outcome.kind for link in links if link.outcome} == {str(kind) for kind in Kind}
    told = [set(signal.model_dump(exclude_unset=True)) for signal in signals]
    assert set(Signal.model_fields) - {"version"} <= set().union(*told)


def test_every_version_that_is_out_has_its_samples() -> None:
    """A release without samples could not be upgraded from with any certainty."""
    assert VERSIONS.is_dir()
    assert released((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")) <= set(versions())
