"""Templates become pages. Jinja is imported with this module, and so only when somebody looks at the page.

Everything that is filled in is escaped, whoever wrote it: there is no way round that in the templates, and the policy
below keeps a browser from running anything but the one script that we serve.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.platform.status import words
from shared.platform.status.files import SCRIPT, STYLE, files

# All that a closed door wears: its style sheet lies behind it. The policy allows this very text.
BARE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;background:Canvas;color:CanvasText}"
    "body{max-width:38rem;margin:12vh auto;padding:0 1.25rem}"
    "a{color:inherit}.skip{position:absolute;left:-99rem}h1{font-size:1.7rem}"
    ".button{display:inline-block;padding:.5rem 1rem;border:1px solid;border-radius:8px;text-decoration:none}"
)
_HASH = base64.b64encode(hashlib.sha256(BARE.encode()).digest()).decode()
_ALLOWED = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": f"'self' 'sha256-{_HASH}'",
    "img-src": "data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
POLICY = "; ".join(f"{what} {whence}" for what, whence in _ALLOWED.items())
# The address may hold a key: it is told to nobody, and no copy of the page is kept.
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
)


@cache
def environment() -> Environment:
    """One a process: templates are compiled once."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"utc": words.utc, "moment": datetime.fromisoformat, "code_words": words.code_words}
    made.globals |= {"files": files(), "STYLE": STYLE, "SCRIPT": SCRIPT, "ago": words.ago, "OUTCOMES": words.OUTCOMES}
    made.globals |= {"BARE": BARE}
    return made
