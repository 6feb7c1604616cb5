"""The sandbox as strangers' clients meet it: over TLS, in a process of its own, for all of these tests together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.contract.clients.served import Served


@pytest.fixture(scope="session")
def tls_sandbox() -> Iterator[Served]:
    """Started once; `served` gives it to a test as at the start."""
    from tests.contract.clients.served import serving  # noqa: PLC0415 — a second that most tests do not need

    with serving() as served:
        yield served


@pytest.fixture
def served(tls_sandbox: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    """Emptied, and trusted by `requests` as its users are told to: by the environment, past any proxy."""
    tls_sandbox.control("reset")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tls_sandbox.ca)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tls_sandbox
