"""What can go wrong, sorted by what has to happen next.

CosellError
├── NotMet             data is missing or wrong; correcting a record mends it          -> waiting
├── NeedsDecision      two answers are possible and only a person may choose           -> parked
├── Refused            the other system refused this one record for good               -> parked
├── Transient          the other system will be well again                             -> delayed
│   ├── Conflict       somebody wrote the record or the link since it was read         -> look again
│   ├── Throttled      too many requests; it said for how long                         -> that system pauses
│   ├── TooNew         a newer release wrote what is stored of it, and will handle it  -> delayed
│   └── Unavailable    an answer never came or was a 5xx: the effect is not known      -> delayed
├── AccessLost         token, role or permission is missing for a whole system         -> that system pauses
├── Misconfigured      a setting is wrong                                              -> signals wait, health is red
├── BadEvent           a webhook call that is not to be believed or understood         -> its HTTP status
└── BadMessage         a queue message that no version of ours wrote                   -> poison, then parked
    └── NewerMessage   one that a newer release wrote (in `messages`)                  -> handed back, then parked
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.domain.values import Ref


def _with(reason: str, advice: str) -> str:
    """Both as sentences; other people's reasons may end with a full stop already."""
    return f"{reason.removesuffix('.')}. {advice}" if advice else reason


class CosellError(Exception):
    """Anything this product raises on purpose. Its text tells a person what to do."""


class NotMet(CosellError):
    """A deal lacks what the other system requires; `records` are those whose change may mend it.

    `bare` is the reason without anybody's name, for links and logs.
    """

    def __init__(self, reason: str, *, records: tuple[Ref, ...] = (), bare: str = "") -> None:
        super().__init__(bare or reason)
        self.reason = reason
        self.kept = bare or reason
        self.records = records


class NeedsDecision(CosellError):
    """A person must choose; `advice` says between what and how."""

    def __init__(self, reason: str, *, advice: str = "") -> None:
        super().__init__(_with(reason, advice))
        self.reason = reason
        self.advice = advice


@dataclass(frozen=True, kw_only=True)
class Remote:
    """Where a remote refusal came from: shown to a person, and quoted to the vendor's support."""

    system: str
    status: int = 0
    code: str = ""
    message: str = ""
    request_id: str = ""

    def __str__(self) -> str:
        ident = f" (request {self.request_id})" if self.request_id else ""
        code = f" {self.code}" if self.code else ""
        answered = f" answered {self.status}{code}" if self.status else ""  # no status: no answer came
        return f"{self.system}{answered}: {self.message}{ident}"


class RemoteError(CosellError):
    """Something that a remote system said, with its own code and request id."""

    def __init__(self, remote: Remote, *, advice: str = "") -> None:
        super().__init__(_with(str(remote), advice))
        self.remote = remote
        self.advice = advice


class Refused(RemoteError):
    """The system refused this record; trying again changes nothing."""


class Transient(RemoteError):
    """Time will mend it. `retry_after` is in seconds where the server named one."""

    def __init__(self, remote: Remote, *, advice: str = "", retry_after: float | None = None) -> None:
        super().__init__(remote, advice=advice)
        self.retry_after = retry_after


class Conflict(Transient):
    """A conditional write met a newer version: nothing was written."""


class Throttled(Transient):
    """429: nothing was written, and every worker that calls as the same user has to wait."""


class TooNew(Transient):
    """Only a newer release can read what is stored: two run at once, and this one leaves it to the other."""


class Unavailable(Transient):
    """No answer, or a server error: the write may or may not have taken effect."""


class AccessLost(RemoteError):
    """A token, role or permission is missing: no record of that system can be handled."""


class Misconfigured(CosellError):
    """A setting is wrong; the text names it, its value (never a secret's) and what it may be."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class BadEvent(CosellError):
    """A webhook call to refuse: `status` is the HTTP status of the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class BadMessage(CosellError):
    """A queue message that cannot be read."""
