"""What a webhook delivery is, when it is tried again, how it ended, and how deliveries are made to go wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


def any_failure(status: int | None) -> bool:
    """Try again after every answer but 2xx; None is no answer at all."""
    return status is None or not 200 <= status < 300


@dataclass(frozen=True, kw_only=True)
class DeliveryPolicy:
    """Waits between attempts (so attempts are one more), which answers are tried again, the receiver's time."""

    intervals: tuple[float, ...] = ()
    retry: Callable[[int | None], bool] = any_failure
    timeout: float = 30.0


@dataclass(frozen=True, kw_only=True)
class DeliveryResult:
    """How a delivery ended; status is None when nobody answered."""

    delivered: bool
    status: int | None
    attempts: int
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One webhook; `event` only names it in the log."""

    url: str
    event: str
    headers: Mapping[str, str]
    body: bytes
    on_result: Callable[[DeliveryResult], None] | None = None


@dataclass(frozen=True, kw_only=True)
class WebhookFaults:
    """Chances in 0..1, delay bounds in seconds."""

    drop: float = 0.0
    duplicate: float = 0.0
    delay: tuple[float, float] = (0.0, 0.0)
    reorder: bool = False
    hold: bool = False
    seed: int = 0

    def changed(self, body: Mapping[str, Any]) -> "WebhookFaults":
        """Given keys change and the others stay; raises ValueError for an unknown key or an impossible value."""
        unknown = sorted(set(body) - set(self.__dataclass_fields__))
        if unknown:
            raise ValueError(f"webhooks have no {', '.join(unknown)}")
        try:
            low, high = map(float, body.get("delay", self.delay))
            drop, duplicate = (float(body.get(name, getattr(self, name))) for name in ("drop", "duplicate"))
            seed = int(body.get("seed", self.seed))
        except TypeError as error:
            raise ValueError(str(error)) from error
        if not (0 <= drop <= 1 and 0 <= duplicate <= 1 and 0 <= low <= high):
            raise ValueError("drop and duplicate are in 0..1, delay is [min, max] in seconds")
        reorder, hold = (body.get(name, getattr(self, name)) is True for name in ("reorder", "hold"))
        return WebhookFaults(drop=drop, duplicate=duplicate, delay=(low, high), reorder=reorder, hold=hold, seed=seed)
