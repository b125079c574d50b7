"""Databases that benchmarks share."""

from __future__ import annotations

import pytest


@pytest.fixture
def durable_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """The database as an installation has it: the tests' PostgreSQL does not wait for the disk."""
    if not database_url.startswith("sqlite"):
        _, connection = request.getfixturevalue("migrated_postgresql")
        connection.execute("ALTER SYSTEM RESET fsync")
        connection.execute("SELECT pg_reload_conf()")
    return database_url
