"""Every parser that meets foreign bytes. A new one is one line in the table of its module."""

from __future__ import annotations

from tests.fuzz import dynamics, partner, platform, webhooks
from tests.fuzz.parser import Parser

PARSERS: dict[str, Parser] = {
    parser.name: parser for module in (webhooks, partner, dynamics, platform) for parser in module.PARSERS
}
