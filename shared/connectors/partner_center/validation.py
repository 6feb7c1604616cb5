"""The test event of the webhook registration API: it is sent like any other, and its end can be asked for."""

from __future__ import annotations

from dataclasses import dataclass

from shared.connectors.partner_center.registration import PATH, TEST_EVENT
from shared.connectors.partner_center.wire import SYSTEM, Items, Wire, is_ident
from shared.connectors.rest import Missing, Rest, Sleep
from shared.domain.registering import Proof, Proven
from shared.domain.subscription import Subscription, same
from shared.errors import Refused, Remote, RemoteError, Throttled

EVENTS_PATH = f"{PATH}/validationEvents"
WAITS = (0.25, 0.75, 2.0, 4.0, 8.0)  # seconds before each look at the result: a person waits for the answer
GOOD = ("ok", "200")  # the sample shows OK; a number would mean the same
FINAL = ("completed", "failed")  # the sample shows the first
MOST_SAID = 300  # characters of a refusal that are repeated

LIMITED = Proof(state=Proven.UNTRIED, detail="Partner Center sends two test events a minute: ask again in a minute")
NO_WORD = Proof(
    state=Proven.PENDING, detail=f"{TEST_EVENT} was sent, and there is no word of its end yet: ask again in a minute"
)
NOT_DELIVERED = (
    f"{TEST_EVENT} could not be delivered, the answer was {{code}}{{words}}: see that {{url}} can be reached from the "
    "Internet, that nothing in front of it asks for a sign-in, and that the function partner_center_events is enabled"
)
TO_ANOTHER = f"{TEST_EVENT} went to {{host}}: somebody else has registered in this moment, so look at it again"


class Started(Wire):
    """The answer to a new validation."""

    correlation_id: str


class Attempt(Wire):
    response_code: str | None = None
    response_message: str | None = None
    system_error: bool | None = None


class Result(Wire):
    """How a validation ended; purged after seven days."""

    status: str | None = None
    callback_url: str | None = None
    results: Items[Attempt] | None = None


@dataclass(frozen=True, kw_only=True)
class Validation:
    """POST and GET of `registration/validationEvents` (partner-center-webhooks).

    `rest` is its own: the limit of two a minute is of this call alone, and must not shut out a look at what is
    registered.
    """

    rest: Rest
    sleep: Sleep

    async def prove(self, url: str) -> Proof:
        """Have Partner Center send a test event, and wait for a moment for its end. Never raises: it is a report."""
        try:
            ident = await self._begun()
        except Throttled:
            return LIMITED
        except RemoteError as error:
            return Proof(state=Proven.UNTRIED, detail=f"no test event could be sent: {error}")
        proof = NO_WORD
        for seconds in WAITS:  # not a retry: an event takes its time
            await self.sleep(seconds)
            proof = await self._looked(ident, url)
            if proof.state is not Proven.PENDING:
                break
        return proof

    async def _begun(self) -> str:
        answer = await self.rest.call("POST", EVENTS_PATH)
        ident = Started.read(answer.json()).correlation_id
        if not is_ident(ident):  # it becomes a part of an address
            raise Refused(Remote(system=SYSTEM, message="the test event has an id that cannot be asked for"))
        return ident

    async def _looked(self, ident: str, url: str) -> Proof:
        try:
            answer = await self.rest.call("GET", f"{EVENTS_PATH}/{ident}")
            return ended(Result.read(answer.json()), url)
        except Missing:  # not there yet
            return NO_WORD
        except RemoteError as error:
            return Proof(state=Proven.PENDING, detail=f"{TEST_EVENT} was sent, and its end cannot be seen: {error}")


def ended(result: Result, url: str) -> Proof:
    """What a result says of the event's way to `url`."""
    attempts = result.results or []
    if result.callback_url and not same(result.callback_url, url):
        there = Subscription(url=result.callback_url)
        return Proof(state=Proven.FAILED, detail=TO_ANOTHER.format(host=there.host))
    if any((one.response_code or "").casefold() in GOOD for one in attempts):
        return Proof(state=Proven.DELIVERED, detail=f"{TEST_EVENT} was delivered here")
    final = (result.status or "").casefold() in FINAL
    if not final and not attempts:
        return NO_WORD
    last = attempts[-1] if attempts else Attempt()
    words = f" ({last.response_message[:MOST_SAID]})" if last.response_message else ""
    code = (last.response_code or "nothing")[:MOST_SAID]
    detail = NOT_DELIVERED.format(code=code, words=words, url=Subscription(url=url).shown)
    return Proof(state=Proven.FAILED if final else Proven.PENDING, detail=detail)
