"""The `$filter` of the referrals list: only the fields, operators and lambda that the API documents."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.partner_center.errors import ApiError, refused
from sandbox.partner_center.lifecycle import dig

Predicate = Callable[[dict[str, Any]], bool]
TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<mark>[()])|(?P<word>[^\s()']+))")
FIELDS = frozenset(
    {
        "engagementId",
        "status",
        "substatus",
        "qualification",
        "type",
        "direction",
        "updatedDateTime",
        "customerProfile/address/country",
    }
)
DATES = frozenset({"updatedDateTime"})
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}
EQUALITY = ("eq", "ne")


def moment(text: str) -> datetime:
    parsed = datetime.fromisoformat(text)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed


class FilterParser:
    """Recursive descent: or over and over a comparison, a lambda or parentheses."""

    def __init__(self, text: str, *, ranges: bool) -> None:
        self._ranges = ranges
        self._tokens = self._split(text)

    @staticmethod
    def _split(text: str) -> list[str]:
        tokens, at, end = list[str](), 0, len(text.rstrip())
        while at < end:
            found = TOKEN.match(text, at)
            if found is None:
                raise _invalid(f"unexpected text at {at}")
            tokens.append(found.group().strip())
            at = found.end()
        return tokens

    def parse(self) -> Predicate:
        predicate = self._any_of()
        if self._tokens:
            raise _invalid(f"unexpected '{self._tokens[0]}'")
        return predicate

    def _next(self) -> str:
        if not self._tokens:
            raise _invalid("it ends too early")
        return self._tokens.pop(0)

    def _meets(self, word: str) -> bool:
        if self._tokens and self._tokens[0] == word:
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._meets(word):
            raise _invalid(f"'{word}' is missing")

    def _any_of(self) -> Predicate:
        parts = [self._all_of()]
        while self._meets("or"):
            parts.append(self._all_of())
        return lambda referral: any(part(referral) for part in parts)

    def _all_of(self) -> Predicate:
        parts = [self._term()]
        while self._meets("and"):
            parts.append(self._term())
        return lambda referral: all(part(referral) for part in parts)

    def _term(self) -> Predicate:
        if self._meets("("):
            inner = self._any_of()
            self._expect(")")
            return inner
        field = self._next()
        return self._member() if field == "team/any" else self._comparison(field)

    def _comparison(self, field: str) -> Predicate:
        if field not in FIELDS:
            raise _invalid(f"'{field}' cannot be filtered on")
        name = self._next()
        allowed = COMPARISONS if field in DATES and self._ranges else EQUALITY
        if name not in allowed:
            raise _invalid(f"'{name}' is not supported on '{field}'")
        compare, wanted = COMPARISONS[name], self._literal(field)
        path = field.replace("/", ".")
        return lambda referral: compare(_value(field, dig(referral, path)), wanted)

    def _literal(self, field: str) -> Any:
        text = self._next()
        quoted = text.startswith("'")
        # A GUID is met both quoted (documentation) and bare (the links in real referrals), a date only bare.
        if not quoted and field not in DATES and field != "engagementId":
            raise _invalid(f"the value of '{field}' is not quoted")
        try:
            return _value(field, text[1:-1].replace("''", "'") if quoted else text)
        except ValueError as error:
            raise _invalid(f"'{text}' is not a date") from error

    def _member(self) -> Predicate:
        self._expect("(")
        variable, _, field = self._next().partition(":")
        if field != f"{variable}/email" or not variable:
            raise _invalid("any() on team compares only the email")
        self._expect("eq")
        wanted = self._next().strip("'").lower()
        self._expect(")")
        return lambda referral: any((one["email"] or "").lower() == wanted for one in referral["team"])


def _value(field: str, value: Any) -> Any:
    if field in DATES:
        return moment(str(value))
    return str(value).lower() if field == "engagementId" else value


def _invalid(what: str) -> ApiError:
    return refused(f"The $filter is not valid: {what}.", "$filter")
