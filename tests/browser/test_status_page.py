"""The status page as people meet it: in a real browser, on a desk and on a phone, in light and in dark."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.host.packages import AXE
from shared.domain.values import Ref
from shared.messages import Why
from tests.browser.scene import park
from tests.browser.serving import KEY
from tests.browser.visit import PHONE, Looked, Visit
from tests.unit.test_status_admission import OID, principal

OPENED = "details summary"
EVIL = "<img src=x onerror=\"window.ran=1\"><script>window.ran=1</script>' onfocus='window.ran=1"
SEVERE = ("serious", "critical")
MOVING = """() => [...document.querySelectorAll('*')]
    .filter((each) => parseFloat(getComputedStyle(each).transitionDuration)).length"""


def quiet(visit: Visit, looked: Looked) -> None:
    """Nothing went wrong unseen: no error, no breach of the policy, and no call to anybody else."""
    assert visit.said == []
    assert {f"http://{host}" for host in visit.hosts} == {looked.url}


async def test_the_page_fills_itself_and_calls_nobody_else(looked: Looked) -> None:
    """Every part comes, nothing is said on the console, no policy is broken, and no request leaves for another host."""
    async with looked.visit() as visit:
        await visit.open()
        await visit.filled()
        shown = await visit.page.inner_text("main")
        for words in (
            "Azure Storage",
            "in step",
            "Two accounts fit",
            "p95",
            "Recent outcomes",
            "Updated Partner Center",
        ):
            assert words in shown
        assert await visit.page.locator(".light.good").count() == await visit.page.locator(".light").count() > 5
        quiet(visit, looked)


async def test_the_key_stays_in_the_address_and_out_of_everything_else(looked: Looked) -> None:
    """No referrer, no cookie, nothing that outlives the tab: htmx notes there where it is, as the tab itself does."""
    async with looked.visit() as visit:
        referrers: list[str] = []
        visit.page.on("request", lambda request: referrers.append(request.headers.get("referer", "")))
        await visit.open()
        await visit.filled()
        await visit.page.click("#outcomes tbody a >> nth=0")
        kept = await visit.page.evaluate("() => [localStorage.length, Object.keys(sessionStorage), document.cookie]")
        assert kept == [0, ["htmx-current-path-for-history"], ""]
        assert set(referrers) == {""}
        assert f"code={KEY}" in visit.page.url


@pytest.mark.parametrize("width", [320, 390])
async def test_on_a_phone_nothing_scrolls_sideways(looked: Looked, width: int) -> None:
    """The page and a deal's two sides fit a narrow screen, long ids and names included."""
    await park(looked.bench, Ref("opportunity", "o-" + "1" * 120), "W" * 300)
    async with looked.visit(viewport={**PHONE, "width": width}) as visit:
        await visit.open()
        await visit.filled()
        assert not await visit.scrolls_sideways()
        await visit.open("/deals", id=looked.scene.differing)
        assert not await visit.scrolls_sideways()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everything_can_be_read_in_light_and_in_dark(looked: Looked, scheme: Any) -> None:
    """Each text stands out from what lies behind it by 4.5 to 1, and dark is dark."""
    async with looked.visit(color_scheme=scheme) as visit:
        for room, query in (("", {}), ("/deals", {"id": looked.scene.differing}), ("/deals", {"id": "nobody"})):
            await visit.open(room, **query)
            await visit.filled()
            assert await visit.poor_contrast() == []
        ground = await visit.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(16, 20, 26)") is (scheme == "dark")


async def press_both(visit: Visit, looked: Looked) -> None:
    """Replay one entry and drop the other, with the mouse."""
    page, scene = visit.page, looked.scene
    await page.locator(f"article[aria-label$='{scene.replayable.id}'] button.main").click()
    await page.wait_for_selector(".said:has-text('is looked at again')")
    card = page.locator(f"article[aria-label$='{scene.droppable.id}']")
    await card.locator("summary").click()
    await card.locator("button.danger").click()
    await page.wait_for_selector(".said:has-text('The entry is dropped')")
    last = looked.bench.signals.log[-1].signal
    assert (last.ref, last.why) == (scene.replayable, Why.REPLAY)
    assert [ref for _, ref in looked.bench.parked.entries] == [scene.replayable]
    assert await page.locator(f"article[aria-label$='{scene.droppable.id}']").count() == 0


async def test_replay_and_drop_by_click(looked: Looked) -> None:
    """What is pressed is done in the store and said on the page."""
    async with looked.visit() as visit:
        await visit.open()
        await visit.filled()
        await press_both(visit, looked)
        await visit.filled()
        quiet(visit, looked)


async def test_without_javascript_the_page_is_whole_and_its_buttons_work(looked: Looked) -> None:
    """Who runs no script is led to everything in one page, and presses the same buttons."""
    async with looked.visit(java_script_enabled=False) as visit:
        await visit.open()
        await visit.page.wait_for_url("**whole=1**")
        assert "Two accounts fit" in await visit.page.inner_text("main")
        await press_both(visit, looked)
        quiet(visit, looked)


