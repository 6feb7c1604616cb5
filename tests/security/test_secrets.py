"""A secret leaves the process in one place: the header of the call that it is for."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import ValidationError

from shared.bootstrap import App
from shared.connectors.dependency import dependency
from shared.connectors.partner_center.events import hear
from shared.connectors.partner_center.wire import Referral
from shared.connectors.rest import Rest, Verdicts, _Request
from shared.errors import AccessLost, BadMessage, CosellError
from shared.messages import Signal
from shared.platform.credentials import account
from shared.platform.identity import CredentialTokens, StaticTokens, _Token
from shared.platform.outside import outside
from shared.platform.refresh_token import RefreshTokenCredential, SettingVault
from shared.platform.telemetry import quieten
from shared.settings import Reading, Settings, read

SECRET = "S3cr3t-b0dy-of-a-token"
GUID = "3f0c1d9e-5a51-4f0e-9a5a-1c2d3e4f5a6b"
SETTINGS = {
    "AzureWebJobsStorage": f"DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey={SECRET}",
    "PARTNER_CENTER_AUTH": "refresh_token",
    "PARTNER_CENTER_TENANT_ID": GUID,
    "PARTNER_CENTER_CLIENT_ID": GUID,
    "PARTNER_CENTER_CLIENT_SECRET": SECRET,
    "PARTNER_CENTER_REFRESH_TOKEN": SECRET,
    "PARTNER_CENTER_TOKEN": SECRET,
    "DATAVERSE_URL": "https://contoso.crm.dynamics.com",
    "DATAVERSE_AUTH": "client_secret",
    "DATAVERSE_TENANT_ID": GUID,
    "DATAVERSE_CLIENT_ID": GUID,
    "DATAVERSE_CLIENT_SECRET": SECRET,
    "DATAVERSE_TOKEN": SECRET,
}


def told(error: BaseException) -> str:
    """All that a log of an exception shows, causes and contexts included, and what the exception itself holds."""
    parts: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        parts += [str(seen), repr(seen), repr(seen.args), repr(vars(seen))]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "".join([*parts, *traceback.format_exception(error)])


def client(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def rest(asked: httpx.AsyncClient, base: str = "https://contoso.example.com", token: str = SECRET) -> Rest:
    async def no_sleep(_: float) -> None:
        """Nothing waits in a test."""

    return Rest(
        system="s",
        base_url=base,
        scope="x",
        tokens=StaticTokens(token),
        client=asked,
        verdicts=Verdicts(),
        sleep=no_sleep,
    )


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Everything that any library logs at any level, once the product has quietened those that log requests."""
    caplog.set_level(logging.DEBUG)
    quieten()
    return lambda: " ".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)


def test_settings_show_no_secret() -> None:
    """Neither the settings nor what was read of them say a secret, however they are printed."""
    found = read(SETTINGS)
    shown = [f(x) for x in (found, found.best, found.need(), found.best.model_dump()) for f in (str, repr)]
    shown.append(found.best.model_dump_json())
    assert SECRET not in "".join(shown)
    assert SECRET in found.best.dataverse_client_secret.get_secret_value()


@pytest.mark.parametrize("name", sorted(SETTINGS))
async def test_a_wrong_setting_is_named_without_its_secret(name: str) -> None:
    """The health page and what is raised tell which setting is wrong; a secret in the wrong place is not repeated."""
    found: Reading = read({**SETTINGS, name: f"{SECRET} in the wrong place;sig={SECRET}", "MODE": SECRET})
    page = json.dumps((await App(found).health()).body)
    assert SECRET not in page + str(found.problems)
    assert "MODE" in page


async def test_nothing_that_holds_a_secret_prints_it() -> None:
    """Clients, credentials, tokens and accounts keep theirs out of their repr, which debuggers and logs show."""
    settings = read(SETTINGS).need()
    world = outside(settings)
    credential = RefreshTokenCredential(tenant="t", client_id="c", secret=SECRET, vault=SettingVault(SECRET))
    held: list[Any] = [world, App(read(SETTINGS), world), account(settings), credential, StaticTokens(SECRET)]
    held += [_Token(text=SECRET, ends=1, fetched=0), rest(world.client), world.partner_tokens, world.dataverse_tokens]
    held += [vars(world.partner_tokens), vars(world.client)]
    assert SECRET not in "".join(map(repr, held))
    await world.close()


FAILURES: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "refused": lambda _: httpx.Response(400, text=f'{{"error":{{"message":"no"}},"x":"{"y" * 5000}"}}'),
    "not let in": lambda _: httpx.Response(401, headers={"WWW-Authenticate": "Bearer error=invalid_token"}),
    "not json": lambda _: httpx.Response(200, text="<html>"),
    "redirected": lambda _: httpx.Response(302, headers={"location": "https://evil.example/"}),
    "down": lambda _: httpx.Response(503),
}


@pytest.mark.parametrize("failure", sorted(FAILURES))
async def test_an_error_of_a_call_says_no_token(failure: str, logged: Callable[[], str]) -> None:
    """Whatever a vendor answers, neither the error nor anything that it was raised from holds the token."""
    asked = client(FAILURES[failure])
    with pytest.raises(CosellError) as caught:
        (await rest(asked).call("GET", "x")).json()
    assert SECRET not in told(caught.value) + logged()
    await asked.aclose()


