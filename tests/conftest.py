"""Fixtures that more than one tier of tests uses."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def azurite_connection() -> Iterator[str]:
    """Give the connection string of an Azurite of this session's own, installed on first use."""
    from sandbox.host import azurite  # noqa: PLC0415 — half a second that the unit tests do not need

    with azurite.running() as connection:
        yield connection
