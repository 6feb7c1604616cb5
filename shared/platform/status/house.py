"""The rooms of the status page: who may enter, what is shown where, and what its buttons do.

GET  (nothing)              the page; its parts are fetched by it, or come with it (`whole`)
GET  parts/<name>           one part, for the page or as a page of its own
GET  health/<check>         one dependency
GET  deals?id=              one deal explained
GET  files/<name>           style sheet and script
POST parked/<kind>/<id>/replay, …/drop
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment

from shared.domain.policy import Policy
from shared.domain.values import Ref
from shared.platform.doors import Answer
from shared.platform.office import KEY, Office
from shared.platform.status import files
from shared.platform.status.admission import SIGN_IN, SIGN_OUT, Admission, Refusal
from shared.platform.status.asked import Asked, Page, Visitor
from shared.platform.status.deal_view import view
from shared.platform.status.render import HEADERS
from shared.platform.status.shown import PARTS, Card, Parts, act_of
from shared.ports import Clock
from shared.settings import Problem

MOST_FORM = 4_096  # bytes of a form
SAID = {
    "replay": "The record is looked at again. What is parked of it goes away once that succeeds.",
    "drop": "The entry is dropped. The deal itself is as it was, and is looked at again when either side changes.",
}
NOWHERE = Refusal(status=404, title="Not found", reason="There is no such page here.")
NOT_OURS = Refusal(
    status=403, title="Not done", reason="This form was not sent by the status page, so nothing was done."
)
TOO_OLD = Refusal(
    status=403,
    title="Not done",
    reason="The page that this button was on is too old. Load it again and press it there.",
)
Explain = Callable[[str, str], Awaitable[Answer]]


@dataclass(frozen=True, kw_only=True)
class House:
    """Answers every request for the page. `explain` takes a deal's id and who asks for it."""

    admission: Admission
    parts: Parts
    office: Office
    explain: Explain
    policy: Policy
    problems: tuple[Problem, ...]
    clock: Clock
    templates: Environment

    async def enter(self, asked: Asked) -> Page:
        visitor = self.admission(asked)
        if isinstance(visitor, Refusal):
            page = self._refused(visitor)
        elif asked.method == "POST":
            page = await self._act(visitor, asked)
        else:
            page = await self._shown(visitor, asked)
        return Page(status=page.status, body=page.body, kind=page.kind, headers={**HEADERS, **page.headers})

    async def _shown(self, visitor: Visitor, asked: Asked) -> Page:
        match asked.room:
            case ():
                return await self._whole(visitor, asked)
            case ("parts", name) if name in PARTS:
                return await self._part(name, visitor, asked)
            case ("health", name) if name in self.parts.checks.checks:
                return self._page("light.html", visitor, light=await self.parts.checks.one(name))
            case ("deals",):
                return await self._deal(visitor, asked.query.get("id", "").strip())
            case ("files", name):
                return files.page_of(name) or self._refused(NOWHERE, visitor)
        return self._refused(NOWHERE, visitor)

    async def _whole(self, visitor: Visitor, asked: Asked) -> Page:
        """Without `whole` nothing is waited for: the parts come by themselves."""
        parts: dict[str, Any] = dict.fromkeys(PARTS)
        if "whole" in asked.query:
            parts = {name: await self.parts.show(name, visitor, asked) for name in PARTS}
        query = {name: asked.query[name] for name in ("outcome", "said") if name in asked.query}
        whole = visitor.to(whole="1", **query)
        said = SAID.get(asked.query.get("said", ""), "")
        lights = self.parts.checks.unknown
        return self._page("page.html", visitor, parts=parts, whole=whole, said=said, lights=lights, query=query)

    async def _part(self, name: str, visitor: Visitor, asked: Asked) -> Page:
        shown = await self.parts.show(name, visitor, asked)
        template = f"part_{name}.html" if asked.partial else "one.html"
        return self._page(template, visitor, name=name, part=shown)

    async def _deal(self, visitor: Visitor, ident: str) -> Page:
        answer = await self.explain(ident, visitor.id)
        if answer.status != Page.status:
            reason = str(answer.body.get("reason", ""))
            return self._refused(Refusal(status=answer.status, title="No deal is shown", reason=reason), visitor)
        told = view(answer.body)
        cards = [await self._card(visitor, each) for each in told["told"]["parked"]]
        return self._page("deal.html", visitor, deal=told, cards=cards)

    async def _card(self, visitor: Visitor, told: Mapping[str, str]) -> Card:
        at = datetime.fromisoformat(told["at"])
        ref = Ref(told["kind"], told["id"])
        return await self.parts.card(visitor, ref, reason=told["reason"], advice=told["advice"], at=at)

    async def _act(self, visitor: Visitor, asked: Asked) -> Page:
        acts = {"replay": self.office.replay, "drop": self.office.drop}
        match asked.room:
            case ("parked", kind, ident, verb) if verb in acts:
                if not self.admission.from_here(asked.headers):
                    return self._refused(NOT_OURS, visitor)
                if not await self.parts.tickets.good(_ticket(asked), visitor.bound, act_of(verb, Ref(kind, ident))):
                    return self._refused(TOO_OLD, visitor)
                return self._done(visitor, verb, await acts[verb](kind, ident, by=visitor.id))
        return self._refused(NOWHERE, visitor)

    def _done(self, visitor: Visitor, verb: str, answer: Answer) -> Page:
        if "reason" in answer.body:
            reason = str(answer.body["reason"])
            return self._refused(Refusal(status=answer.status, title="Not done", reason=reason), visitor)
        return Page(status=303, headers={"Location": f"{visitor.to(said=verb)}#said"})

    def _refused(self, refusal: Refusal, visitor: Visitor | None = None) -> Page:
        sign_in = SIGN_IN if refusal.sign_in else ""
        return self._page("refused.html", visitor, status=refusal.status, refusal=refusal, sign_in=sign_in)

    def _page(self, template: str, visitor: Visitor | None, *, status: int = 200, **shown: Any) -> Page:
        shown |= {"visitor": visitor, "now": self.clock.now(), "policy": self.policy, "problems": self.problems}
        shown |= {"sign_out": SIGN_OUT if visitor and visitor.id != KEY else ""}
        return Page(status=status, body=self.templates.get_template(template).render(shown).encode())


def _ticket(asked: Asked) -> str:
    form = parse_qs(asked.body[:MOST_FORM].decode("ascii", "replace"))
    return form.get("ticket", [""])[0]