async def test_who_is_signed_in_presses_the_same_buttons(looked: Looked) -> None:
    """At the other door, with the platform's word for who it is; telemetry has the object id."""
    async with looked.visit(extra_http_headers={"X-MS-CLIENT-PRINCIPAL": principal("Cosell.Operator")}) as visit:
        await visit.page.goto(f"{looked.url}/api/signed-in/status")
        await visit.filled()
        await press_both(visit, looked)
        assert not any(KEY in address for address in visit.addresses)
    assert {fields["by"] for _, fields in looked.bench.telemetry.events if "by" in fields} == {OID}


async def test_another_sites_form_does_nothing(looked: Looked) -> None:
    """A form on another page that knows the address, and even a ticket, is refused by what the browser says of it."""
    async with looked.visit() as visit:
        await visit.open("/parts/parked")
        action, ticket = await visit.page.evaluate(
            "() => { const f = document.querySelector('details form'); return [f.action, f.ticket.value]; }"
        )
        await visit.page.goto("about:blank")
        await visit.page.set_content(
            f'<form method="post" action="{action}"><input name="ticket" value="{ticket}"><button>Win</button></form>'
        )
        await visit.page.click("button")
        await visit.page.wait_for_selector("text=was not sent by the status page")
    assert len(looked.bench.parked.entries) == 2


async def test_hostile_names_are_shown_and_do_not_run(looked: Looked) -> None:
    """Markup in a deal's name, its notes or a parked reason is text on the page: not even the policy has to stop it."""
    await park(looked.bench, Ref("opportunity", "o-1"), EVIL, EVIL)
    change = {"name": EVIL, "description": EVIL}
    await looked.bench.people.crm("PATCH", f"opportunities({looked.scene.differing})", change)
    async with looked.visit() as visit:
        await visit.open()
        await visit.filled()
        assert EVIL in await visit.page.inner_text("#parked")
        await visit.open("/deals", id=looked.scene.differing)
        assert EVIL in await visit.page.inner_text("table.both")
        assert await visit.page.evaluate("() => window.ran") is None
        quiet(visit, looked)


async def test_a_deal_is_found_with_the_keyboard_alone(looked: Looked) -> None:
    """The first stop leads to the content; the search takes an id and Enter; the deal shows what differs."""
    async with looked.visit() as visit:
        await visit.open()
        await visit.page.keyboard.press("Tab")
        assert await visit.page.evaluate("() => document.activeElement.textContent") == "To the content"
        await visit.page.focus("#find")
        outline = await visit.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        await visit.page.keyboard.type(looked.scene.differing)
        await visit.page.keyboard.press("Enter")
        await visit.page.wait_for_selector("tr.differs")
        rows = await visit.page.locator("tr.differs").all_inner_texts()
        assert outline == "solid"
        assert any("Deal value" in row and "135,000" in row and "120,000" in row for row in rows)
        quiet(visit, looked)


async def test_outcomes_are_filtered_in_place_and_by_address(looked: Looked) -> None:
    """With script the list is exchanged where it stands; the same link, opened, shows the same."""
    async with looked.visit() as visit:
        await visit.open()
        await visit.filled()
        await visit.page.click("#filter-waiting")
        await visit.page.wait_for_selector("#filter-waiting[aria-current]")
        assert set(await visit.page.locator("#outcomes .pill").all_inner_texts()) == {"waiting"}
        await visit.open(outcome="waiting")
        await visit.filled()
        assert set(await visit.page.locator("#outcomes .pill").all_inner_texts()) == {"waiting"}


async def test_who_wants_no_motion_gets_none(looked: Looked) -> None:
    """Where the system asks for less motion nothing is animated."""
    async with looked.visit(reduced_motion="reduce") as visit:
        await visit.open()
        await visit.filled()
        assert await visit.page.evaluate(MOVING) == 0


async def test_the_closed_door_looks_like_a_door(looked: Looked) -> None:
    """Who is not signed in reads why and finds the way in, in its own few styles, which the policy allows by hash."""
    async with looked.visit(color_scheme="dark") as visit:
        await visit.page.goto(f"{looked.url}/api/signed-in/status")
        link = await visit.page.get_attribute("a.button", "href")
        assert link == "/.auth/login/aad?post_login_redirect_uri=/api/signed-in/status"
        assert await visit.page.evaluate("() => getComputedStyle(document.body).maxWidth") != "none"
        assert await visit.poor_contrast() == []
        assert not [said for said in visit.said if "401" not in said]


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
async def test_nobody_is_shut_out(looked: Looked, viewport: Any) -> None:
    """Deque's rules find nothing serious on the page, on a deal, and where there is no page."""
    script = AXE.modules / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip("axe-core is not installed: `python dev.py environment all`")
    async with looked.visit(bypass_csp=True, **({"viewport": viewport} if viewport else {})) as visit:
        for room, query in (("", {}), ("/deals", {"id": looked.scene.differing}), ("/nowhere", {})):
            await visit.open(room, **query)
            await visit.filled()
            await visit.page.add_script_tag(path=str(script))
            found = (await visit.page.evaluate("() => axe.run()"))["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SEVERE] == []
