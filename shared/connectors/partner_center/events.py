"""A webhook call's body as a signal: it names a referral and says nothing else that is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from pydantic import Field, ValidationError

from shared.connectors.foreign_json import lenient
from shared.connectors.partner_center.mapping import KIND
from shared.connectors.partner_center.wire import Wire
from shared.domain.values import Side
from shared.errors import BadEvent
from shared.messages import Look, Signal

LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        "referral-created": Look.REFERRAL,
        "referral-updated": Look.REFERRAL,
        "related-referral-created": Look.COSELL,
        "related-referral-updated": Look.COSELL,
    },
)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Event(Wire):
    """The body that all events share (partner-center-webhook-events); it carries no event id and no order."""

    event_name: str = Field(alias="EventName", min_length=1, max_length=128)
    resource_uri: str = Field(alias="ResourceUri", max_length=2048)
    resource_name: str | None = Field(default=None, alias="ResourceName")
    resource_change_utc_date: str | None = Field(default=None, alias="ResourceChangeUtcDate")


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What an event came to: a signal, or the reason why there is none."""

    name: str
    signal: Signal | None = None
    reason: str = ""


def hear(body: bytes, pair: str) -> Heard:
    """The signal of an event of ours; raises BadEvent 400 for a body that is no event."""
    event = _read(body)
    name = event.event_name.casefold()
    if name not in LOOKS:
        return Heard(name=event.event_name, reason=f"{event.event_name} is no event of a referral")
    signal = Signal(pair=pair, look=LOOKS[name], side=Side.PARTNER, kind=KIND, id=_referral_id(event.resource_uri))
    return Heard(name=event.event_name, signal=signal)


def signal_of(body: bytes, pair: str) -> Signal | None:
    """`hear` for whoever needs no reason."""
    return hear(body, pair).signal


def _read(body: bytes) -> Event:
    try:
        return Event.model_validate(lenient(body.decode("utf-8-sig")))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors())
        raise BadEvent(400, f"the body is not an event: {wrong}") from error
    except ValueError as error:
        raise BadEvent(400, "the body is not JSON that can be read") from error


def _referral_id(uri: str) -> str:
    """Only the trailing GUID: the address names a host and a path that the Referrals API does not have."""
    try:
        last = urlsplit(uri).path.rstrip("/").rpartition("/")[2]
    except ValueError:
        last = ""
    if not _GUID.fullmatch(last):
        raise BadEvent(400, "ResourceUri does not end with the id of a referral")
    return last.lower()
