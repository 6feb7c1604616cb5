"""The suites, each loaded when it is run: a missing tool of one does not keep another from running."""

from __future__ import annotations

from collections.abc import Callable

from tests.proof.figure import Suite


def chaos() -> Suite:
    """Seeded schedules on the fakes."""
    from tests.proof import chaos as suite  # noqa: PLC0415  see above

    return suite.SUITE


def parts() -> Suite:
    """Storage, simulators and hosts as processes."""
    from tests.proof import parts as suite  # noqa: PLC0415  see above

    return suite.SUITE


def load() -> Suite:
    """A burst beyond every limit, in virtual time."""
    from tests.proof import load as suite  # noqa: PLC0415  see above

    return suite.SUITE


def upgrade() -> Suite:
    """Two releases at work on the same deals."""
    from tests.proof import upgrade as suite  # noqa: PLC0415  see above

    return suite.SUITE


SUITES: dict[str, Callable[[], Suite]] = {"chaos": chaos, "load": load, "parts": parts, "upgrade": upgrade}
