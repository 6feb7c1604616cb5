"""Where our requests may go: a stranger's address must not steer them, nor the token that goes with them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.connectors.dynamics.delta import Delta
from shared.connectors.partner_center.addresses import allowed
from shared.connectors.partner_center.events import hear
from shared.connectors.partner_center.listing import pages
from shared.connectors.rest import Rest, Verdicts, download
from shared.errors import BadEvent, CosellError, Refused
from shared.platform.identity import StaticTokens

HOST = "associates.desk.example"
CONFIGURED = f"https://{HOST}"
THERE = ("https", HOST, None)
HOSTILE = [
    f"http://{HOST}/a",  # without TLS
    f"//{HOST}/a",
    f"https:/{HOST}/a",
    f"ftp://{HOST}/a",
    f"file://{HOST}/a",
    f"https://user@{HOST}/a",
    f"https://{HOST}@evil.example/a",
    f"https://{HOST}:pass@evil.example/a",
    f"https://{HOST}\\@evil.example/a",
    f"https://evil.example\\{HOST}/a",
    f"https://evil.example#@{HOST}/a",
    f"https://evil.example?{HOST}/a",
    f"https://{HOST}.evil.example/a",
    f"https://evil-{HOST}/a",
    f"https://{HOST}./a",  # a trailing dot is another name to a resolver's search list
    f"https://{HOST}:8443/a",
    f"https://{HOST}:80/a",
    f"https://{HOST}%2eevil.example/a",
    f"https://{HOST}%00.evil.example/a",
    f"https://{HOST}\t.evil.example/a",
    f"https://{HOST}\n.evil.example/a",
    f"https://{HOST}\r\nHost: evil.example/a",
    f"https://{HOST}/a b",
    f"https://{HOST}/\u202egpj.a",
    "https://aßociates.desk.example/a",  # folds to the same letters, and is another name in the DNS
    "https://associates.desk。example/a",
    "https://associate\u017f.desk.example/a",
    "https://associates.des\u212a.example/a",  # the sign of the kelvin is a k in lower case
    "https://127.0.0.1/a",
    "https://2130706433/a",
    "https://0x7f.1/a",
    "https://[::1]/a",
    "https://[::ffff:127.0.0.1]/a",
    "https://169.254.169.254/metadata/identity/oauth2/token",
    "https://localhost/a",
    "https://[/a",
    "https://XN--TEST/a",
    "https://",
    "",
]


class Elsewhere:
    """The network: notes which host is called, and answers with what a hostile server would."""

    def __init__(self, link: str = "") -> None:
        self.link, self.asked = link, list[tuple[str, str, int | None]]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        self.asked.append((url.scheme, url.raw_host.decode(), url.port))
        first = len(self.asked) == 1
        body = {"value": [], "@nextLink": self.link, "@odata.nextLink": self.link, "nextLink": self.link}
        return httpx.Response(200, content=json.dumps(body if first else {"value": [], "@odata.deltaLink": "x"}))

    def rest(self, client: httpx.AsyncClient) -> Rest:
        return Rest(
            system="s", base_url=CONFIGURED, scope="x", tokens=StaticTokens("t"), client=client, verdicts=Verdicts()
        )


@pytest.fixture
async def clients() -> AsyncIterator[list[httpx.AsyncClient]]:
    made: list[httpx.AsyncClient] = []
    yield made
    for client in made:
        await client.aclose()


@pytest.mark.parametrize("url", HOSTILE)
def test_a_certificate_comes_from_its_hosts_alone(url: str) -> None:
    """No spelling of another address passes for one of the allowed hosts."""
    assert not allowed(url, [HOST], plain=False)


@pytest.mark.parametrize("url", [url for url in HOSTILE if not url.startswith("http:")])
def test_an_issuer_comes_from_its_hosts_alone(url: str) -> None:
    """AIA may be plain http, and is as strict about everything else."""
    assert not allowed(url, [HOST], plain=True)


@given(st.text(max_size=12), st.text(max_size=12), st.sampled_from(["https", "http", "HTTPS"]))
def test_what_is_allowed_is_what_is_fetched(before: str, after: str, scheme: str) -> None:
    """Whatever is put around an allowed host: if it is allowed, the client that fetches it reads the same host."""
    url = f"{scheme}://{before}{HOST}{after}"
    if allowed(url, [HOST], plain=False):
        fetched = httpx.URL(url)
        assert (fetched.scheme, fetched.raw_host.decode(), fetched.port) == ("https", HOST, None)


async def played(walk: AsyncIterator[object]) -> None:
    """To its end, or to a refusal in our own words."""
    try:
        async for _ in walk:
            pass
    except CosellError:
        return


@pytest.mark.parametrize("link", HOSTILE)
async def test_no_next_link_leads_the_token_elsewhere(link: str, clients: list[httpx.AsyncClient]) -> None:
    """Whatever nextLink Partner Center answers: every request goes to the configured host, over TLS."""
    network = Elsewhere(link)
    clients.append(httpx.AsyncClient(transport=httpx.MockTransport(network)))
    await played(pages(network.rest(clients[0]), {}))
    assert set(network.asked) == {THERE}


@pytest.mark.parametrize("link", HOSTILE)
async def test_no_delta_link_leads_the_token_elsewhere(link: str, clients: list[httpx.AsyncClient]) -> None:
    """The same for Dataverse's links, those of an answer and those that were kept in a cursor."""
    network = Elsewhere(link)
    clients.append(httpx.AsyncClient(transport=httpx.MockTransport(network)))
    for cursor in (None, json.dumps({"opportunity": link})):
        await played(Delta(rest=network.rest(clients[0]), solutions=None).pages(cursor))
    assert set(network.asked) == {THERE}


