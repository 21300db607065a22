"""Two DuckDB files of the small shop, made once; a test that corrupts one works on its own copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import duckdb
import pytest
import yaml

from retention_pipeline.core.tables import METRIC_VALUES, STORE_TABLES
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.quality.gate import run_gate
from retention_pipeline.quality.report import GateReport
from retention_pipeline.quality.suites import Suite, load_suites
from retention_pipeline.warehouse.frames import read_frame, write_frame
from tests.quality import facts, shop

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "data_tests"
EVERYTHING = frozenset({"orders", "customers", "feedback", "segments"})


@cache
def suites_of(stage: str) -> tuple[Suite, ...]:
    """The shipped suites of a stage, read once."""
    return load_suites(SUITES, stage)


Damage = Callable[..., "Files"]
"""From a stage and SQL statements to the files with that stage damaged."""


@dataclass(frozen=True)
class Files:
    """The delivery store and the build file of one shop."""

    store: Path
    build: Path

    def of(self, stage: str) -> Path:
        """The file that the gate of ``stage`` reads."""
        return self.store if stage == "raw" else self.build

    def gate(self, stage: str, *, tables: tuple[str, ...] = (), configured: frozenset[str] = EVERYTHING) -> GateReport:
        """Run the shipped suites of a stage, or those of some tables."""
        suites = [suite for suite in suites_of(stage) if not tables or suite.table in tables]
        return run_gate(
            stage,
            suites,
            database=self.of(stage),
            attach={} if stage == "raw" else {"store": self.store},
            parameters=shop.PARAMETERS,
            configured=configured,
        )


@pytest.fixture(scope="session")
def shop_files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("shop")
    files = Files(folder / "store.duckdb", folder / "build.duckdb")
    store = shop.raw()
    staging = shop.staging(store)
    with duckdb.connect(files.store) as connection:
        connection.execute("create schema raw")
        for table in STORE_TABLES:
            connection.execute(table.ddl)
            _insert(connection, table.qualified, store[table.name])
    with duckdb.connect(files.build) as connection:
        for schema, tables in (("staging", staging), ("marts", facts.marts(staging))):
            connection.execute(f"create schema {schema}")
            for name, rows in tables.items():
                connection.execute(f"create table {schema}.{name} ({dbt_columns(schema, name)})")
                _insert(connection, f"{schema}.{name}", rows)
        _write_metrics(connection)
    return files


@pytest.fixture(scope="session")
def damaged(shop_files: Files, tmp_path_factory: pytest.TempPathFactory) -> Damage:
    """Makes a damaged copy; the one made before is gone then."""
    folder = tmp_path_factory.mktemp("damaged")

    def damage(stage: str, *statements: str) -> Files:
        path = folder / shop_files.of(stage).name
        shutil.copyfile(shop_files.of(stage), path)
        with duckdb.connect(path) as connection:
            for sql in statements:
                connection.execute(sql)
        return replace(shop_files, **{path.stem: path})

    return damage


def dbt_columns(schema: str, name: str) -> str:
    """Column definitions of a dbt model, from its own YAML."""
    text = (ROOT / "dbt_project" / "models" / schema / f"{name}.yml").read_text(encoding="utf-8")
    return ", ".join(
        f"{column['name']} {column['data_type']}" for column in yaml.safe_load(text)["models"][0]["columns"]
    )


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[shop.Row]) -> None:
    names = list(rows[0])
    marks = ", ".join("?" for _ in names)
    connection.executemany(
        f"insert into {table} ({', '.join(names)}) values ({marks})", [list(row.values()) for row in rows]
    )


def _write_metrics(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create schema metrics")
    through = {"orders": shop.AS_OF, "customers": shop.AS_OF, "feedback": shop.AS_OF}
    context = MetricContext(as_of=shop.AS_OF, data_through=through, currency="EUR", min_cell_size=2)
    for name, family in FAMILIES.items():
        inputs = {table: read_frame(connection, f"select * from marts.{table}") for table in family.inputs}
        write_frame(connection, METRIC_VALUES, family.compute(inputs, context), name)
    union = " union all ".join(f"select * from metrics.{name}" for name in FAMILIES)
    connection.execute(f"create table metrics.metric_values as {union}")