@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError])
async def test_an_error_of_the_network_says_no_token(
    kind: type[httpx.TransportError], logged: Callable[[], str]
) -> None:
    """The same for calls that get no answer: their request hangs on the error, with its header hidden."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise kind("no", request=request)

    asked = client(fail)
    with pytest.raises(CosellError) as caught:
        await rest(asked).call("GET", "x")
    assert SECRET not in told(caught.value) + logged()
    await asked.aclose()


@asynccontextmanager
async def server() -> AsyncIterator[str]:
    """Takes connections and says nothing."""
    listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


async def test_a_token_that_is_no_header_is_not_quoted(logged: Callable[[], str]) -> None:
    """A token with a line break in it is refused by the HTTP library in words that quote it: they are not passed on."""
    async with server() as base, httpx.AsyncClient() as asked:
        with pytest.raises(CosellError) as caught:
            await rest(asked, base, f"{SECRET}\nsecond line").call("GET", "x")
    assert SECRET not in told(caught.value) + logged()


def test_a_spans_error_is_a_kind_and_no_words() -> None:
    """What is raised in a call goes into telemetry as its type alone."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with pytest.raises(ValueError, match=SECRET), dependency("GET", "https://x/y", tracer=provider.get_tracer("t")):
        raise ValueError(f"Illegal header value b'Bearer {SECRET}'")
    (span,) = exporter.get_finished_spans()
    assert (span.status.description, span.events) == ("ValueError", ())
    assert SECRET not in span.to_json()


class Refusing:
    """A credential whose service refuses it, in words of its own."""

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        raise ClientAuthenticationError("AADSTS7000215: Invalid client secret provided.\nTrace ID: 1")

    async def close(self) -> None:
        """Nothing is held open."""


async def test_a_refused_sign_in_says_no_secret(logged: Callable[[], str]) -> None:
    """Lost access carries the sign-in service's code and first line, and nothing that we sent."""
    made: Any = Refusing
    tokens = CredentialTokens(system="Partner Center", make=made, advice="Sign in")
    with pytest.raises(AccessLost) as caught:
        await tokens.get("scope")
    assert caught.value.remote.code == "AADSTS7000215"
    assert SECRET not in told(caught.value) + logged()


class Signing:
    """The sign-in service's answer to MSAL, over its own HTTP client."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status_code, self.text, self.headers = status, json.dumps(body), dict[str, str]()

    def _answer(self, *_: Any, **__: Any) -> Signing:
        return self

    get = post = _answer

    def raise_for_status(self) -> None:
        """MSAL asks only for what it did not expect."""

    def close(self) -> None:
        """Nothing is held open."""


METADATA = {
    "authorization_endpoint": f"https://login.microsoftonline.com/{GUID}/oauth2/v2.0/authorize",
    "token_endpoint": f"https://login.microsoftonline.com/{GUID}/oauth2/v2.0/token",
    "issuer": f"https://login.microsoftonline.com/{GUID}/v2.0",
}


async def test_a_refused_refresh_token_is_not_repeated(logged: Callable[[], str]) -> None:
    """MSAL's failure names the reason; neither the refresh token nor the client secret is in any word of it."""
    answer: Any = Signing(400, {**METADATA, "error": "invalid_grant", "error_description": "AADSTS700082: expired"})
    credential = RefreshTokenCredential(
        tenant=GUID, client_id=GUID, secret=SECRET, vault=SettingVault(SECRET), http_client=answer
    )
    with pytest.raises(ClientAuthenticationError) as caught:
        await credential.get_token("https://api.partner.microsoft.com/.default")
    assert SECRET not in told(caught.value) + logged()
    await credential.close()


@pytest.mark.parametrize("model", [Referral, Signal, Settings])
def test_a_shape_that_cannot_be_read_is_not_quoted(model: Any) -> None:
    """A validation error names the place and not what was there: a customer's data, or somebody's secret."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate({"id": [SECRET], "look": SECRET, "customerProfile": SECRET, "MODE": SECRET})
    assert SECRET not in str(caught.value)


def test_a_signal_that_cannot_be_read_is_not_quoted() -> None:
    """The same as it reaches a log: with the error that it was raised from."""
    with pytest.raises(BadMessage) as caught:
        Signal.decoded(json.dumps({"look": SECRET, "side": SECRET}).encode())
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_signal_carries_an_id_and_nothing_else() -> None:
    """Whatever a webhook's body holds, the queue gets the record's name: no value, no address, no header."""
    body = {"EventName": "referral-updated", "ResourceUri": f"https://x/{SECRET}/{GUID}", "Token": SECRET}
    signal = hear(json.dumps(body).encode(), "cosell").signal
    assert signal is not None
    assert SECRET not in signal.encoded()
    assert set(json.loads(signal.encoded())) == {
        "version",
        "pair",
        "look",
        "side",
        "kind",
        "id",
        "why",
        "tries",
        "trace",
    }


def test_a_request_that_is_printed_hides_its_header() -> None:
    """The HTTP library's own repr of a request's headers shows no token, and ours of a request none at all."""
    built = httpx.Request("GET", "https://x", headers={"Authorization": f"Bearer {SECRET}"})
    assert SECRET not in repr(built) + repr(built.headers)
    assert "Authorization" not in repr(_Request(method="GET", url="https://x", headers={}, body=None))
