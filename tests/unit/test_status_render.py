"""The status page as it leaves us: what is foreign stays text, and no browser runs, keeps or passes on anything."""

from __future__ import annotations

import asyncio
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.platform.status import render
from shared.platform.status.asked import Asked, Door, Page
from shared.platform.status.files import FOLDER, SCRIPT, STYLE, files
from tests.unit.status_house import IDENT, KEY, Site, site

TEMPLATES = sorted((Path(render.__file__).parent / "templates").glob("*.html"))
# A letter at both ends, so that no text is blank: parts that have nothing to say are left out, and rightly.
hostile = st.text(st.characters(codec="utf-8")).map(lambda text: f"a{text}z")
ATTACKS = (
    "a<script>alert(1)</script>z",
    'a"><img src=x onerror=alert(1)>z',
    "a' onmouseover='alert(1)z",
    "a</bdi></td></table></main><form action=https://evil.example.com>z",
    "a{{ 7*7 }}{% raw %}<b>z",
    "a&lt;b&#x3c;z",
    "a\u202e\u2066<b>\x00z",
    "a]]><!--z",
)


class Seen(HTMLParser):
    """The tags and attributes' names of a page, and its text."""

    def __init__(self, page: Page) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page.body.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.values += [(name, value or "") for name, value in attrs]

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_data(self, data: str) -> None:
        self.text += data


async def pages(text: str) -> list[Page]:
    """Every page that shows somebody else's words."""
    made = await site(text)
    rooms = [(), ("parts", "parked"), ("parts", "outcomes"), ("parts", "health"), ("health", "dynamics")]
    found = [await made.get(*room, whole="1") for room in rooms]
    found += [await made.get("deals", id=IDENT), await made.get("deals", id=text), await made.get(text, text)]
    return found


PLAIN = [Seen(page).tags for page in asyncio.run(pages("words"))]


@settings(max_examples=60, deadline=None)
@given(hostile)
@example(ATTACKS[0])
@example(ATTACKS[1])
@example(ATTACKS[2])
@example(ATTACKS[3])
@example(ATTACKS[4])
@example(ATTACKS[5])
@example(ATTACKS[6])
@example(ATTACKS[7])
def test_no_text_of_somebody_elses_becomes_markup(text: str) -> None:
    """Whatever a CRM holds, the page has the same tags and attributes as with plain words, and shows the text."""
    found = [Seen(page) for page in asyncio.run(pages(text))]
    assert [one.tags for one in found] == PLAIN
    shown = " ".join(text.replace("\x00", "\ufffd").split())
    assert shown in " ".join(found[0].text.replace("\x00", "\ufffd").split())
    for name, value in (pair for one in found for pair in one.values):
        assert name not in ("href", "action", "src", "hx-get") or value.startswith(("/", "#", "data:image/svg"))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_goes_round_the_escaping(template: Path) -> None:
    """No filter or block that trusts a text, no script or style in the page, no handler, every value in quotes."""
    text = template.read_text(encoding="utf-8").replace("<style>{{ BARE }}</style>", "")
    assert not re.search(r"\|\s*safe|autoescape|Markup|\bon\w+=|javascript:|hx-on|<style|style=", text)
    assert not re.search(r"<script(?![^>]* src=)", text)
    assert not re.search(r"(?<!;)\s[\w-]+=\{\{", text)


def test_the_environment_escapes_and_knows_no_missing_name() -> None:
    """Autoescape is on for every template, and a name that is not given is an error and not an empty place."""
    made = render.environment()
    assert made.autoescape is True
    assert made.from_string("{{ text }}").render(text="<&\"'>") == "&lt;&amp;&#34;&#39;&gt;"
    assert made.undefined.__name__ == "StrictUndefined"


async def every_answer(made: Site) -> list[Page]:
    return [
        *(await pages("words")),
        await made.get("nowhere"),
        await made.get("files", files()[STYLE].name),
        await made.get(door=Door.PERSON),
    ]


async def test_every_answer_forbids_what_a_page_does_not_need() -> None:
    """Pages, parts, files, refusals: the policy allows our script and style sheet alone, nobody frames or keeps it."""
    for page in await every_answer(await site()):
        policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
        assert re.fullmatch(r"'self' 'sha256-[^' ]+'", policy["style-src"])
        assert not any("unsafe" in text or "*" in text or "http" in text for text in policy.values())
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store" or page.headers["Cache-Control"].startswith(
            "private, max-age"
        )


async def test_what_a_browser_may_keep_has_its_fingerprint_in_its_name() -> None:
    """A file may be kept for a year, as another content has another name; the page insists on this very content."""
    made = await site()
    page = Seen(await made.get())
    for name in (STYLE, SCRIPT):
        file = files()[name]
        answer = await made.get("files", file.name)
        assert (answer.body, answer.headers["Cache-Control"]) == (file.body, "private, max-age=31536000, immutable")
        assert ("integrity", file.integrity) in page.values
        assert (await made.get("files", name)).status == 404
    for path in ("..", "../render.py", "%2e%2e", ""):
        assert (await made.get("files", path)).status == 404


def test_htmx_is_as_released_and_says_whose_it_is() -> None:
    """The licence lies beside it, and the version is in both names and in the file itself."""
    version = re.fullmatch(r"htmx-(\d+\.\d+\.\d+)\.min\.js", SCRIPT)
    assert version
    assert f'version:"{version[1]}"' in (FOLDER / SCRIPT).read_text(encoding="utf-8")
    assert "Zero-Clause BSD" in (FOLDER / f"htmx-{version[1]}.LICENSE.txt").read_text(encoding="utf-8")


async def test_the_key_goes_where_the_browser_has_to_send_it_and_nowhere_else() -> None:
    """Every address of ours carries it on where it came in the address, and none where it came in a header."""
    made = await site()
    carried = Seen(await made.get(whole="1"))
    links = [
        value for name, value in carried.values if name in ("href", "hx-get", "action", "src") and value[:5] == "/api/"
    ]
    search = "/api/status/deals"  # a form that is sent by GET carries it in a field
    assert all(f"code={KEY}" in link for link in links if link != search)
    assert KEY not in carried.text
    plain = Seen(await made.house.enter(_with_header()))
    assert not any(KEY in value for _, value in plain.values)
    assert KEY not in repr(_with_header()) + repr(made.telemetry.events)


def _with_header() -> Asked:
    return Asked(door=Door.KEY, query={"whole": "1"}, headers={"x-functions-key": KEY})
