"""Every parser that meets foreign bytes. A new one is one line in the table of its module."""

from __future__ import annotations

from tests.fuzz import administrator, customize, dynamics, partner, platform, sheets, webhooks
from tests.fuzz.parser import Parser

MODULES = (webhooks, partner, dynamics, platform, administrator, sheets, customize)
PARSERS: dict[str, Parser] = {parser.name: parser for module in MODULES for parser in module.PARSERS}
