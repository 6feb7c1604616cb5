"""What the settings decide about a pair, as values: the core never sees the environment."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.code import Code
from shared.domain.deal import DEAL, Field
from shared.domain.outcome import Forbidden
from shared.domain.values import Side

DRY = Forbidden(reason="DRY_RUN is on: the change is planned and reported, not written", code=Code.DRY_RUN)
TEST = Forbidden(reason="MODE is test and TEST_RECORDS does not name this deal", code=Code.MODE)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How one pair of systems is kept in step.

    `fingerprint` names the settings that can forbid a write: when it changes, what is owed is looked at again.
    `fields` are those of a deal and the installation's own.
    `lease` is in seconds, longer than the longest remote call by far (see `settle_before`).
    """

    pair: str = "cosell"
    winner: Side = Side.CRM
    cosell_only: bool = False
    live: bool = False
    test_records: frozenset[str] = frozenset()
    dry_run: bool = False
    show_mark: bool = True
    fingerprint: str = ""
    fields: tuple[Field, ...] = DEAL
    lease: float = 150.0
    longest_call: float = 90.0  # 60 s for the call, 30 s for its turn among the worker's calls
    posting: float = 600.0  # a POST's own intent is exclusive for so long: longest POST plus listing delay

    def forbids(self, *idents: str | None) -> Forbidden | None:
        """Why nothing may be written for the deal of these record ids; None where writing is allowed."""
        if self.dry_run:
            return DRY
        if not self.live and not self.test_records.intersection(i.casefold() for i in idents if i):
            return TEST
        return None
