"""How a message body looks inside a queue: base64, or plain text where host.json says so."""

import base64
import binascii


def encode(body: bytes, *, base64_text: bool) -> str:
    return base64.b64encode(body).decode("ascii") if base64_text else body.decode()


def decode(text: str, *, base64_text: bool) -> bytes | None:
    """Give the body, or nothing where the text is not what host.json's `messageEncoding` promises."""
    if not base64_text:
        return text.encode()
    try:
        # .NET's reader skips white space; anything else outside the alphabet is malformed.
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
