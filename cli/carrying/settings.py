"""Which settings may be carried to another environment, as texts, and how they are carried out there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from shared.errors import Misconfigured
from shared.settings import Settings, read

# What says where an installation is, whom it trusts and whether it writes is decided anew in each environment.
PLACE = frozenset({"mode", "test_records", "dry_run", "cosell_deployment", "website_hostname"})
PLACE_STARTS = ("partner_center_", "webhook_", "storage", "azure_")
PLACE_ENDS = ("_url", "_id", "_auth", "_token", "_secret", "_key")
SHORTEST = 8  # characters of a secret that is looked for in a text: a shorter one may stand there by chance
NEVER = "an export never carries {}: somebody changed the file by hand"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A setting that the tested set-up has otherwise than this installation."""

    name: str
    now: str
    then: str


def carried(settings: Settings) -> Mapping[str, str]:
    """Every setting that describes behaviour, with its value as an app setting holds it."""
    return {name: _text(getattr(settings, field)) for name, field in _fields() if not _stays(field, settings)}


def differences(now: Settings, then: Mapping[str, str]) -> tuple[Difference, ...]:
    """Raises Misconfigured for what an export never holds, and for values that this release does not take."""
    here, known = carried(now), dict(_fields())
    if never := [name for name in then if name in known and name not in here]:
        raise Misconfigured((NEVER.format(", ".join(sorted(never))),))
    wanted = {name: text for name, text in then.items() if name in known}
    if wrong := [str(problem) for problem in read(wanted).problems if problem.name in wanted]:
        raise Misconfigured(tuple(wrong))
    there = carried(read(wanted).best)  # as this release writes it: `Yes` is `true`
    other = (name for name in wanted if here[name] != there[name])
    return tuple(Difference(name=name, now=here[name], then=there[name]) for name in other)


def unknown(then: Mapping[str, str]) -> tuple[str, ...]:
    """Settings of another release, which this one would pass over."""
    known = dict(_fields())
    return tuple(sorted(name for name in then if name not in known))


def for_azure(found: tuple[Difference, ...]) -> list[dict[str, object]]:
    """What `az functionapp config appsettings set --settings @FILE` takes: the form that its `list` prints."""
    return [{"name": each.name, "value": each.then, "slotSetting": False} for each in found]


def secrets(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Every secret's name and value, and the parts of a connection string that are one."""
    found = [(name, getattr(settings, field)) for name, field in _fields()]
    values = [(name, value.get_secret_value()) for name, value in found if isinstance(value, SecretStr)]
    parts = [(name, part.partition("=")[2]) for name, value in values for part in value.split(";")]
    return tuple((name, text) for name, text in (*values, *parts) if len(text) >= SHORTEST)


def without(text: str, hidden: tuple[tuple[str, str], ...]) -> str:
    """The text, or Misconfigured where a secret's value stands in it: somebody pasted it into another setting."""
    for name, value in hidden:
        if value in text:
            raise Misconfigured((f"nothing was exported: the secret value of {name} stands in another setting too",))
    return text


def _fields() -> Iterator[tuple[str, str]]:
    """Each setting's name as Azure knows it, and ours."""
    return ((field.alias or name.upper(), name) for name, field in Settings.model_fields.items())


def _stays(field: str, settings: Settings) -> bool:
    named = field in PLACE or field.startswith(PLACE_STARTS) or field.endswith(PLACE_ENDS)
    return named or isinstance(getattr(settings, field), SecretStr)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | frozenset):
        return ",".join(map(str, value if isinstance(value, tuple) else sorted(value)))
    return str(value)
