"""What each of Partner Center's errors means for us."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from shared.connectors.answers import bounded
from shared.connectors.rest import Failure, Missing, Said, Verdicts, verdict
from shared.errors import AccessLost, Conflict, CosellError, NotMet, Refused, Throttled, Unavailable

SIGN_IN = "Sign in to Partner Center again (Secure Application Model) and store the new refresh token"
ROLE = "The account that is used must be Referrals admin in Partner Center, and call as a user"
CONSENT = (
    "Consent to the application's delegated permission Microsoft Partner Center (user_impersonation) as a user with "
    "the Referrals admin role, and store the new refresh token"
)
_REQUIRED = re.compile(r"required field\s+(.+?)\s+(?:is\s+)?missing", re.IGNORECASE)
_SECONDS = re.compile(r"try again in (\d+) seconds?", re.IGNORECASE)


def said(body: Any) -> Said:
    """All three error bodies: `{"error": {…}}`, the throttle's bare message, the webhook API's code and description."""
    if not isinstance(body, dict):
        return Said()
    error = body.get("error")
    top = error if isinstance(error, dict) else body
    codes, messages = [], []
    level: Any = top
    while isinstance(level, dict):
        codes.append(str(level.get("code") or ""))
        messages.append(str(level.get("message") or level.get("description") or ""))
        level = level.get("innerError") or level.get("innererror")
    return Said(codes=tuple(filter(None, codes)), message=" / ".join(dict.fromkeys(filter(None, messages))))


def _invalid(failure: Failure) -> CosellError:
    """A required field is for the seller to fill in; anything else is a refusal of this record."""
    missing = _REQUIRED.findall(failure.remote.message)
    if missing:
        return NotMet(f"Partner Center needs these before it takes the deal, fill them in: {', '.join(missing)}")
    return Refused(failure.remote, advice="Correct the value that the message names, on either side")


def _throttled(failure: Failure) -> CosellError:
    """The throttle names its time in the text as well (api-throttling-guidance), should a proxy drop the header."""
    named = _SECONDS.search(failure.remote.message)
    if failure.retry_after is None and named:
        failure = replace(failure, retry_after=bounded(float(named.group(1))))
    return Throttled(failure.remote, retry_after=failure.retry_after)


VERDICTS = Verdicts(
    read=said,
    codes={
        "99918": verdict(Conflict),  # the inner code of a stale eTag (Partner-Center-Referrals issue 4)
        "preconditionFailed": verdict(Conflict),
        "resourceModified": verdict(Conflict),
        "accessDenied": verdict(AccessLost, ROLE),
        "unauthenticated": verdict(AccessLost, SIGN_IN),
        "unAuthorized": verdict(AccessLost, SIGN_IN),
        "itemNotFound": verdict(Missing, "The referral is not there (any more), or this account may not see it"),
        "invalidRequest": _invalid,
        "serviceNotAvailable": verdict(Unavailable),
    },
    statuses={
        400: _invalid,
        401: verdict(AccessLost, SIGN_IN),
        403: verdict(AccessLost, ROLE),
        409: verdict(Refused, "Partner Center does not allow this in the referral's present state"),
        422: _invalid,
        423: verdict(Unavailable),  # locked: somebody holds it, nothing was written
        429: _throttled,
    },
    request_ids=("request-id", "client-request-id", "MS-RequestId"),
)

# The webhook API's envelope repeats the status as its code, and none of its refusals is about a deal.
WEBHOOK_VERDICTS = Verdicts(
    read=said,
    statuses={
        400: verdict(Refused, "Check PUBLIC_URL: Partner Center registers https addresses that the Internet can reach"),
        401: verdict(AccessLost, SIGN_IN),
        403: verdict(AccessLost, CONSENT),
        429: _throttled,
    },
    request_ids=VERDICTS.request_ids,
)
