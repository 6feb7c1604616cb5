"""The environment becomes one frozen value, read once; a wrong setting is a problem with a name, never an exception."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pydantic import SecretStr, ValidationError

from shared.customize import Fault, faults
from shared.errors import Misconfigured
from shared.setting_model import Settings
from shared.setting_rules import RULES

__all__ = ["NOT_SET", "STORAGE", "TRUST", "Problem", "Reading", "Settings", "environment", "read", "reading"]

STORAGE = "AzureWebJobsStorage"  # and every name that starts like it
TRUST = "WEBHOOK_"
NOT_SET, _HIDDEN = "not set", "a secret that is not shown"
# Somebody may have put a user and password, or a signature, into an address, or a key into the wrong setting.
_CREDENTIALS, _QUERY = re.compile(r"//[^/@]*@"), re.compile(r"(?<=://)([^?]*)\?.*", re.DOTALL)
_KEYS = re.compile(r"(accountkey|sharedaccess\w*|sig|secret|password)\s*=", re.IGNORECASE)
# What the platform hands over in place of a secret that it could not read:
# https://learn.microsoft.com/azure/app-service/app-service-key-vault-references
_REFERENCE = "@microsoft.keyvault("
_RESOLVABLE = "a Key Vault reference that resolves: check the secret's name, and that the app's identity may read it"
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
    unread = {name: text for name, text in values.items() if text.casefold().startswith(_REFERENCE)}
    best, wrong = _best({name: text for name, text in values.items() if name not in unread})
    wrong += [Problem(name=name, shown=f'"{text[:200]}"', may_be=_RESOLVABLE) for name, text in unread.items()]
    named = {problem.name for problem in wrong}
    missing = [
        Problem(name=rule.name, shown=_shown(rule.name, values), may_be=rule.may_be)
        for rule in RULES
        if rule.name not in named and rule.broken(best)
    ]
    wishes = [_wish(fault, values) for fault in faults(best.customize)] if "CUSTOMIZE" not in named else []
    problems = tuple({problem.name: problem for problem in (*missing, *wrong, *wishes)}.values())
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
        return NOT_SET
    text = values[name]
    pasted = text in (values[other] for other in values if _secret(other)) or _KEYS.search(text.partition("?")[0])
    if _secret(name) or pasted:
        return _HIDDEN
    plain = _QUERY.sub(r"\1?…", _CREDENTIALS.sub("//…@", text))
    return f'"{plain[:200]}"'


def _wish(fault: Fault, values: Mapping[str, str]) -> Problem:
    """What is wrong in `customize.yaml`: named by its line, and without what somebody pasted into it by mistake."""
    shown = fault.shown if fault.key else _shown("CUSTOMIZE", values)
    said = f"{fault.where} {shown}"
    if _KEYS.search(said) or any(values[name] in said for name in values if _secret(name)):
        return Problem(name=f"CUSTOMIZE line {fault.line}", shown=_HIDDEN, may_be=fault.may_be)
    return Problem(name=fault.where, shown=shown, may_be=fault.may_be)


def _secret(name: str) -> bool:
    return isinstance(_FIELDS[name][1].default, SecretStr)


def environment() -> Mapping[str, str]:
    """This process's environment: the only place where it is read."""
    return dict(os.environ)


@lru_cache(maxsize=1)
def reading() -> Reading:
    """This process's settings."""
    return read(environment())
