"""What the settings alone decide: whether anything would be written, and whose signatures are believed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography.x509 import Certificate

from cli.doctor.check import Findings
from cli.doctor.finding import Finding, failed, ok
from cli.work import Tools
from shared.connectors.partner_center.roots import pem_roots, system_roots
from shared.settings import Settings


def mode_of(settings: Settings) -> str:
    """Under which settings a write would happen, in words."""
    if settings.dry_run:
        return f"MODE={settings.mode}, DRY_RUN=true: nothing is written"
    if settings.mode == "live":
        return "MODE=live: every deal is written"
    count = len(settings.test_records)
    return f"MODE=test: only the records in TEST_RECORDS are written ({count})"


async def readable(tools: Tools) -> Findings:
    """Wrong settings never come this far: the tool names them before anything is looked at."""
    return ok(f"all of them; {mode_of(tools.settings)}")


async def trust(tools: Tools) -> Findings:
    """The roots that signatures of Partner Center must lead to."""
    path = tools.settings.webhook_trusted_roots
    roots = pem_roots(path) if path else system_roots()
    hosts = ", ".join(tools.settings.webhook_certificate_hosts)
    return _valid(roots, tools.world.clock.now(), f"certificates from {hosts}", "WEBHOOK_TRUSTED_ROOTS" if path else "")


def _valid(roots: Sequence[Certificate], now: datetime, hosts: str, setting: str) -> Finding:
    valid = [root for root in roots if root.not_valid_before_utc <= now <= root.not_valid_after_utc]
    place = f"of {setting}" if setting else "of this system"
    if not valid:
        do = f"Put valid roots into {setting}" if setting else "Bring this system's certificates up to date"
        return failed(f"none of the {len(roots)} root certificates {place} is valid today: no event is believed", do)
    return ok(f"{len(valid)} root certificates {place}, {hosts}")
