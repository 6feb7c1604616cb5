"""Partner Center behind the core's port: reads, conditional writes, creation behind a search, polls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.connectors.partner_center.creating import invitation, new_deal
from shared.connectors.partner_center.extras import NONE, Extras
from shared.connectors.partner_center.listing import PATH, Descent, pages
from shared.connectors.partner_center.mapping import KIND, newest_of_microsoft, snapshot, widened
from shared.connectors.partner_center.patching import operations
from shared.connectors.partner_center.polling import Poll
from shared.connectors.partner_center.tenant import tenant_of
from shared.connectors.partner_center.vocabulary import is_ours
from shared.connectors.partner_center.walking import walked
from shared.connectors.partner_center.wire import SYSTEM, Brief, Referral, is_ident
from shared.connectors.rest import Answer, Missing, Rest, took_effect
from shared.domain.link import Purpose
from shared.domain.values import Ref, Side, Values
from shared.errors import AccessLost, Conflict, Refused, Remote, Unavailable
from shared.ports import Change, Draft, Listed, Page, Recovered, Search, Snapshot, World

WHOLE = {"Prefer": "return=representation"}
SKEW = timedelta(minutes=5)  # our clock wrote `since`, the service's wrote createdDateTime
MOST_PAGES = 50  # 5,000 referrals created since an intent: more is no window, and is not searched


@dataclass(frozen=True, kw_only=True)
class PartnerCenter:
    """`ports.Gateway` of Partner Center's Referrals API (side PARTNER)."""

    rest: Rest
    poll: Poll
    portal_link: str
    organization: str = ""
    extras: Extras = NONE
    most_pages: int = MOST_PAGES
    side: Side = Side.PARTNER
    title: str = SYSTEM
    kind: str = KIND

    async def read(self, ident: str) -> Snapshot | None:
        if not is_ident(ident):
            return None  # no referral is called so, and the text must not become part of an address
        try:
            return self._snapshot(await self._record("GET", ident))
        except Missing:
            return None

    async def widen(self, record: Snapshot) -> Snapshot:
        return widened(record, await self._engagement(record.parent))

    async def find(self, counterpart: str) -> tuple[str, ...]:  # noqa: ARG002  the port's parameter
        """Nothing: `externalReferenceId` cannot be filtered by (get-a-list-of-referrals)."""
        return ()

    async def showing(self, beside: Ref) -> tuple[str, ...]:  # noqa: ARG002  the port's parameter
        """Nothing: what belongs to a referral lies in it."""
        return ()

    async def ours_in(self, parent: str) -> tuple[str, ...]:
        referrals = await self._engagement(parent)
        return tuple(referral.id for referral in referrals if is_ours(referral, self.organization))

    async def made_from(self, origin: Ref) -> tuple[str, ...]:
        """Nothing: a referral is made from no other one."""
        del origin
        return ()

    async def write(self, change: Change) -> Snapshot:
        """PATCH under If-Match; an answer without a body is followed by a read."""
        record = change.record
        native, extras = _native(record), self.extras
        patch = operations(native, change.values, marker=change.marker, counterpart=change.counterpart, extras=extras)
        if not patch:
            return await self._again(record.ref.id)
        headers = {**WHOLE, "If-Match": record.version}
        try:
            answer = await self._record("PATCH", record.ref.id, headers=headers, json=patch)
        except Missing as error:
            raise Conflict(error.remote) from error  # deleted since it was read: whoever looks again will see
        except Conflict as error:
            raise await self._judged(error, record) from error
        with took_effect():
            return self._snapshot(answer) if answer.body.strip() else await self._again(record.ref.id)

    async def create(self, draft: Draft) -> Snapshot:
        """A POST, sent again only if it certainly had no effect: nothing at Partner Center makes it happen once."""
        if draft.purpose is Purpose.INVITE:
            answer = await self.rest.call("POST", PATH, json=invitation(draft), headers=WHOLE)
            with took_effect():
                return await self._own(draft, _answered(answer))
        answer = await self.rest.call("POST", PATH, json=new_deal(draft, self.extras), headers=WHOLE)
        with took_effect():
            record = self._snapshot(answer)
            return record if record.version else await self._again(record.ref.id)

    async def recover(self, draft: Draft, since: datetime) -> Recovered:
        """Whether an earlier `create` of the same draft took effect."""
        return await (self._invited(draft) if draft.purpose is Purpose.INVITE else self._created(draft, since - SKEW))

    async def held(self, values: Values) -> Values:
        """As they are: no source says that Partner Center rounds or cuts anything."""
        return self.extras.held(values) if self.extras.pairs else values

    def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        return self.poll.changes(cursor)

    def every(self, *, before: datetime | None, since: datetime | None) -> AsyncIterator[tuple[Listed, ...]]:
        """See `walking`: the list knows no `since`, so whoever walks has to look at `changed`."""
        del since
        return walked(self.rest, self.organization, before)

    async def ping(self) -> World:
        await self.rest.call("GET", PATH, params={"$top": "1"})
        tenant, user = tenant_of(await self.rest.tokens.get(self.rest.scope))
        return World(organisation=self.organization or tenant, user=user)

    async def _record(
        self,
        method: str,
        ident: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> Answer:
        """A call about one referral: 403 is about it alone if the account may still list others.

        A Referrals user sees only the deals whose team he is in, and one such deal must not stop all.
        """
        try:
            return await self.rest.call(method, f"{PATH}/{ident}", headers=headers, json=json)
        except AccessLost as error:
            if error.remote.status != 403:  # noqa: PLR2004  401 is the token's
                raise
            await self.ping()
            raise Refused(
                error.remote, advice="This account may not see this referral: make it Referrals admin"
            ) from error

    async def _judged(self, error: Conflict, record: Snapshot) -> Conflict | Refused:
        """A 409 on a version that still stands is no conflict: the step itself is refused, and would be again.

        Which status an illegal step of the life cycle gets is documented nowhere. After a 412 a read may lag behind.
        """
        if error.remote.status == 412:  # noqa: PLR2004  precondition failed
            return error
        current = await self.read(record.ref.id)
        if current is None or current.version != record.version:
            return error
        return Refused(error.remote, advice="Partner Center does not allow this in the referral's present state")

    def _snapshot(self, answer: Answer) -> Snapshot:
        referral = Referral.read(answer.json())
        version = referral.e_tag or answer.headers.get("etag", "")
        return snapshot(
            referral, version, organization=self.organization, portal_link=self.portal_link, extras=self.extras
        )

    async def _again(self, ident: str) -> Snapshot:
        if record := await self.read(ident):
            return record
        raise Unavailable(
            Remote(system=SYSTEM, status=404, message=f"referral {ident} was written but is not shown yet")
        )

    async def _engagement(self, engagement: str) -> list[Referral]:
        if not is_ident(engagement):
            return []
        params = {"$filter": f"engagementId eq '{engagement}'"}
        return [Referral.read(item) async for page in pages(self.rest, params) for item in page.value]

    async def _own(self, draft: Draft, invited: Referral | None = None) -> Snapshot:
        """The own referral, with the one that was just `invited` also where the engagement does not list it yet."""
        if draft.parent is None:
            raise ValueError("an invitation needs the own referral as its parent")
        own = await self._again(draft.parent.ref.id)
        listed = await self._engagement(own.parent)
        unlisted = invited is not None and invited.id not in {referral.id for referral in listed}
        return widened(own, [*listed, invited] if invited and unlisted else listed)

    async def _invited(self, draft: Draft) -> Recovered:
        """One in any state counts, closed ones too: a second invitation needs a person's new request."""
        if draft.parent is None:
            raise ValueError("an invitation needs the own referral as its parent")
        engagement = await self._engagement(draft.parent.parent)
        if newest_of_microsoft(engagement, but=draft.parent.ref.id) is None:
            return Recovered(search=Search.ABSENT)
        return Recovered(search=Search.FOUND, record=await self._own(draft))

    async def _created(self, draft: Draft, bound: datetime) -> Recovered:
        found, complete = await self._look_back(draft.source.id.casefold(), bound)
        if found:
            oldest = min(found, key=lambda brief: (brief.created, brief.id))
            return Recovered(search=Search.FOUND, record=await self._again(oldest.id))
        return Recovered(search=Search.ABSENT if complete else Search.UNSURE)

    async def _look_back(self, reference: str, bound: datetime) -> tuple[list[Brief], bool]:
        """Own referrals that carry `reference`, and whether everything created since `bound` was looked at."""
        descent, read, found = Descent(bound), 0, list[Brief]()
        async for page in pages(self.rest, {"$orderby": "createdDateTime desc"}):
            found += [
                brief
                for brief in descent.within([(brief.created, brief) for brief in page.briefs()])
                if (brief.external_reference_id or "").casefold() == reference and is_ours(brief, self.organization)
            ]
            read += 1
            if descent.past or not page.next_link:
                return found, True
            if read == self.most_pages:
                return found, False
        return found, True


def _answered(answer: Answer) -> Referral | None:
    """The referral that a POST answered with; None for an answer without a body."""
    return Referral.read(answer.json()) if answer.body.strip() else None


def _native(record: Snapshot) -> Referral:
    if not isinstance(record.native, Referral):
        raise TypeError("a change needs a record that this gateway read")
    return record.native
