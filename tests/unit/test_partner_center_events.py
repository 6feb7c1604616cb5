"""A webhook call's body becomes a signal, and an address in it may not steer us."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.connectors.partner_center.addresses import allowed
from shared.connectors.partner_center.events import hear, signal_of
from shared.domain.values import Ref
from shared.errors import BadEvent
from shared.messages import Look

SAMPLES = Path(__file__).parents[1] / "samples" / "partner_center"

EVENT = (SAMPLES / "event_related_updated.json").read_bytes()


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("referral-created", Look.REFERRAL),
        ("Referral-Updated", Look.REFERRAL),
        ("related-referral-created", Look.COSELL),
        ("related-referral-updated", Look.COSELL),
        ("invoice-ready", None),
        ("test-created", None),
    ],
)
def test_an_event_becomes_a_signal(name: str, look: Look | None) -> None:
    """Each referral event names its record and nothing else; another integration's event says why it is dropped."""
    body = EVENT.replace(b"related-referral-updated", name.encode())
    heard, signal = hear(body, "cosell"), signal_of(body, "cosell")

    assert heard.signal == signal
    assert (signal.look if signal else None) is look
    assert bool(heard.reason) is (look is None)
    if signal:
        assert (signal.pair, signal.side, signal.ref) == ("cosell", "partner", Ref("referral", URI[-36:].decode()))


def test_an_events_keys_may_have_any_case() -> None:
    """Keys in camelCase mean the same as PascalCase ones."""
    lowered = {key[:1].lower() + key[1:]: value for key, value in json.loads(EVENT).items()}

    assert signal_of(json.dumps(lowered).encode(), "cosell") == signal_of(EVENT, "cosell")


URI = b"https://api.partnercenter.microsoft.com/engagements/v1/referrals/3f0c1d9e-5a51-4f0e-9a5a-1c2d3e4f5a6b"


@pytest.mark.parametrize("form", [URI + b"/", URI + b"?x=1", URI.upper(), b"/v9/" + URI[-36:]])
def test_only_the_trailing_guid_counts(form: bytes) -> None:
    """The id is the end of the address, whatever its host and path, in lower case."""
    assert signal_of(EVENT.replace(URI, form), "cosell") == signal_of(EVENT, "cosell")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not an event"),
        (b"{}", "EventName"),
        (b'{"EventName": "referral-created", "ResourceUri": 7}', "ResourceUri"),
        (b'{"EventName": "referral-created", "ResourceUri": "https://x/1"}', "id of a referral"),
        (b'{"EventName": "referral-created", "ResourceUri": "https://[/"}', "id of a referral"),
    ],
)
def test_what_is_no_event_is_refused(body: bytes, reason: str) -> None:
    """A malformed body is 400 with what is wrong with it."""
    with pytest.raises(BadEvent, match=reason) as caught:
        hear(body, "cosell")

    assert caught.value.status == 400


HOSTS = {"certs.example.com", "127.0.0.1", "odd.example.com:8443"}


@pytest.mark.parametrize(
    ("url", "plain", "fine"),
    [
        ("https://certs.example.com/a.cer", False, True),
        ("https://CERTS.example.com:443/a.cer", False, True),
        ("https://odd.example.com:8443/a.cer", False, True),
        ("http://127.0.0.1:7081/a.cer", False, True),
        ("http://certs.example.com/a.cer", True, True),
        ("http://certs.example.com/a.cer", False, False),
        ("https://certs.example.com:8443/a.cer", False, False),
        ("https://odd.example.com/a.cer", False, False),
        ("https://certs.example.com.evil.example.net/a.cer", False, False),
        ("https://evil.example.net/certs.example.com", False, False),
        ("https://certs.example.com@evil.example.net/", False, False),
        ("https://user@certs.example.com/", False, False),
        ("http://localhost/a.cer", True, False),
        ("ftp://certs.example.com/a.cer", True, False),
        ("https://certs.example.com:x/", False, False),
        ("https://[certs.example.com/", False, False),
        ("https://certs.example.com/a\r\nHost: b", False, False),
        ("", True, False),
    ],
)
def test_from_where_a_certificate_may_come(url: str, plain: bool, fine: bool) -> None:  # noqa: FBT001  parameters of the table
    """An allow-listed host, https unless loopback (AIA: plain too), the usual port unless it is named."""
    assert allowed(url, HOSTS, plain=plain) is fine
