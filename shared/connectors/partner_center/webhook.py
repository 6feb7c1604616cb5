"""This installation's own webhook at Partner Center: how the registration stands to it, and how it is made ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.connectors.partner_center.registration import EVENTS, TEST_EVENT, Ensured, Registration
from shared.connectors.partner_center.validation import Validation
from shared.domain.registering import FORBIDDEN, NOT_TRIED, Registering, Step, displacing
from shared.domain.subscription import Compared, Standing, Subscription, compared, merged
from shared.errors import Misconfigured

ROUTE = "api/partner-center/events"  # the function's; its callers sign, so no key belongs into the address
NOWHERE = "PUBLIC_URL is not set; it may be the https address at which this app answers"


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """`address` is where this app answers, "" where nobody said; only a `live` installation may register itself."""

    registration: Registration
    validation: Validation
    address: str
    live: bool
    dry_run: bool = False

    @property
    def url(self) -> str:
        return f"{self.address.rstrip('/')}/{ROUTE}" if self.address else ""

    async def look(self) -> Compared:
        """How the tenant's registration stands to this app. One call."""
        return compared(await self.registration.current(), self.url, EVENTS, spare=(TEST_EVENT,))

    async def register(
        self, events: Iterable[str] = EVENTS, *, overwrite: bool = False, dry_run: bool = False
    ) -> Registering:
        """Register this app for `events`, and prove it with a test event.

        The test's own event joins them. Raises Misconfigured where nobody said where this app answers, and what
        Partner Center's refusals raise; a test that fails is in the report, since the registration stands.
        """
        if not self.url:
            raise Misconfigured((NOWHERE,))
        plan, asked = dry_run or self.dry_run, merged(events, (TEST_EVENT,))
        if not (plan or self.live):
            return Registering(step=Step.FORBIDDEN, wanted=Subscription(url=self.url, events=asked), reason=FORBIDDEN)
        done = await self.registration.ensure(self.url, asked, overwrite=overwrite, dry_run=plan)
        return Registering(
            step=done.step,
            wanted=done.wanted,
            displaced=done.displaced,
            proof=NOT_TRIED if plan or done.step is Step.TAKEN else await self.validation.prove(done.wanted.url),
            reason=_why_not(done),
        )

    async def problems(self) -> tuple[str, ...]:
        """What health has to complain of: an installation that is not live has no claim to the registration."""
        if not self.live:
            return ()
        found = await self.look()
        return () if found.standing is Standing.OURS else (f"Partner Center: {found.problem}",)


def _why_not(done: Ensured) -> str:
    return displacing(done.displaced) if done.step is Step.TAKEN and done.displaced else ""
