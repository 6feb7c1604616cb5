"""Fixtures that more than one tier of tests uses."""

from collections.abc import Iterator

import pytest

from sandbox.host import azurite


@pytest.fixture(scope="session")
def azurite_connection() -> Iterator[str]:
    """Give the connection string of an Azurite of this session's own, installed on first use."""
    with azurite.running() as connection:
        yield connection
