"""The environment becomes one frozen value, read once; a wrong setting is a problem with a name, never an exception."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pydantic import SecretStr, ValidationError

from shared.errors import Misconfigured
from shared.setting_model import Settings
from shared.setting_rules import RULES

__all__ = ["STORAGE", "TRUST", "Problem", "Reading", "Settings", "read", "reading"]

STORAGE = "AzureWebJobsStorage"  # and every name that starts like it
TRUST = "WEBHOOK_"
_CREDENTIALS = re.compile(r"//[^/@]*@")  # somebody may have put a user and password into an address
_FIELDS = {(field.alias or name.upper()): (name, field) for name, field in Settings.model_fields.items()}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A wrong setting: `shown` is its value (never a secret's), `may_be` what it may be instead."""

    name: str
    shown: str
    may_be: str

    def __str__(self) -> str:
        return f"{self.name} is {self.shown}; it may be {self.may_be}"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was read: `settings` only when nothing is wrong; `best` has the default in place of each wrong value."""

    settings: Settings | None
    best: Settings
    problems: tuple[Problem, ...] = ()

    def good(self, *starts: str) -> bool:
        """Whether no problem's name starts like this."""
        return not any(problem.name.startswith(starts) for problem in self.problems)

    def need(self) -> Settings:
        if self.settings is None:
            raise Misconfigured(tuple(map(str, self.problems)))
        return self.settings


def read(environment: Mapping[str, str]) -> Reading:
    """Never raises. Names are matched in any case, as Windows and the platform do; white space is empty."""
    given = {name.casefold(): text.strip() for name, text in environment.items() if text.strip()}
    values = {alias: given[alias.casefold()] for alias in _FIELDS if alias.casefold() in given}
    best, wrong = _best(values)
    named = {problem.name for problem in wrong}
    missing = [
        Problem(name=rule.name, shown=_shown(rule.name, values), may_be=rule.may_be)
        for rule in RULES
        if rule.name not in named and rule.broken(best)
    ]
    problems = tuple({problem.name: problem for problem in (*missing, *wrong)}.values())
    return Reading(settings=None if problems else best, best=best, problems=problems)


def _best(values: Mapping[str, str]) -> tuple[Settings, list[Problem]]:
    try:
        return Settings.model_validate(values), []
    except ValidationError as error:
        names = {str(one["loc"][0]) for one in error.errors()}
    good = {name: text for name, text in values.items() if name not in names}
    return Settings.model_validate(good), [_problem(name, values) for name in sorted(names)]


def _problem(name: str, values: Mapping[str, str]) -> Problem:
    return Problem(name=name, shown=_shown(name, values), may_be=_FIELDS[name][1].description or "a text")


def _shown(name: str, values: Mapping[str, str]) -> str:
    if name not in values:
        return "not set"
    secret = isinstance(_FIELDS[name][1].default, SecretStr)
    return "a secret that is not shown" if secret else f'"{_CREDENTIALS.sub("//…@", values[name])[:200]}"'


@lru_cache(maxsize=1)
def reading() -> Reading:
    """This process's settings: the only place where the environment is read."""
    return read(os.environ)
