"""`cosell login` between a sign-in service, a Key Vault and Partner Center, all of them behind sockets with TLS."""

from __future__ import annotations

import io
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import requests
from azure.core.credentials import AccessToken
from azure.keyvault.secrets.aio import SecretClient
from rich.console import Console
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cli.commands.login import Login, Wish, _settings
from cli.output import Output
from cli.work import Asked
from sandbox.azure.vault import OFFICER, Vault, create_app
from sandbox.faults import SandboxApp
from sandbox.partner_center import create_app as create_partner_center
from sandbox.partner_center.auth import CLIENT_SECRET
from sandbox.partner_center.settings import TENANT
from sandbox.partner_center.sign_in import SignIns
from sandbox.servers import address, listen, serving
from sandbox.tls import making_tls
from shared.platform.refresh_token import KeyVault
from shared.platform.refresh_token_grant import Grant
from shared.settings import Settings, read

CLIENT = "2f1d9c4e-7a3b-4c5d-8e6f-0a1b2c3d4e5f"
NAME = "partner-center-refresh-token"


class AzLogin:
    """Whoever `az login` signed in."""

    def __init__(self, token: str) -> None:
        self.token = token

    async def get_token(self, *_: str, **__: object) -> AccessToken:
        return AccessToken(self.token, 4_000_000_000)

    async def close(self) -> None:
        """Nothing is held open."""


@dataclass
class Desk:
    """A person with a browser, and what was printed on the terminal."""

    partner: SandboxApp
    secrets: Vault
    partner_url: str
    vault_url: str
    ca: Path
    settings: dict[str, str]
    az: AzLogin = field(default_factory=lambda: AzLogin(OFFICER))
    opened: list[str] = field(default_factory=list)
    pages: list[requests.Response] = field(default_factory=list)
    sessions: list[requests.Session] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._printed = io.StringIO()

    @property
    def sign_ins(self) -> SignIns:
        found: SignIns = self.partner.state.tokens.sign_ins
        return found

    @property
    def said(self) -> str:
        return " ".join(self._printed.getvalue().split())

    @property
    def stored(self) -> list[str]:
        return self.secrets.values(NAME)

    def session(self) -> requests.Session:
        session = requests.Session()
        session.verify, session.trust_env = str(self.ca), False
        session.headers["Connection"] = "close"  # a server of this loop would wait for an idle one to end
        self.sessions.append(session)
        return session

    def form(self, url: str) -> tuple[str, dict[str, str]]:
        """What the page of the sign-in would post, and where to."""
        self.opened.append(url)
        page = self.session().get(url, timeout=10)
        self.pages.append(page)
        fields = re.findall(r'name="(\w+)" value="([^"]*)"', page.text)
        action = re.search(r'action="([^"]*)"', page.text)
        return (unescape(action[1]) if action else ""), {name: unescape(text) for name, text in fields}

    def post(self, address: str, fields: dict[str, str], **more: Any) -> requests.Response:
        page = self.session().post(address, data=fields, timeout=10, **more)
        self.pages.append(page)
        return page

    def browse(self, url: str) -> None:
        """The browser does what the page says, and shows another one in the end."""
        address, fields = self.form(url)
        if address:
            self.post(address, fields)

    def enter(self, code: str) -> None:
        """The person types the device code in a browser somewhere."""
        self.session().post(f"{self.partner_url}/devicelogin", data={"user_code": code}, timeout=10)

    def grant(self, settings: Settings) -> Grant:
        return Grant(
            tenant=settings.partner_center_tenant_id,
            client_id=settings.partner_center_client_id,
            secret=settings.partner_center_client_secret.get_secret_value(),
            http_client=self.session(),
            authority=f"{self.partner_url}/",
        )

    def vault(self, settings: Settings) -> KeyVault:
        made = KeyVault(
            url=self.vault_url, name=settings.partner_center_refresh_token_name, credential=lambda: self._az
        )
        # The SDK insists on a vault's address in Azure unless it is told not to.
        made._client = SecretClient(
            self.vault_url, self._az, verify_challenge_resource=False, connection_verify=str(self.ca), retry_total=0
        )
        return made

    @property
    def _az(self) -> Any:
        return self.az

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=ssl.create_default_context(cafile=str(self.ca)), trust_env=False)

    def asked(self, **changes: str) -> Asked:
        console = Console(file=self._printed, width=160)
        return Asked(reading=read({**self.settings, **changes}), output=Output(consoles=(console, console)))

    async def login(
        self,
        opened: Callable[[str], object] | None = None,
        *,
        patience: float = 20.0,
        wish: Wish | None = None,
        **changes: str,
    ) -> None:
        asked = self.asked(**changes)
        await Login(
            asked=asked,
            settings=_settings(asked),
            wish=wish or Wish(),
            opened=opened or self.browse,
            grant=self.grant,
            vault=self.vault,
            client=self.client,
            patience=patience,
        ).carried()


def closing(app: ASGIApp) -> ASGIApp:
    """Ends each connection with its answer: the SDK's own transport would leave one open when the server stops."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await app(scope, receive, sent)

    return served


@asynccontextmanager
async def open_desk() -> AsyncIterator[Desk]:
    """Everything behind sockets; nobody has stored a token yet."""
    async with AsyncExitStack() as stack:
        tls = stack.enter_context(making_tls())
        sockets = [listen(), listen()]
        urls = [address(each, tls=True) for each in sockets]
        partner, secrets = create_partner_center(base_url=urls[0]), Vault(tenant=TENANT)
        apps: tuple[ASGIApp, ASGIApp] = (partner, closing(create_app(secrets)))
        for app, listening in zip(apps, sockets, strict=True):
            await stack.enter_async_context(serving(app, listening, tls.context))
        settings = {
            "PARTNER_CENTER_TENANT_ID": TENANT,
            "PARTNER_CENTER_CLIENT_ID": CLIENT,
            "PARTNER_CENTER_CLIENT_SECRET": CLIENT_SECRET,
            "PARTNER_CENTER_KEY_VAULT_URL": urls[1],
            "PARTNER_CENTER_API_URL": urls[0],
            "PARTNER_CENTER_WEBHOOK_API_URL": urls[0],
        }
        desk = Desk(
            partner=partner, secrets=secrets, partner_url=urls[0], vault_url=urls[1], ca=tls.ca, settings=settings
        )
        yield desk
        for session in desk.sessions:
            session.close()
