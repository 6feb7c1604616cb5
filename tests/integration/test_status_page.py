"""The status page over both real gateways, through its functions: what it shows is so, its buttons do what they say."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import azure.functions as func
import pytest

from functions import BLUEPRINTS
from shared.bootstrap import use
from shared.domain.values import Ref, Side
from shared.errors import Remote, Unavailable
from shared.messages import Why
from shared.platform.status.asked import Asked, Door
from tests.browser.scene import furnish, park
from tests.integration.bench import Bench, linked_outbound
from tests.unit.test_status_admission import OID, principal

KEY = "invented-function-key"
SAME = {"Sec-Fetch-Site": "same-origin"}
SIGNED_IN = {"X-MS-CLIENT-PRINCIPAL": principal("Cosell.Operator")}
BUTTON = r'action="([^"]*/{verb}[^"]*)">\s*(?:<p>[^<]*</p>\s*)?<input type="hidden" name="ticket" value="([^"]+)"'


@pytest.fixture
async def page(bench: Bench) -> AsyncIterator[Bench]:
    """Give the functions the bench's app."""
    bench.configure(WEBSITE_AUTH_ENABLED="True")
    use(bench.app)
    yield bench
    use(None)


def function(name: str) -> Any:
    (found,) = [f for bp in BLUEPRINTS for f in bp._function_builders if f._function.get_function_name() == name]
    return found._function.get_user_function()


async def call(
    address: str, method: str = "GET", *, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> func.HttpResponse:
    """A request to this address, as the platform hands it over once it has let it in."""
    parts = urlsplit(address)
    door, _, room = parts.path.removeprefix("/api/").partition("status")
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if pair)
    request = func.HttpRequest(
        method,
        f"https://contoso.example.com{address}",
        headers=dict(headers or {}),
        params=query,
        route_params={"room": room.strip("/")} if room.strip("/") else {},
        body=body,
    )
    answer: func.HttpResponse = await function("status_signed_in" if door else "status")(request)
    return answer


async def text(address: str, **given: Any) -> str:
    answer = await call(address, **given)
    assert answer.status_code == 200, answer.get_body()
    return answer.get_body().decode()


async def press(verb: str, shown: str, **headers: str) -> func.HttpResponse:
    """Press the first such button of a page that was shown."""
    found = re.search(BUTTON.format(verb=verb), shown)
    assert found, shown
    body = f"ticket={found[2]}".encode()
    return await call(html.unescape(found[1]), "POST", headers={**SAME, **headers}, body=body)


# --- what is shown ------------------------------------------------------------------------------------------------


async def test_the_shell_comes_without_asking_anybody(page: Bench) -> None:
    """The page itself makes no call and reads no table: its parts are fetched by it."""
    page.calls.clear()

    async def away(_: str) -> None:
        raise Unavailable(Remote(system="Azure Storage", status=503))

    page.links.hook = page.parked.hook = page.cursors.hook = away
    shown = await text(f"/api/status?code={KEY}")
    assert page.calls == []
    for part in ("parts/deals", "parts/parked", "parts/latency", "parts/outcomes", "health/dynamics"):
        assert f'hx-get="/api/status/{part}?code={KEY}"' in shown


async def test_every_check_of_health_is_on_the_page(page: Bench) -> None:
    """Each dependency that `GET /api/health` looks at has its own place, with the same finding."""
    await page.fault("dynamics", path="WhoAmI", status=503, times=99)
    checks: Any = (await page.app.health()).body["checks"]
    shown = await text("/api/status")
    for name, finding in checks.items():
        assert f'id="check-{name}"' in shown
        one = await text(f"/api/status/health/{name}")
        assert ("not well" not in one) is finding["ok"], one


async def test_one_page_shows_everything_for_who_has_no_javascript(page: Bench) -> None:
    """`whole` brings health, counts, parked entries, plots and outcomes with it, and nothing is left to be fetched."""
    scene = await furnish(page)
    shown = await text("/api/status?whole=1")
    assert 'hx-trigger="load"' not in shown
    for words in ("in step", "Two accounts fit", scene.droppable.id, "p95", "Test mode", "wait for data"):
        assert words in shown
    assert "<noscript>" in await text("/api/status")


@pytest.mark.usefixtures("page")
async def test_a_part_is_a_piece_for_the_page_and_a_page_for_a_person() -> None:
    """The page that is open gets the part alone; the same address in a browser is readable too."""
    piece = await text("/api/status/parts/deals", headers={"HX-Request": "true"})
    assert piece.lstrip().startswith("<section")
    assert "<html" in await text("/api/status/parts/deals")


async def test_outcomes_are_filtered(page: Bench) -> None:
    """One kind at a time; a kind that there is not shows all."""
    await furnish(page)
    waiting = await text("/api/status/parts/outcomes?outcome=waiting")
    assert "The account has no country" in waiting
    assert "Updated Partner Center" not in waiting
    assert "Updated Partner Center" in await text("/api/status/parts/outcomes?outcome=%3Cb%3E")


