"""From where certificates may be fetched: an address in a stranger's request must not steer our requests."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
DEFAULT_PORTS = {"http": 80, "https": 443}


def allowed(url: str, hosts: Collection[str], *, plain: bool) -> bool:
    """Whether `url` is on one of `hosts` (names, or name:port), with https unless `plain` or loopback.

    AIA is plain http by convention, since the chain proves what it brings; a signing certificate's address is not.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    loopback = host in LOOPBACK
    secure = parts.scheme == "https" or (parts.scheme == "http" and (plain or loopback))
    usual = loopback or port in (None, DEFAULT_PORTS.get(parts.scheme))
    listed = (host in hosts and usual) or f"{host}:{port}" in hosts
    # ASCII alone: what other letters turn into differs between the one who looks here and the one who fetches.
    plainly = url.isascii() and url.isprintable() and " " not in url
    return secure and listed and plainly and "@" not in parts.netloc


def host_of(url: str) -> str:
    """For a message: the host alone, as the rest may hold anything."""
    try:
        return urlsplit(url).hostname or "an address without a host"
    except ValueError:
        return "an address that cannot be read"
