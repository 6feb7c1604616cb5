"""Dataverse's webhook bodies become signals, whatever their shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shared.connectors.dynamics.context import LARGEST
from shared.connectors.dynamics.events import Dropped, decode
from shared.domain.values import Side
from shared.errors import BadEvent
from shared.messages import Look, Signal, Why

SAMPLES = Path(__file__).parent.parent / "samples" / "dynamics"
OPPORTUNITY = "0a1b2c3d-0000-4000-8000-00000000a001"
ROW = "0a1b2c3d-0000-4000-8000-00000000b001"
LEAD = "0a1b2c3d-0000-4000-8000-00000000c001"
ACCOUNT = "0a1b2c3d-0000-4000-8000-00000000c001"
USER = "0a1b2c3d-0000-4000-8000-00000000d001"
ORGANIZATION = "0a1b2c3d-0000-4000-8000-00000000e001"
TAG = "cosell:cosell"
DEAL = (Look.OPPORTUNITY, "opportunity", OPPORTUNITY, Why.EVENT)
SIGNALS = {
    "create": DEAL,
    "update": DEAL,
    "delete": (Look.OPPORTUNITY, "opportunity", OPPORTUNITY, Why.GONE),
    "win_without_target": DEAL,
    "lose_with_empty_id": DEAL,
    "lose_with_wrapped_reference": DEAL,
    "over_256_kb": DEAL,
    "mojibake": DEAL,
    "wrapped_guids": DEAL,
    "plug_in_within_our_write": DEAL,
    "another_deployments_write": DEAL,
    "solution_row_create": (Look.SOLUTION, "opportunity", OPPORTUNITY, Why.EVENT),
    "solution_row_delete_with_image": (Look.SOLUTION, "opportunity", OPPORTUNITY, Why.EVENT),
    "solution_row_delete": (Look.SOLUTION, "msft_mspartnersolution", ROW, Why.GONE),
    "account_update": (Look.OPPORTUNITY, "account", ACCOUNT, Why.EVENT),
    "user_update": (Look.OPPORTUNITY, "systemuser", USER, Why.EVENT),
    "opportunityclose_create": DEAL,
    "lead_update": (Look.LEAD, "lead", LEAD, Why.EVENT),
}
OURS = ("own_write", "own_write_tagged_in_parent")


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def heard(body: bytes, headers: dict[str, str] | None = None, organization: str = ORGANIZATION) -> Signal | Dropped:
    return decode(body, headers or {}, tag=TAG, organization=organization, pair="cosell")


def body(**parts: Any) -> bytes:
    return json.dumps({**json.loads(sample("update")), **parts}).encode()


def test_every_sample_is_expected_to_mean_something() -> None:
    """No recorded shape lies about without a test."""
    assert {path.stem for path in SAMPLES.glob("*.json")} == {*SIGNALS, *OURS}


@pytest.mark.parametrize("name", SIGNALS)
def test_every_shape_names_its_row(name: str) -> None:
    """Each shape that Dataverse sends leads to the row that has to be looked at, on the CRM side."""
    signal = heard(sample(name))
    assert isinstance(signal, Signal)
    assert (signal.look, signal.kind, signal.id, signal.why) == SIGNALS[name]
    assert (signal.side, signal.pair) == (Side.CRM, "cosell")


@pytest.mark.parametrize("name", OURS)
def test_our_own_writes_are_dropped(name: str) -> None:
    """Our tag at Depth 1, in the body or in a context around it, is our own write coming back."""
    assert heard(sample(name)) == Dropped("our own write (update of opportunity)")
    assert isinstance(decode(sample(name), {}, tag="", organization="", pair="cosell"), Signal)


@pytest.mark.parametrize("depth", [0, 2, None, "1"])
def test_only_depth_one_is_certainly_ours(depth: object) -> None:
    """A plug-in inside our call carries our tag: whatever is not Depth 1 is looked at."""
    assert isinstance(heard(body(Depth=depth, SharedVariables=[{"key": "tag", "value": TAG}])), Signal)


def test_another_organisation_is_refused() -> None:
    """A copy of the environment sends events with the same ids: 403, unless none is pinned yet."""
    with pytest.raises(BadEvent, match="not of the one that is pinned") as caught:
        heard(sample("update"), organization=USER)
    assert caught.value.status == 403
    assert isinstance(heard(sample("update"), organization=""), Signal)
    assert isinstance(heard(sample("update"), organization="{" + ORGANIZATION.upper() + "}"), Signal)


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\xff\xfe\x00",
        b"[]",
        b'"text"',
        b'{"a": ',
        b"[" * 100_000,
        b'{"a":' + b"[" * 70 + b"]" * 70 + b"}",
        b"{}",
        body(PrimaryEntityName=""),
        body(PrimaryEntityName="Bad Name"),
        body(MessageName=None),
        body(PrimaryEntityId=None, InputParameters=[]),
        body(PrimaryEntityId="not-a-guid", InputParameters=5),
        body(PrimaryEntityId={"Id": 5}, InputParameters=[{"key": "Target", "value": [1]}]),
    ],
)
def test_what_cannot_be_understood_is_400(wrong: bytes) -> None:
    """A body that names no row is refused with a reason, and nothing but BadEvent comes out."""
    with pytest.raises(BadEvent) as caught:
        heard(wrong, organization="")
    assert (caught.value.status, bool(caught.value.reason)) == (400, True)


def test_too_large_is_413() -> None:
    """A body far beyond what Dataverse sends is not read at all."""
    with pytest.raises(BadEvent) as caught:
        heard(b" " * (LARGEST + 1))
    assert caught.value.status == 413


def test_bad_text_is_no_obstacle() -> None:
    """Bytes that are no UTF-8, and a byte order mark, do not keep a row from being looked at."""
    broken = b"\xef\xbb\xbf" + sample("update").replace(b"Contoso renewal", b"Zo\xeb \x9d")
    assert isinstance(heard(broken), Signal)


def test_headers_stand_in_for_what_the_body_lacks() -> None:
    """Table and message are in the headers as well."""
    named = {"X-MS-Dynamics-Entity-Name": "opportunity", "X-MS-Dynamics-Request-Name": "Delete"}
    signal = heard(body(PrimaryEntityName=None, MessageName=None), named)
    assert isinstance(signal, Signal)
    assert (signal.kind, signal.why) == ("opportunity", Why.GONE)
