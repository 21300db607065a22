from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from retention_pipeline.core.home import Home
from retention_pipeline.warehouse.connection import connect


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def memory() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(None) as connection:
        yield connection
