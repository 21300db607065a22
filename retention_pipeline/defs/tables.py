"""Which tables a version holds, and what each of their columns means.

Marts speak through their dbt YAML, metric rows through ``core.tables``, wide tables and catalogue through ``metrics``.
Belongs here: gathering them. Not here: writing them (``warehouse.publish``), text that has its home elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from retention_pipeline.core.history_tables import HISTORY_TABLES
from retention_pipeline.core.tables import METRIC_VALUES, Column, Table
from retention_pipeline.defs.freshness import FRESHNESS_COLUMNS
from retention_pipeline.defs.keys import MARTS, METRICS
from retention_pipeline.defs.marts import MartsCatalogue
from retention_pipeline.defs.metric_tables import METRIC_TABLES
from retention_pipeline.metrics.catalog import METRIC_CATALOG, catalog_frame
from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.metrics.wide import wide_table, widen
from retention_pipeline.warehouse.frames import read_frame
from retention_pipeline.warehouse.release import PublishedTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CheckRow = dict[str, str | int | None]

CHECK_COLUMNS = (
    Column("stage", "VARCHAR", "raw, staging, marts or metrics."),
    Column("table_name", "VARCHAR", "The table that was checked."),
    Column("check_name", "VARCHAR", "Name of the check."),
    Column("meaning", "VARCHAR", "What it makes sure of."),
    Column("outcome", "VARCHAR", "passed, or not_applicable when the source is not configured."),
    Column("expected", "VARCHAR", "What had to hold."),
    Column("observed", "VARCHAR", "What was found.", nullable=True),
    Column("unexpected_count", "BIGINT", "Violating rows, where the check counts them.", nullable=True),
)
DICTIONARY_COLUMNS = (
    Column("table_name", "VARCHAR", "A published table."),
    Column("column_position", "INTEGER", "Position of the column, from 1."),
    Column("column_name", "VARCHAR", "A column."),
    Column("data_type", "VARCHAR", "Its DuckDB type."),
    Column("meaning", "VARCHAR", "What it means."),
)


METADATA_TABLES = (
    Table("main", "_freshness", "One row per configured source.", ("source",), FRESHNESS_COLUMNS),
    Table("main", "_check_results", "One row per check of this version.", ("stage", "table_name", "check_name"),
          CHECK_COLUMNS),
    Table("main", "_data_dictionary", "One row per column of every published table.",
          ("table_name", "column_position"), DICTIONARY_COLUMNS),
)  # fmt: skip


def described_tables(marts: MartsCatalogue) -> dict[str, Table]:
    """The specification of every table of a version, by the name it is published under."""
    beside = [made.table for made in METRIC_TABLES]
    described = [*marts.tables.values(), METRIC_VALUES, *(wide_table(family) for family in FAMILIES), *beside]
    catalogue = replace(METRIC_CATALOG, name="_metric_catalog")
    every = [*described, catalogue, *METADATA_TABLES, *HISTORY_TABLES]
    return {table.name.removesuffix("_wide"): table for table in every}


def published_tables(
    build: DuckDBPyConnection, marts: MartsCatalogue, freshness: pd.DataFrame, checks: list[CheckRow]
) -> list[PublishedTable]:
    """Every table of a version but those that remember former versions, which publication adds itself."""
    sources, results, dictionary = METADATA_TABLES
    beside = [made.table for made in METRIC_TABLES]
    described = described_tables(marts)
    return [
        # the gate of the facts has just proven their keys, which is dear where they are large
        *(_from_build(table, f"{MARTS}.{table.name}", key_proven=True) for table in marts.tables.values()),
        _from_build(METRIC_VALUES, METRIC_VALUES.qualified),
        *(_wide(build, family) for family in FAMILIES),
        *(_from_build(table, table.qualified) for table in beside),
        _from_frame(described["_metric_catalog"], catalog_frame()),
        _from_frame(sources, freshness),
        _from_frame(results, pd.DataFrame(checks), counts_for_content=False),
        _from_frame(dictionary, _dictionary(described)),
    ]


def _from_build(table: Table, source: str, *, key_proven: bool = False) -> PublishedTable:
    return PublishedTable(
        name=table.name,
        key=table.key,
        sql=f"select * from {source}",
        comment=table.grain,
        column_types={column.name: column.type for column in table.columns},
        column_comments={column.name: column.meaning for column in table.columns},
        cluster_by=table.cluster_by,
        key_proven=key_proven,
    )


def _from_frame(
    table: Table, frame: pd.DataFrame, *, name: str | None = None, counts_for_content: bool = True
) -> PublishedTable:
    return PublishedTable(
        name=name or table.name,
        key=table.key,
        frame=frame,
        comment=table.grain,
        column_types={column.name: column.type for column in table.columns},
        column_comments={column.name: column.meaning for column in table.columns},
        counts_for_content=counts_for_content,
    )


def _wide(build: DuckDBPyConnection, family: str) -> PublishedTable:
    return _from_frame(wide_table(family), widen(read_frame(build, f"from {METRICS}.{family}"), family), name=family)


def _dictionary(tables: Mapping[str, Table]) -> pd.DataFrame:
    rows = [
        (name, position, column.name, column.type, column.meaning)
        for name, table in tables.items()
        for position, column in enumerate(table.columns, start=1)
    ]
    return pd.DataFrame(rows, columns=[column.name for column in DICTIONARY_COLUMNS])