@pytest.mark.parametrize("link", ["https://evil.example/a", f"https://{HOST}@evil.example/a", f"https://{HOST}:8443/a"])
async def test_a_link_to_another_host_is_refused_in_words(link: str, clients: list[httpx.AsyncClient]) -> None:
    """The refusal says what happened, so that a wrong setting is found."""
    network = Elsewhere(link)
    clients.append(httpx.AsyncClient(transport=httpx.MockTransport(network)))
    with pytest.raises(Refused, match="a link points to another host"):
        _ = [page async for page in pages(network.rest(clients[0]), {})]


@pytest.mark.parametrize("where", ["https://evil.example/engagements/v1/referrals/", "gopher://[::1]/", "\\\\evil\\x/"])
def test_an_events_address_is_never_asked(where: str) -> None:
    """Of ResourceUri only the id at its end is used: host, scheme and path are not even kept."""
    ident = "3f0c1d9e-5a51-4f0e-9a5a-1c2d3e4f5a6b"
    body = json.dumps({"EventName": "referral-updated", "ResourceUri": where + ident}).encode()
    signal = hear(body, "cosell").signal
    assert signal is not None
    assert signal.id == ident
    assert "evil" not in signal.encoded()


@pytest.mark.parametrize("tail", ["..%2f..%2fadmin", "../../admin", "1' or '1'='1", "id?x=", "", "%00", "a" * 3000])
def test_an_events_id_is_a_guid_or_nothing(tail: str) -> None:
    """What is no GUID never becomes part of an address."""
    body = json.dumps({"EventName": "referral-updated", "ResourceUri": f"https://x/{tail}"}).encode()
    with pytest.raises(BadEvent) as caught:
        hear(body, "cosell")
    assert caught.value.status == 400


async def test_a_download_follows_no_redirect(clients: list[httpx.AsyncClient]) -> None:
    """An allowed host that answers with a redirect sends us nowhere."""
    hosts: list[str] = []

    def redirect(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(302, headers={"location": "http://169.254.169.254/metadata"})

    clients.append(httpx.AsyncClient(transport=httpx.MockTransport(redirect), follow_redirects=True))
    with pytest.raises(Refused):
        await download(clients[0], f"{CONFIGURED}/a.cer", limit=1000, timeout=1)
    assert hosts == [HOST]
