"""Device code: the sign-in happens in a browser anywhere, where a person types a short code.

Microsoft documents it for public clients alone. Ours has a secret, since the Secure Application Model has one, and so
sends it along; what Entra makes of that is not documented, so the answer decides, and what it gives is tried before it
is stored. Seen by others: a confidential application that sends no secret is refused (AADSTS7000218), and a refresh
token of a public one is not redeemed with a secret (AADSTS700025).
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from cli.login.advice import NOBODY, explained
from shared.errors import Remote, Unavailable
from shared.platform.refresh_token_grant import Grant, Granted

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
ASKED_FOR = "openid profile offline_access"
WAITING = {"authorization_pending": 0.0, "slow_down": 5.0}  # seconds more between two looks: RFC 8628 §3.5
POLICY = "Many organisations forbid this kind of sign-in by Conditional Access, as it is also used to phish."
Say = Callable[[str], None]
Sleep = Callable[[float], Awaitable[None]]


async def signed_in(grant: Grant, scope: str, *, say: Say, sleep: Sleep = asyncio.sleep) -> Granted:
    """Raises Unavailable if nobody enters the code in time, AccessLost for what Entra refuses."""
    with explained():
        flow = await asyncio.to_thread(
            _posted, grant, "device_authorization_endpoint", {"scope": f"{scope} {ASKED_FOR}"}
        )
        if "device_code" not in flow:
            return await asyncio.to_thread(grant.asked, lambda _: flow)  # which raises the refusal
    say(f"{flow.get('message')}\n{POLICY}")
    form = {"grant_type": GRANT_TYPE, "device_code": str(flow["device_code"]), **grant.form()}
    found = await _looked(grant, form, flow, sleep)
    with explained():
        return await asyncio.to_thread(grant.asked, lambda _: found)


async def _looked(grant: Grant, form: Mapping[str, str], flow: Mapping[str, Any], sleep: Sleep) -> Mapping[str, Any]:
    """The first answer that is no `wait`."""
    interval, left = float(flow.get("interval") or 5), float(flow.get("expires_in") or 900)
    while left > 0:
        await sleep(interval)
        left -= interval
        with explained():
            found = await asyncio.to_thread(_posted, grant, "token_endpoint", form)
        if found.get("error") not in WAITING:
            return found
        interval += WAITING[found["error"]]
    raise Unavailable(Remote(system="Entra", message=NOBODY.format(minutes=float(flow.get("expires_in") or 900) / 60)))


def _posted(grant: Grant, endpoint: str, form: Mapping[str, str]) -> dict[str, Any]:
    """One form to one of the authority's endpoints, over MSAL's own transport."""

    def ask(application: Any) -> dict[str, Any]:
        address = getattr(application.authority, endpoint)
        answer = application.http_client.post(address, data={"client_id": grant.client_id, **form})
        found: dict[str, Any] = dict(json.loads(answer.text))
        return found

    return grant.answered(ask)
