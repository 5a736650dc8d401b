"""What all tests share."""

import pytest

import networks


@pytest.fixture(scope="session")
def tables():
    """Return the toolkit's own tables; no test may change them."""
    return networks.load_tables()