async def test_a_deal_stands_side_by_side_with_its_differences_marked(page: Bench) -> None:
    """Both values of an edited field are in one row that says so; who looked leaves a trace without a name."""
    _, row = await linked_outbound(page)
    ident = str(row["opportunityid"])
    await page.people.crm("PATCH", f"opportunities({ident})", {"description": "Pilot <agreed>"})
    shown = await text(f"/api/status/deals?id={ident}")
    (notes,) = [line for line in shown.split("<tr") if 'role="rowheader"><bdi>Notes</bdi>' in line]
    assert ' class="differs"' in notes
    assert "Pilot &lt;agreed&gt;" in notes
    assert ("deal_explained", {"record": ident, "outcome": "done", "by": "key"}) in page.telemetry.events


@pytest.mark.usefixtures("page")
async def test_an_unknown_deal_is_told_so() -> None:
    """404 in words, and what could be no id is not repeated."""
    answer = await call("/api/status/deals?id=%3Cscript%3E")
    assert (answer.status_code, b"script&gt;" in answer.get_body()) == (404, False)


async def test_wrong_settings_are_named_and_the_page_works(page: Bench) -> None:
    """While a setting is wrong the page says which and what it may be; what needs no setting is shown."""
    page.configure(MODE="production")
    use(page.app)
    shown = await text("/api/status?whole=1")
    assert "<code>MODE</code> is &#34;production&#34;" in shown
    assert "Nothing is parked" in shown
    assert (await call("/api/status/deals?id=o-1")).status_code == 503


async def test_storage_that_is_away_is_said_in_each_part(page: Bench) -> None:
    """The page is there all the same, with the reason in the place of what it cannot show."""
    await furnish(page)

    async def away(_: str) -> None:
        raise Unavailable(Remote(system="Azure Storage", status=503, message="busy"))

    page.links.hook = page.parked.hook = away
    shown = await text("/api/status?whole=1")
    assert shown.count("This cannot be shown now") == 4


async def test_storage_that_does_not_answer_costs_seconds(page: Bench) -> None:
    """A part that takes too long says so in its place, and the page is there."""

    async def hangs(_: str) -> None:
        await asyncio.sleep(60)

    await page.app.status_page(Asked(door=Door.KEY))
    house = page.app._house
    assert house
    page.app._house = replace(house, parts=replace(house.parts, longest=0.01))
    page.links.hook = hangs
    shown = await text("/api/status?whole=1")
    assert shown.count("no answer in 0.01 s") == 2
    assert "Nothing is parked" in shown


# --- what its buttons do ------------------------------------------------------------------------------------------


async def test_replay_and_drop_are_done_and_told_with_an_id_of_who_did(page: Bench) -> None:
    """A pressed button acts once the form is ours, and telemetry has the object id and no name."""
    entry = await park(page, Ref("opportunity", "o-1"), "why")
    shown = await text("/api/signed-in/status/parts/parked", headers=SIGNED_IN)
    answer = await press("replay", shown, **SIGNED_IN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/api/signed-in/status?said=replay#said")
    assert page.signals.log[-1].signal.why is Why.REPLAY
    assert (await press("drop", shown, **SIGNED_IN)).status_code == 303
    assert page.parked.entries == {}
    acts = [(name, fields["by"], fields["record"]) for name, fields in page.telemetry.events if "by" in fields]
    assert acts[-2:] == [("parked_replayed", OID, str(entry)), ("parked_dropped", OID, str(entry))]
    assert "Dana" not in repr(page.telemetry.events)
    assert "is looked at again" in await text("/api/signed-in/status?said=replay", headers=SIGNED_IN)


async def test_with_a_key_the_way_back_carries_it_and_telemetry_does_not(page: Bench) -> None:
    """A browser that came with `?code=` stays inside; no event holds the key."""
    await park(page, Ref("opportunity", "o-1"), "why")
    shown = await text(f"/api/status/parts/parked?code={KEY}")
    answer = await press("drop", shown)
    assert answer.headers["Location"] == f"/api/status?said=drop&code={KEY}#said"
    assert ("by", "key") in page.telemetry.events[-1][1].items()
    assert KEY not in repr(page.telemetry.events)


@pytest.mark.parametrize(
    ("headers", "change"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, ""),
        ({"Origin": "https://evil.example.com", "Host": "contoso.example.com", "Sec-Fetch-Site": "same-site"}, ""),
        ({}, "0"),
        ({}, "nothing"),
    ],
    ids=["another site's form", "a neighbour's form", "a changed ticket", "no ticket"],
)
async def test_a_form_that_is_not_ours_does_nothing(page: Bench, headers: dict[str, str], change: str) -> None:
    """Without a ticket of this page for this person, or sent from elsewhere: 403, and nothing is done."""
    await park(page, Ref("opportunity", "o-1"), "why")
    shown = await text("/api/signed-in/status/parts/parked", headers=SIGNED_IN)
    if change:
        shown = re.sub(
            r'(name="ticket" value=")[^"]+', rf"\g<1>{'' if change == 'nothing' else '0.' + '0' * 64}x", shown
        )
    answer = await press("drop", shown, **SIGNED_IN, **headers)
    assert (answer.status_code, len(page.parked.entries)) == (403, 1)


