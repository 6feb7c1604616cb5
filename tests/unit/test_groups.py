"""Sets of which only a part reached the other side."""

from __future__ import annotations

import pytest

from shared.domain.groups import Delivery, landed
from shared.domain.values import Side

PARTNER, CRM = Side.PARTNER, Side.CRM


def of(**elements: str) -> tuple[str, ...]:
    """A set's digest by key and element."""
    return tuple(sorted(f"{key}={element}" for key, element in elements.items()))


def test_what_was_not_sent_stays_news() -> None:
    """Each side added one; only the partner's reached the CRM: the CRM's own is in nobody's base."""
    seen = {PARTNER: of(a="1", p="1"), CRM: of(a="1", c="1")}
    wrote = of(a="1", c="1", p="1")
    delivery = Delivery(seen=seen, sent={CRM: wrote}, now=seen | {CRM: wrote})

    assert delivery.base(PARTNER, of(a="1")) == of(a="1", p="1")
    assert delivery.base(CRM, of(a="1")) == of(a="1", p="1")


def test_what_was_removed_and_not_sent_stays_removed_news() -> None:
    """The CRM removed one that the partner still has: its base keeps it, so that its absence is still an edit."""
    seen = {PARTNER: of(a="1", p="1"), CRM: of()}
    delivery = Delivery(seen=seen, sent={CRM: of(p="1")}, now=seen | {CRM: of(p="1")})

    assert delivery.base(CRM, of(a="1")) == of(a="1", p="1")
    assert delivery.base(PARTNER, of(a="1")) == of(a="1", p="1")


def test_an_element_is_settled_as_each_server_shows_it() -> None:
    """A server that shortens what it was sent shows another element: each side's own is its base."""
    seen = {PARTNER: of(p="long"), CRM: of()}
    delivery = Delivery(seen=seen, sent={CRM: of(p="long")}, now=seen | {CRM: of(p="short")})

    assert (delivery.base(PARTNER, of()), delivery.base(CRM, of())) == (of(p="long"), of(p="short"))


def test_both_writes_done_settle_everything() -> None:
    """With both directions carried out each base is what its side shows."""
    seen = {PARTNER: of(p="1"), CRM: of(c="1")}
    both = of(c="1", p="1")
    delivery = Delivery(seen=seen, sent={PARTNER: both, CRM: both}, now={PARTNER: both, CRM: both})

    assert delivery.base(PARTNER, of()) == delivery.base(CRM, of()) == both


def test_without_a_base_there_is_nothing_to_keep() -> None:
    """A side that was never settled is settled as it is."""
    seen = {PARTNER: of(p="1"), CRM: of(c="1")}

    assert Delivery(seen=seen, sent={}, now=seen).base(CRM, None) == of(c="1")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (of(a="1", b="2", p="1"), of(a="1", b="2", p="1")),
        (of(p="1", q="1"), of(a="1", b="1", p="1")),
        (of(b="2", q="1"), of(a="1", b="2")),
        (of(a="1", b="3", p="2"), None),
        (of(a="1", b="1", q="1"), None),
    ],
    ids=["all", "edited since", "one taken back", "both changed since", "nothing"],
)
def test_of_a_set_edited_since_only_what_it_shows_has_landed(
    now: tuple[str, ...], expected: tuple[str, ...] | None
) -> None:
    """An element sent has landed where the set shows it as sent, whatever else the set shows."""
    assert landed(seen=of(a="1", b="1"), sent=of(a="1", b="2", p="1"), now=now) == expected


def test_a_removal_has_landed_where_the_element_is_gone() -> None:
    """What was sent without an element has landed where a set that was edited since lacks it too."""
    assert landed(seen=of(a="1", b="1"), sent=of(a="1"), now=of(a="1", q="1")) == of(a="1")
    assert landed(seen=of(a="1", b="1"), sent=of(a="1"), now=of(a="1", b="1", q="1")) is None
