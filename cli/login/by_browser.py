"""Authorization code with PKCE: the browser signs in and comes back to this machine.

The code alone is worth nothing: to redeem it takes the verifier, which is in this process's memory, and the
application's secret. https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from cli.login.advice import NOBODY, explained, hints
from cli.login.listener import listening
from shared.errors import Remote, Unavailable
from shared.platform.refresh_token_grant import Grant, Granted

PATIENCE = 300.0  # seconds: a second factor has to be found and typed
CHOOSE = "select_account"  # whoever is signed in to the browser is rarely the user of the co-sell application
POSTED = "form_post"  # so that the code is in no history of the browser: RFC 9700 §4.3.1
Open = Callable[[str], object]
Say = Callable[[str], None]


async def signed_in(
    grant: Grant, scope: str, *, port: int, opened: Open, say: Say, patience: float = PATIENCE
) -> Granted:
    """Raises Unavailable if nobody comes back, AccessLost for what Entra refuses."""
    async with listening(port) as listener:
        with explained():
            flow = await asyncio.to_thread(_begun, grant, scope, listener.address, listener.state)
        say(f"Sign in as the user with the Referrals admin role, at this address:\n{flow['auth_uri']}")
        await asyncio.to_thread(opened, str(flow["auth_uri"]))
        try:
            answer = await listener.answered(patience)
        except TimeoutError as error:
            say(hints())
            raise Unavailable(Remote(system="Entra", message=NOBODY.format(minutes=patience / 60))) from error
    with explained():
        return await asyncio.to_thread(
            grant.asked, lambda application: application.acquire_token_by_auth_code_flow(flow, dict(answer))
        )


def _begun(grant: Grant, scope: str, address: str, state: str) -> dict[str, Any]:
    """MSAL's own flow: it makes verifier, challenge and nonce, and asks for offline_access by itself."""

    def ask(application: Any) -> dict[str, Any]:
        flow: dict[str, Any] = application.initiate_auth_code_flow(
            [scope], redirect_uri=address, state=state, prompt=CHOOSE, response_mode=POSTED
        )
        return flow

    return grant.answered(ask)
