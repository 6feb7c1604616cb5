"""What the browser shows at the end of a sign-in, and nothing that came with the request."""

from __future__ import annotations

from http import HTTPStatus

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Cosell Sync</title>
<style>body{{font:1.1rem system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}}</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""
DONE = ("Go back to the terminal", "It says whether the sign-in is good and was stored. You may close this page.")
DENIED = ("The sign-in was not completed", "The terminal says why, and what to do. You may close this page.")
OTHER = ("Nothing to see here", "This address waits for the answer to one sign-in, and this was not it.")
# No script, nothing loaded, nothing kept, and no other site told of this address and the code in it.
HEADERS = (
    "Content-Type: text/html; charset=utf-8",
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy: no-referrer",
    "X-Content-Type-Options: nosniff",
    "Cache-Control: no-store",
    "Connection: close",
)


def answer(status: HTTPStatus, words: tuple[str, str]) -> bytes:
    """An HTTP response."""
    body = PAGE.format(title=words[0], text=words[1]).encode()
    lines = (f"HTTP/1.1 {status.value} {status.phrase}", *HEADERS, f"Content-Length: {len(body)}", "", "")
    return "\r\n".join(lines).encode() + body
