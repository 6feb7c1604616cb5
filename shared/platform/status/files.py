"""What a browser fetches beside the page: our style sheet, and htmx as its authors released it.

A name carries the fingerprint of what is in it, so a browser may keep it for a year.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType

from shared.platform.status.asked import Page

FOLDER = Path(__file__).with_name("files")
STYLE, SCRIPT = "status.css", "htmx-2.0.11.min.js"
KINDS = MappingProxyType({".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"})
A_YEAR = {"Cache-Control": "private, max-age=31536000, immutable"}


@dataclass(frozen=True, kw_only=True)
class File:
    """A file under the name that it is served by; `integrity` is what the page tells the browser to insist on."""

    name: str
    kind: str
    integrity: str
    body: bytes = field(repr=False)


@cache
def files() -> Mapping[str, File]:
    """Each file under its name in the folder."""
    return MappingProxyType({name: _file(FOLDER / name) for name in (STYLE, SCRIPT)})


def _file(path: Path) -> File:
    body = path.read_bytes()
    mark = hashlib.sha256(body).hexdigest()[:12]
    integrity = str(base64.b64encode(hashlib.sha384(body).digest()), "ascii")
    served = f"{path.stem}.{mark}{path.suffix}"
    return File(name=served, kind=KINDS[path.suffix], integrity=f"sha384-{integrity}", body=body)


def page_of(name: str) -> Page | None:
    """The file of this name; no path is ever made of what was asked for."""
    found = next((file for file in files().values() if file.name == name), None)
    return Page(body=found.body, kind=found.kind, headers=A_YEAR) if found else None
