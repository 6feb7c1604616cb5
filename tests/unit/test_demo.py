"""What the tour leaves for whoever goes on playing with it."""

from __future__ import annotations

from pathlib import Path

import httpx

from cli.settings import loaded
from sandbox.demo.__main__ import settings_file
from sandbox.stack import Stack, settings


async def test_the_tool_runs_on_the_file_that_the_demo_names(tmp_path: Path) -> None:
    """`cosell --settings` takes it, without a wrong setting and with the host's address as the app's."""
    partner, crm, host = (f"http://127.0.0.1:{port}" for port in (7081, 7082, 7071))
    given = settings(partner, crm, "UseDevelopmentStorage=true", tmp_path / "root.pem") | {"WEBHOOK_TRUSTED_ROOTS": ""}
    async with httpx.AsyncClient() as client:
        stack = Stack(
            partner_center=partner,
            dynamics=crm,
            host=host,
            storage="UseDevelopmentStorage=true",
            log=tmp_path / "host-1.log",
            settings=given,
            client=client,
        )
        read = loaded(settings_file(stack)).need()
    assert (read.dataverse_url, read.public_url, read.mode) == (crm, host, "live")
