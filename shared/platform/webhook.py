"""The webhook for whoever looks after it: how the registration stands, making it ours, and a look every day."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import wraps
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Concatenate, ParamSpec, Protocol

from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError

from shared.domain.registering import Registering, Step
from shared.domain.subscription import Compared, Standing, Subscription
from shared.errors import CosellError, Misconfigured, Refused, RemoteError
from shared.platform.doors import WRONG, Answer, problem
from shared.ports import Telemetry

LARGEST = 16 * 1024  # bytes of a request: it names four events
STATUSES: Mapping[Step, HTTPStatus] = MappingProxyType(
    {
        Step.REGISTERED: HTTPStatus.OK,
        Step.UNCHANGED: HTTPStatus.OK,
        Step.PLANNED: HTTPStatus.OK,
        Step.TAKEN: HTTPStatus.CONFLICT,
        Step.FORBIDDEN: HTTPStatus.FORBIDDEN,
    }
)
P = ParamSpec("P")
Act = Callable[Concatenate["WebhookDesk", "Webhook", P], Coroutine[Any, Any, Answer]]
Acted = Callable[Concatenate["WebhookDesk", P], Coroutine[Any, Any, Answer]]


class Webhook(Protocol):
    """What is asked of `connectors.partner_center.Webhook`."""

    @property
    def live(self) -> bool: ...
    async def look(self) -> Compared: ...
    async def register(self, events: Iterable[str], *, overwrite: bool) -> Registering: ...


class Asked(BaseModel):
    """What a registration is asked with; without `events` it is all that are needed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    events: tuple[str, ...] | None = None
    overwrite: StrictBool = False


def _answered(act: Act[P]) -> Acted[P]:
    """503 with the reason while settings are wrong or Partner Center is away, 422 for what it refuses."""

    @wraps(act)
    async def answer(self: WebhookDesk, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        if self.webhook is None:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, WRONG)
        try:
            return await act(self, self.webhook, *args, **kwargs)
        except Refused as error:
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        except (RemoteError, Misconfigured) as error:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error))

    return answer


class WebhookDesk:
    """`webhook` is None while settings are wrong; `needed` are the events without which something is missed."""

    def __init__(self, *, webhook: Webhook | None, needed: tuple[str, ...], telemetry: Telemetry) -> None:
        self.webhook, self._needed, self._telemetry = webhook, needed, telemetry

    @_answered
    async def shown(self, webhook: Webhook) -> Answer:
        """What is registered, and what of it is ours, missing or foreign."""
        return Answer(body=described(await webhook.look()))

    @_answered
    async def register(self, webhook: Webhook, body: bytes) -> Answer:
        """Make the registration ours, as the JSON `body` asks."""
        if len(body) > LARGEST:
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a registration has at most {LARGEST} bytes")
        try:
            asked = Asked.model_validate_json(body) if body.strip() else Asked()
        except ValidationError as error:
            return problem(HTTPStatus.BAD_REQUEST, f"the body is no registration: {_wrong(error)}")
        events = self._needed if asked.events is None else asked.events
        if not events or not set(events) <= set(self._needed):
            return problem(HTTPStatus.BAD_REQUEST, f"events may name any of {', '.join(self._needed)}")
        done = await webhook.register(events, overwrite=asked.overwrite)
        self._tell(done)
        return _told(done)

    async def watched(self) -> None:
        """The daily look: events that go elsewhere are a deal that is late, and nobody sees it. It only reads."""
        if self.webhook is None:
            self._telemetry.event("webhook_registration_unseen", reason=WRONG)
            return
        try:
            found = await self.webhook.look()
        except CosellError as error:
            self._telemetry.event("webhook_registration_unseen", reason=str(error))
            return
        lost = self.webhook.live and found.standing is not Standing.OURS
        name = "webhook_registration_lost" if lost else "webhook_registration_seen"
        self._telemetry.event(name, standing=found.standing.value, reason=found.problem)

    def _tell(self, done: Registering) -> None:
        """Without the words for the administrator, which show another integration's whole address."""
        self._telemetry.event(
            "webhook_registering",
            outcome=done.step.value,
            events=", ".join(done.wanted.events),
            displaced=done.displaced.host if done.displaced else "",
            test=done.proof.state.value,
            reason=done.proof.detail,
        )


def _told(done: Registering) -> Answer:
    status = STATUSES[done.step]
    return problem(status, done.reason) if done.reason else Answer(status=status, body=reported(done))


def described(found: Compared) -> dict[str, object]:
    """How the registration stands, for a program."""
    return {
        "status": found.standing.value,
        "own_url": found.own,
        "registered": _shown(found.held),
        "missing": list(found.missing),
        "foreign": list(found.foreign),
        "advice": found.problem,
    }


def reported(done: Registering) -> dict[str, object]:
    """What registering came to, for a program."""
    return {
        "status": done.step.value,
        "registered": _shown(done.wanted),
        "displaced": _shown(done.displaced),
        "test": {"status": done.proof.state.value, "detail": done.proof.detail},
    }


def _shown(held: Subscription | None) -> dict[str, object] | None:
    return {"url": held.shown, "events": list(held.events)} if held else None


def _wrong(error: ValidationError) -> str:
    """The places and what may stand there, without what was there."""
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors()[:5])