async def test_a_ticket_is_for_one_person_one_act_and_one_record(page: Bench) -> None:
    """Somebody else's, another button's and another entry's ticket are refused, also at the door with a key."""
    await park(page, Ref("opportunity", "o-1"), "why")
    shown = await text("/api/signed-in/status/parts/parked", headers=SIGNED_IN)
    other = {"X-MS-CLIENT-PRINCIPAL": _somebody_else()}
    assert (await press("drop", shown, **other)).status_code == 403
    swapped = shown.replace("/drop", "/xx").replace("/replay", "/drop").replace("/xx", "/replay")
    assert (await press("drop", swapped, **SIGNED_IN)).status_code == 403
    elsewhere = shown.replace("/opportunity/o-1/drop", "/opportunity/o-2/drop")
    assert (await press("drop", elsewhere, **SIGNED_IN)).status_code == 403
    with_key = shown.replace("/api/signed-in/status", "/api/status")
    assert (await press("drop", with_key)).status_code == 403
    assert len(page.parked.entries) == 1


def _somebody_else() -> str:
    claims = [{"typ": "oid", "val": "99999999-3d52-4f6b-9a53-0c7f5c1d2e3f"}, {"typ": "roles", "val": "Cosell.Operator"}]
    return principal(claims=claims)


async def test_an_entry_that_somebody_else_dropped_meanwhile_is_told(page: Bench) -> None:
    """The office's own answer is shown in words, with its status."""
    ref = await park(page, Ref("account", "r-1"), "why")
    shown = await text("/api/status/parts/parked")
    await page.parked.clear("cosell", ref)
    answer = await press("drop", shown)
    assert (answer.status_code, b"is not parked" in answer.get_body()) == (404, True)


async def test_a_get_never_acts(page: Bench) -> None:
    """The address of a button, opened, is no page."""
    await park(page, Ref("opportunity", "o-1"), "why")
    for verb in ("replay", "drop"):
        assert (await call(f"/api/status/parked/opportunity/o-1/{verb}")).status_code == 404
    assert len(page.parked.entries) == 1
    assert not [name for name, _ in page.telemetry.events if name in ("parked_replayed", "parked_dropped")]


# --- who may enter ------------------------------------------------------------------------------------------------

ROOMS = ("", "/parts/parked", "/health/storage", "/deals?id=o-1", "/files/x.js", "/nowhere")


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize("room", ROOMS)
async def test_no_room_is_open_to_who_is_not_signed_in(room: str) -> None:
    """401 with words and a way to sign in that leads back here; nobody else's page, part or file is behind it."""
    answer = await call(f"/api/signed-in/status{room}")
    assert answer.status_code == 401
    assert b'href="/.auth/login/aad?post_login_redirect_uri=/api/signed-in/status"' in answer.get_body()
    assert b"htmx" not in answer.get_body().replace(b"htmx-config", b"")
    assert (await call("/api/signed-in/status/parked/a/b/drop", "POST", headers=SAME)).status_code == 401


async def test_without_the_platforms_sign_in_its_header_is_worth_nothing(page: Bench) -> None:
    """Where WEBSITE_AUTH_ENABLED does not say so anybody could have sent it: 403, and no sign-in is offered."""
    page.configure(WEBSITE_AUTH_ENABLED="")
    use(page.app)
    answer = await call("/api/signed-in/status", headers=SIGNED_IN)
    assert (answer.status_code, b".auth/login" in answer.get_body()) == (403, False)


async def test_the_role_is_the_settings(page: Bench) -> None:
    """STATUS_ROLE names the app role; another one opens nothing."""
    assert "Deals" in await text("/api/signed-in/status", headers=SIGNED_IN)
    page.configure(STATUS_ROLE="Contoso.Sellers")
    use(page.app)
    assert (await call("/api/signed-in/status", headers=SIGNED_IN)).status_code == 403
    sellers = {"X-MS-CLIENT-PRINCIPAL": principal("Contoso.Sellers")}
    assert "Sign out" in await text("/api/signed-in/status", headers=sellers)


async def test_both_doors_have_the_same_rooms(page: Bench) -> None:
    """What is shown with a key is shown to a person, but for the addresses."""
    await furnish(page)
    for room in ("?whole=1", "/parts/deals", "/parts/outcomes", "/health/storage"):
        key = await text(f"/api/status{room}")
        person = await text(f"/api/signed-in/status{room}", headers=SIGNED_IN)
        assert _bare(person) == _bare(key)


def _bare(page: str) -> str:
    page = page.replace("/api/signed-in/status", "/api/status")
    page = re.sub(r' · <a href="/.auth/logout[^<]*</a>', "", page)
    return re.sub(r'name="ticket" value="[^"]+"', "", page)


async def test_a_pause_is_seen(page: Bench) -> None:
    """A system that is left alone is not well, and until when is said."""
    await page.pauses.pause(Side.CRM, page.clock.now() + timedelta(minutes=5), "429")
    assert "left alone until" in await text("/api/status/health/crm_pause")
