"""What every part of provisioning works with: the environment, the settings that name things, the labels' language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.provisioning.dataverse import Dataverse
from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.odata import is_guid, unreadable

SOLUTION = "CosellSync"
CAST = "Microsoft.Dynamics.CRM."


@dataclass(frozen=True, kw_only=True)
class Site:
    """`language` is the environment's base language: a label in another one would be refused."""

    dataverse: Dataverse
    config: Config
    language: int

    @property
    def own(self) -> str:
        return self.config.own_prefix

    def ours(self, name: str) -> bool:
        """Whether a component of this name may be made or removed by us: never under somebody else's prefix."""
        return name.startswith(f"{self.own}_")

    def label(self, text: str) -> dict[str, Any]:
        shown = {"@odata.type": f"{CAST}LocalizedLabel", "Label": text, "LanguageCode": self.language}
        return {"@odata.type": f"{CAST}Label", "LocalizedLabels": [shown]}


async def language_of(dataverse: Dataverse) -> int:
    for row in await dataverse.rows("organizations", select="languagecode"):
        if code := row.whole("languagecode"):
            return code
    raise unreadable("the organisation names no language")


def named(value: str) -> str:
    """The path of a definition by its logical name."""
    return f"EntityDefinitions(LogicalName='{value}')"


def guid(value: str) -> str:
    """An id out of an answer, which goes into paths."""
    if not is_guid(value):
        raise unreadable("an id is none")
    return value.lower()


REQUIRED_NONE: Mapping[str, Any] = {
    "Value": "None",
    "CanBeChanged": True,
    "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
}
