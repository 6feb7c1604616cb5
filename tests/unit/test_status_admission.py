"""Who is let in to the status page, and whose forms are believed."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform.status.admission import Admission, Refusal
from shared.platform.status.asked import Asked, Door, Visitor
from shared.platform.status.principal import person

OID = "6f1b2c9e-3d52-4f6b-9a53-0c7f5c1d2e3f"
OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
TWO = [{"typ": OBJECT_ID, "val": OID}, {"typ": "oid", "val": OID.replace("6f1b", "7f1b")}]
OPEN = Admission(signs_in=True, role="Cosell.Operator", address="https://contoso.example.com")


def principal(*roles: str, **changes: Any) -> str:
    """The header as the platform sets it for somebody with these app roles."""
    claims = [{"typ": OBJECT_ID, "val": OID}, {"typ": "name", "val": "Dana Rivera"}]
    claims += [{"typ": "roles", "val": role} for role in roles]
    told = {"auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": ROLE, **changes}
    return base64.b64encode(json.dumps(told).encode()).decode()


def at_the_door(header: str, admission: Admission = OPEN) -> Visitor | Refusal:
    return admission(Asked(door=Door.PERSON, headers={"x-ms-client-principal": header} if header else {}))


def test_who_is_signed_in_and_has_the_role_is_let_in_by_object_id() -> None:
    """Of all that the platform tells of a person only the object id is kept."""
    assert at_the_door(principal("Other.Role", "Cosell.Operator")) == Visitor(id=OID, door=Door.PERSON, bound=OID)


def test_a_role_claim_under_the_platforms_own_name_counts_too() -> None:
    """The platform maps claim names, and says in `role_typ` under which one roles are told."""
    claims = [{"typ": OBJECT_ID, "val": OID}, {"typ": ROLE, "val": "Cosell.Operator"}]
    assert isinstance(at_the_door(principal(claims=claims)), Visitor)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("", 401),
        ("not base64!", 401),
        (base64.b64encode(b"[" * 40_000).decode(), 401),
        (base64.b64encode(b'"text"').decode(), 401),
        (principal("Cosell.Operator", auth_typ="facebook"), 401),
        (principal("Cosell.Operator", claims=[{"typ": "roles", "val": "Cosell.Operator"}]), 401),
        (principal("Cosell.Operator", claims=[*TWO, {"typ": "roles", "val": "Cosell.Operator"}]), 401),
        (principal("Cosell.Operator", claims="Cosell.Operator"), 401),
        (principal(), 403),
        (principal("cosell.operator"), 403),
        (principal("Cosell.Operator.Other"), 403),
    ],
)
def test_anybody_else_stays_outside_and_is_told_how_to_sign_in(header: str, status: int) -> None:
    """No header, one that is none, another provider, no object id or two, or no role: words and a way to sign in."""
    found = at_the_door(header)
    assert isinstance(found, Refusal)
    assert (found.status, found.sign_in, bool(found.reason)) == (status, True, True)


def test_the_header_is_not_believed_unless_the_platform_signs_people_in() -> None:
    """Where App Service authentication is off anybody could set the header, so nobody is believed."""
    found = at_the_door(principal("Cosell.Operator"), Admission(signs_in=False, role="Cosell.Operator"))
    assert isinstance(found, Refusal)
    assert (found.status, found.sign_in) == (403, False)


def test_the_header_opens_nothing_at_the_door_with_a_key() -> None:
    """Who came with a key acts as the key, whatever else the request says."""
    found = OPEN(Asked(door=Door.KEY, headers={"x-ms-client-principal": principal()}, query={"code": "k"}))
    assert found == Visitor(id="key", door=Door.KEY, bound="k", code="k")


@given(st.text() | st.binary().map(lambda data: base64.b64encode(data).decode()))
def test_no_header_makes_it_fail(header: str) -> None:
    """Whatever stands in the header, it is a person or nobody."""
    assert person(header) is None


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec-fetch-site": "same-origin", "origin": "null"}, True),
        ({"sec-fetch-site": "same-site", "origin": "https://contoso.example.com"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": ""}, False),
        ({"origin": "https://contoso.example.com"}, True),
        ({"origin": "https://front.example.com", "host": "front.example.com"}, True),
        ({"origin": "https://evil.example.com", "host": "contoso.example.com"}, False),
        ({"origin": "null", "host": "contoso.example.com"}, False),
        ({"host": "contoso.example.com"}, False),
        ({}, False),
    ],
)
def test_a_form_is_ours_only_where_the_browser_says_so(headers: dict[str, str], ours: bool) -> None:  # noqa: FBT001 - a table
    """Fetch metadata decides; without it the origin has to be this app; without either nothing is done."""
    assert OPEN.from_here(headers) is ours


def test_an_empty_address_is_nobodys_origin() -> None:
    """Where nobody said where the app answers, an origin without a host is not taken for it."""
    assert not Admission(signs_in=True, role="r").from_here({"origin": "https://"})


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_an_address_of_ours_stays_on_this_app(room: str, name: str, code: str) -> None:
    """Ids and filters are quoted into their places: an address always begins with the door and has one query."""
    made = Visitor(id="key", door=Door.KEY, bound="", code=code).to("deals", room, id=name)
    path, _, query = made.partition("?")
    assert path.startswith("/api/status/deals/")
    assert not set(made) & set("\"'<> \n\\#")
    assert "?" not in query
    assert path.count("/") == 4
