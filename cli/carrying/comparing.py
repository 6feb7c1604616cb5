"""What a tested set-up has otherwise than this installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from cli.carrying.document import Setup
from cli.carrying.settings import Difference, differences, for_azure, unknown
from cli.carrying.setup import choices_here, missing
from cli.work import Asked
from shared.errors import CosellError

NOT_YET = "the settings of this installation are not right yet"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """`missing` are options that this organisation lacks; `uncompared` says why nobody looked."""

    differences: tuple[Difference, ...]
    unknown: tuple[str, ...]
    missing: tuple[str, ...] = ()
    uncompared: str = ""

    def document(self) -> Mapping[str, object]:
        return {
            "differences": [asdict(one) for one in self.differences],
            "settings": for_azure(self.differences),
            "unknown": self.unknown,
            "missing_options": self.missing,
        }


async def compare(asked: Asked, setup: Setup) -> Compared:
    """Raises Misconfigured for settings that no export of ours holds."""
    found, left_out = differences(asked.reading.best, setup.settings), unknown(setup.settings)
    if asked.reading.settings is None:
        return Compared(differences=found, unknown=left_out, uncompared=NOT_YET)
    try:
        async with asked.tools() as tools:
            lacking = missing(await choices_here(tools), setup.choices)
    except CosellError as error:
        return Compared(differences=found, unknown=left_out, uncompared=str(error))
    return Compared(differences=found, unknown=left_out, missing=tuple(lacking))
