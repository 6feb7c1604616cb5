"""Country and currency codes, and the names that people write instead."""

from __future__ import annotations

import pytest

from shared.domain.countries import COUNTRIES, NAMES, country_code
from shared.domain.currencies import CURRENCIES, currency_code


def test_tables_are_whole() -> None:
    """ISO 3166-1 has 249 countries; every code is two capitals, every currency three."""
    assert len(COUNTRIES) == 249
    assert all(len(code) == 2 and code.isascii() and code.isupper() for code in COUNTRIES)
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)
    assert {"USD", "EUR", "GBP", "JPY", "CHF", "INR", "BRL"} <= CURRENCIES


def test_no_name_means_two_countries() -> None:
    """A name leads to one code, so the table holds each name once; names of neighbours stay apart."""
    assert len({(name, code) for name, code in NAMES.items()}) == len(NAMES)
    pairs = {"Niger": "NE", "Nigeria": "NG", "Dominica": "DM", "Dominican Republic": "DO", "Guinea-Bissau": "GW"}
    assert {name: country_code(name) for name in pairs} == pairs


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("US", "US"),
        (" de ", "DE"),
        ("Deutschland", "DE"),
        ("UNITED STATES", "US"),
        ("U.S.A.", "US"),
        ("United Kingdom", "GB"),
        ("Cote d'Ivoire", "CI"),
        ("Côte d\u2019Ivoire", "CI"),
        ("O\u0308sterreich", "AT"),
        ("Österreich", "AT"),
        ("España", "ES"),
        ("日本", "JP"),
        ("Россия", "RU"),
        ("the netherlands", "NL"),
        ("XX", None),
        ("UK", "GB"),
        ("", None),
        ("Atlantis", None),
        ("USA1", None),
    ],
)
def test_country_code(text: str, code: str | None) -> None:
    """Codes and names are read without case, accents and punctuation; what is neither is nothing."""
    assert country_code(text) == code


@pytest.mark.parametrize(("text", "code"), [("eur", "EUR"), (" USD", "USD"), ("EURO", None), ("", None), ("$", None)])
def test_currency_code(text: str, code: str | None) -> None:
    """A currency is known by its ISO 4217 code alone."""
    assert currency_code(text) == code
