"""The age of Partner Center's refresh token, which ends 90 days after it was issued."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cli.doctor.check import Findings
from cli.doctor.finding import Finding, failed, ok, warning
from cli.work import Tools
from shared.platform.credentials import PARTNER_ADVICE, vault
from shared.platform.identity import identity_errors
from shared.platform.refresh_token import Vault
from shared.platform.refresh_token_watch import LIFETIME, OLD
from shared.settings import Settings

IN_A_SETTING = "Store it in a Key Vault with `cosell login` and set PARTNER_CENTER_KEY_VAULT_URL: there it is renewed"
RENEW = (
    "A running app renews it every day (refresh_token_watch): see that it runs, and that its identity may write the "
    "secret (docs/security.md); else sign in once more with `cosell login`"
)


async def age(tools: Tools, opened: Callable[[Settings], Vault] = vault) -> Findings:
    """As old as what lies in the vault; nothing is redeemed for it."""
    settings = tools.settings
    if settings.partner_center_auth != "refresh_token":
        return ok("there is none: PARTNER_CENTER_AUTH is static")
    if not settings.partner_center_key_vault_url:
        return warning("it is in a setting, where its age is not known and nothing renews it", IN_A_SETTING)
    held = opened(settings)
    try:
        with identity_errors("Key Vault", PARTNER_ADVICE):
            written = await held.written()
    finally:
        await held.close()
    return judged(written, tools.world.clock.now())


def judged(written: datetime | None, now: datetime) -> Finding:
    if written is None:
        return warning("the vault does not say when it was stored", RENEW)
    old = now - written
    words = f"stored {old.days} days ago; it ends {LIFETIME.days} days after it was issued"
    if old >= LIFETIME:
        return failed(words, PARTNER_ADVICE)
    return warning(words, RENEW) if old >= OLD else ok(words)
