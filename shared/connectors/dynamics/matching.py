"""Finding the customer's account by rules, in order: by columns, by the domain of its people, by an id of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from shared.connectors.dynamics.odata import Row, equals, literal
from shared.connectors.dynamics.selection import ADDRESS
from shared.customize.accounts import Rule
from shared.customize.paths import path_of
from shared.domain.oneline import quoted
from shared.domain.values import Person

# Whoever writes from these works anywhere.
PUBLIC = frozenset(
    (
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "aol.com"),
        *("icloud.com", "me.com", "gmx.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "proton.me", "mail.com"),
        *("protonmail.com", "qq.com", "163.com", "yandex.ru", "mail.ru", "zoho.com", "orange.fr", "free.fr"),
        *("laposte.net", "libero.it"),
    )
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What one rule looks for: equal columns, or a domain in one of several; nothing where it does not apply."""

    equal: Mapping[str, str]
    domain: str = ""
    columns: tuple[str, ...] = ()
    words: str = ""
    what: str = "columns"

    @property
    def applies(self) -> bool:
        return bool(self.equal or self.domain)

    @property
    def seed(self) -> tuple[str, ...]:
        """What a new account's id is made of beside its name, so that a second creation finds the first."""
        return (self.domain,) if self.domain else tuple(self.equal.values())

    @property
    def filter(self) -> str:
        if self.domain:
            return "(" + " or ".join(f"contains({name},{literal(self.domain)})" for name in self.columns) + ")"
        return " and ".join(equals(name, text) for name, text in self.equal.items())

    def fits(self, row: Row) -> bool:
        """A domain is compared as a whole: a filter finds example.com in notexample.com as well."""
        return not self.domain or any(domain_of(row.text(name)) == self.domain for name in self.columns)


def wanted(rule: Rule, name: str, postal_code: str, people: tuple[Person, ...], referral: Mapping[str, Any]) -> Wanted:
    """What a rule looks for, for one customer; `name` is as long as its column."""
    if rule.standard:
        equal = {"name": name, ADDRESS["postal_code"]: postal_code}
        return Wanted(
            equal=equal, words=f"are named {quoted(name)} with the same postal code", what="names or postal codes"
        )
    if rule.id:
        number = path_of(f"customerProfile.ids[profileType={rule.id}].id").said(referral).strip()
        return Wanted(equal={rule.column: number} if number else {}, words=f"have the same {rule.id} in {rule.column}")
    if rule.domain:
        domain = _domain(people)
        return Wanted(equal={}, domain=domain, columns=rule.domain, words="have the domain of the customer's contact")
    texts = {column: words.text(referral) for column, words in rule.columns.items()}
    return Wanted(equal=texts if all(texts.values()) else {}, words=f"have the same {' and '.join(texts)}")


def _domain(people: tuple[Person, ...]) -> str:
    """The domain of the first contact whose mail address is the company's own."""
    domains = (domain_of(person.email) for person in sorted(people, key=lambda one: one.key))
    return next((domain for domain in domains if "." in domain and domain not in PUBLIC), "")


def domain_of(text: str) -> str:
    """The domain of a mail address or a web site, "" for what is neither."""
    plain = text.strip().casefold()
    if "@" in plain:
        return plain.rpartition("@")[2]
    try:
        host = urlsplit(plain if "//" in plain else f"//{plain}").hostname
    except ValueError:
        return ""
    return (host or "").removeprefix("www.")
