"""What all tests share."""

import functools

import pytest
from hypothesis import HealthCheck, settings

import networks

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")  # a busy machine is no failure


@pytest.fixture(scope="session")
def tables():
    """Return the toolkit's own tables; no test may change them."""
    return networks.load_tables()


@pytest.fixture(scope="session")
def network(tables):
    """Return the supernetwork of the toolkit's own tables; no test may change it."""
    return networks.build(tables)


@pytest.fixture(scope="session")
def compare():
    """Return `corridors.compare_routes` with a memory, for options that hash; no test may change what it returns."""
    import corridors

    return functools.cache(corridors.compare_routes)
