"""The listener of `cosell login` and the code that comes to it, in front of whoever else is on the machine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from cli.commands import COMMANDS
from cli.login.listener import Listener, listening
from sandbox.partner_center.auth import CLIENT_SECRET
from shared.errors import AccessLost
from tests.integration.sign_in_desk import CLIENT, Desk, open_desk


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Give a desk with nothing stored."""
    async with open_desk() as made:
        yield made


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """Give a listener that waits for an answer."""
    async with listening() as made:
        yield made


async def sent(listener: Listener, raw: bytes) -> bytes:
    """What one connection is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(raw)
    writer.write_eof()
    try:
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()


def post(listener: Listener, host: str = "", path: str = "/", method: str = "POST", **fields: str) -> bytes:
    body = urlencode(fields)
    head = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host or f'localhost:{listener.port}'}",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", body]).encode()


async def test_only_this_machine_reaches_the_listener(listener: Listener) -> None:
    """It is bound to the loopback address and to no other of this machine's."""
    with socket.socket() as probe:
        probe.settimeout(2)
        probe.connect(("127.0.0.1", listener.port))
        assert probe.getpeername()[0] == "127.0.0.1"
    with socket.socket() as other:
        other.settimeout(2)
        with pytest.raises(OSError):  # noqa: PT011 - refused or unreachable, as the system says
            other.connect(("127.0.0.2", listener.port))


async def test_a_forged_state_changes_nothing(listener: Listener) -> None:
    """Whoever does not know the state is told nothing and ends nothing: the true answer still comes."""
    forged = await sent(listener, post(listener, code="theirs", state="guessed"))
    stateless = await sent(listener, post(listener, code="theirs"))
    true = await sent(listener, post(listener, code="ours", state=listener.state))
    assert [answer.split(b" ")[1] for answer in (forged, stateless, true)] == [b"400", b"400", b"200"]
    assert (await listener.answered(1))["code"] == "ours"


async def test_one_answer_is_taken(listener: Listener) -> None:
    """A second one, with the same state, is refused and changes nothing."""
    await sent(listener, post(listener, code="first", state=listener.state))
    assert (await sent(listener, post(listener, code="second", state=listener.state))).split(b" ")[1] == b"410"
    assert (await listener.answered(1))["code"] == "first"


@pytest.mark.parametrize(
    "request_line",
    [
        {"host": "evil.example.com"},
        {"host": "localhost:1"},
        {"path": "/callback"},
        {"method": "GET", "path": "/?code=x&state={state}"},
        {"method": "PUT"},
    ],
    ids=str,
)
async def test_what_is_no_answer_of_ours_is_refused(listener: Listener, request_line: dict[str, str]) -> None:
    """Another name for this machine (a rebound name), another path, a query that would stay in a history."""
    named = {name: text.format(state=listener.state) for name, text in request_line.items()}
    answer = await sent(listener, post(listener, code="x", state=listener.state, **named))
    assert answer.split(b" ")[1] == b"400"
    with pytest.raises(TimeoutError):
        await listener.answered(0.01)


@pytest.mark.parametrize(
    "raw", [b"\x00" * 100, b"POST / HTTP/1.1\r\n\r\n", b"x" * 100_000, b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"]
)
async def test_any_bytes_leave_the_listener_well(listener: Listener, raw: bytes) -> None:
    """Noise, too much and too little of it: the true answer is still taken."""
    await asyncio.gather(sent(listener, raw), return_exceptions=True)
    await sent(listener, post(listener, code="ours", state=listener.state))
    assert (await listener.answered(1))["code"] == "ours"


async def test_a_page_shows_nothing_of_the_request(listener: Listener) -> None:
    """No code, no text of anybody's, no script; it is kept in no cache and names itself to no other site."""
    marked = "<script>alert(1)</script>"
    answer = await sent(listener, post(listener, error=marked, error_description=marked, state=listener.state))
    assert b"alert" not in answer
    assert b"default-src 'none'" in answer
    assert b"Cache-Control: no-store" in answer
    assert b"Referrer-Policy: no-referrer" in answer


async def test_a_code_is_worth_nothing_without_its_verifier(desk: Desk) -> None:
    """Whoever takes the code off the machine cannot redeem it, not even with the application's secret."""
    stolen: list[str] = []

    def opened(url: str) -> None:
        address, fields = desk.form(url)
        body = {"grant_type": "authorization_code", "client_id": CLIENT, "client_secret": CLIENT_SECRET}
        body |= {"code": fields["code"], "redirect_uri": address.rstrip("/"), "code_verifier": "guessed" * 8}
        stolen.append(desk.session().post(f"{desk.partner_url}/t/oauth2/v2.0/token", data=body, timeout=10).text)
        desk.post(address, fields)

    await desk.login(opened)
    assert "AADSTS501481" in stolen[0]
    assert len(desk.stored) == 1


async def test_the_verifier_and_the_secret_are_in_no_address(desk: Desk) -> None:
    """What the browser is sent to carries a challenge, and neither what it was made of nor the secret."""
    await desk.login()
    named = parse_qs(urlsplit(desk.opened[0]).query)
    assert "code_challenge" in named
    assert {"code_verifier", "client_secret"} & set(named) == set()
    assert CLIENT_SECRET not in desk.opened[0]


async def test_a_token_is_printed_nowhere_and_left_in_no_file(
    desk: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Terminal, standard output, logs and the folder: the refresh token, access tokens and the code are in none."""
    monkeypatch.chdir(tmp_path)
    caplog.set_level("DEBUG", logger="cosell")
    await desk.login()
    out = capsys.readouterr()
    told = desk.said + out.out + out.err + caplog.text
    secrets = [*desk.stored, *desk.partner.state.tokens.grants, *desk.sign_ins.codes, CLIENT_SECRET]
    assert [secret for secret in secrets if secret in told and not secret.startswith("sandbox-user")] == []
    assert list(tmp_path.iterdir()) == []


async def test_a_refusal_says_no_token(desk: Desk) -> None:
    """What Entra or the vault refuses is told without the token that it was about."""
    desk.partner.state.tokens.consented = set()
    with pytest.raises(AccessLost) as caught:
        await desk.login()
    codes = list(desk.sign_ins.codes)
    assert [code for code in codes if code in str(caught.value) + desk.said] == []


def test_no_secret_is_taken_on_the_command_line() -> None:
    """Where no setting has the application's secret it is typed into a prompt: a command line is kept in histories."""
    (command,) = [each for each in COMMANDS if each.name == "login"]
    options = {option for one in command.real().params for option in one.opts}
    assert options == {"--port", "--device-code", "--no-browser", "--dry-run"}
