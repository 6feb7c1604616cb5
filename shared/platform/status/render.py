"""Templates become pages. Jinja is imported with this module, and so only when somebody looks at the page.

Everything that is filled in is escaped, whoever wrote it: there is no way round that in the templates, and the policy
below keeps a browser from running anything but the one script that we serve.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.platform.status import words
from shared.platform.status.files import SCRIPT, STYLE, files

_ALLOWED = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
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
    return made
