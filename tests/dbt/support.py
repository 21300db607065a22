"""A store written row by row, and the dbt project built over it.

Belongs here: rows in, tables out. Not here: what the tables should hold.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from retention_pipeline.core.store_tables import STORE_TABLES
from retention_pipeline.defs.dbt_events import without_debug_events
from retention_pipeline.warehouse.connection import release_process_caches
from tests.dbt.rows import Rows

__all__ = ["MARTS", "PROJECT", "Project", "Rows", "cells", "common_arguments", "contents", "write_store"]

PROJECT = Path(__file__).parents[2] / "dbt_project"
VARIABLES: dict[str, Any] = {
    "as_of": "2024-03-15", "data_through": "2024-03-15", "timezone": "UTC", "currency": "EUR",
    "activity_window_days": 30, "grains": ["week", "month", "year"], "cohort_grains": ["month"],
    "week_start": "monday", "segments": ["tier"], "excluded_statuses": ["cancelled"], "minimum_amount": 0.0,
}  # fmt: skip


def write_store(path: Path, rows: Rows) -> None:
    """Create a delivery store with exactly these rows."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("set timezone = 'UTC'; create schema raw")
        for table in STORE_TABLES:
            connection.execute(table.ddl)
            values = [[row[name] for name in table.column_names] for row in rows.tables[table.name]]
            if values:
                marks = ", ".join("?" * len(table.columns))
                connection.executemany(f"insert into {table.qualified} values ({marks})", values)


@dataclass
class Project:
    """The dbt project, parsed once; each build gets its own folder."""

    folder: Path
    manifest: Any
    builds: int = 0

    def build(
        self,
        rows: Rows,
        *,
        select: tuple[str, ...] = (),
        tests: bool = False,
        unit_tests: bool = False,
        **variables: Any,
    ) -> duckdb.DuckDBPyConnection:
        """Build over a store with these rows.

        Args:
            rows: What was delivered.
            select: dbt selection; everything when empty.
            tests: Whether data tests run too.
            unit_tests: Whether unit tests are among them; they bring their own rows, so one shop has them run.
            variables: Overrides of :data:`VARIABLES`; by default the three usual sources and the delivered ones are
                configured.

        Returns:
            An open connection to the build file.
        """
        from _pytest.monkeypatch import MonkeyPatch
        from dbt.cli.main import dbtRunner

        self.builds += 1
        home = self.folder / f"build{self.builds}"
        home.mkdir()
        write_store(home / "store.duckdb", rows)
        arguments = ["build" if tests else "run", *common_arguments(home), *(["--select", *select] if select else [])]
        if tests and not unit_tests:
            arguments += ["--exclude-resource-type", "unit_test"]
        with MonkeyPatch.context() as patch, without_debug_events():
            patch.setenv("DBT_RETENTION_BUILD", str(home / "build.duckdb"))
            patch.setenv("DBT_RETENTION_STORE", str(home / "store.duckdb"))
            outcome = dbtRunner(manifest=self.manifest.deepcopy()).invoke(
                [*arguments, "--vars", json.dumps({**VARIABLES, "sources": rows.sources, **variables})]
            )
        release_process_caches()
        bad = [f"{r.node.name}: {r.message}" for r in outcome.result or () if r.status not in {"success", "pass"}]
        assert outcome.success, bad or outcome.exception
        return duckdb.connect(str(home / "build.duckdb"), read_only=True)


def common_arguments(target: Path) -> list[str]:
    """What every dbt command of these tests is told."""
    return [
        "--quiet", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target / "dbt"),
        "--log-path", str(target / "dbt"), "--no-version-check",
    ]  # fmt: skip


def cells(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries, dates as ISO text and whole decimals as numbers."""
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


MARTS = tuple(sorted(path.stem for path in (PROJECT / "models" / "marts").glob("*.sql")))


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Every mart, whole and in a total order."""
    return {name: connection.execute(f"select * from marts.{name} order by all").fetchall() for name in MARTS}
