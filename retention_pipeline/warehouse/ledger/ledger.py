"""The ledger as a part of publication: the tables that a new version remembers with.

Belongs here: the order of comparing, explaining and carrying on. Not here: each of these (the modules beside this one).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from retention_pipeline.config import Settings
from retention_pipeline.core.history_tables import DELIVERIES, METRIC_RESTATEMENTS, METRIC_SOURCES, PERIOD_SETTLING
from retention_pipeline.core.home import Home
from retention_pipeline.core.progress import Progress
from retention_pipeline.core.tables import METRIC_VALUES, Table
from retention_pipeline.warehouse import release
from retention_pipeline.warehouse.ledger import causes, cells, changes, inputs, reach
from retention_pipeline.warehouse.ledger.lineage import Lineage
from retention_pipeline.warehouse.ledger.records import records_of
from retention_pipeline.warehouse.ledger.settling import settling_sql
from retention_pipeline.warehouse.ledger.withholding import withheld_sql
from retention_pipeline.warehouse.manifest import Manifest
from retention_pipeline.warehouse.release import PublishedTable
from retention_pipeline.warehouse.sql import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WARNED = 5
"""Metrics named when something stays unexplained."""


@dataclass(frozen=True)
class Upcoming:
    """The version that is about to be published, as far as the ledger needs to know it."""

    version: str
    as_of: str
    published_at: str
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Ledger:
    """What the ledger of a shop needs beside the versions.

    Attributes:
        settings: The shop and its sources.
        metric_sources: Which sources stand behind which metric, as ``metrics.sources`` declares it.
        deliveries: The deliveries behind the new version, in the columns of ``DELIVERIES``.
    """

    settings: Settings
    metric_sources: pd.DataFrame
    deliveries: pd.DataFrame

    def periods_from(self, connection: DuckDBPyConnection) -> str | None:
        """A day of the first period of every grain: the latest of their first days."""
        firsts = "select min(period_start) as first_start from marts.dim_period group by grain"
        row = connection.execute(f"select max(first_start) from ({firsts})").fetchone()
        return None if row is None or row[0] is None else str(row[0])

    def tables(
        self,
        connection: DuckDBPyConnection,
        line: Lineage,
        upcoming: Upcoming,
        versions: PublishedTable,
        watcher: Progress,
    ) -> list[PublishedTable]:
        """Compare, explain, and return the tables to publish beside the build's own.

        Args:
            connection: The build; it need not be able to write.
            line: Where the new version stands.
            upcoming: The new version.
            versions: ``_versions`` as it will be published.
            watcher: Told what could not be explained.
        """
        home, baseline = self.settings.home, line.baseline
        inputs.attach(connection, home, line.head, self.deliveries)
        previous = None if line.head is None else line.head.version
        inputs.write_metric_sources(connection, self.metric_sources, version=upcoming.version, previous=previous)
        if baseline is None:
            causes.write_no_rows(connection)
        else:
            _warn(watcher, self._compare(connection, baseline, upcoming, watcher))
        with release.relation(connection, versions) as rows:
            connection.execute(f"create or replace temp table ledger_versions as select * from {rows}")
        ledger = _carried(home, line, upcoming)
        settled = settling_sql(ledger=ledger, versions="select * from ledger_versions", values=METRIC_VALUES.qualified)
        connection.execute(f"create or replace temp table ledger_settling as {settled}")
        return [
            _table(METRIC_RESTATEMENTS, ledger),
            _table(PERIOD_SETTLING, "select * from ledger_settling"),
            _table(DELIVERIES, "select * from new_deliveries"),
            _table(METRIC_SOURCES, "select * from new_metric_sources"),
        ]

    def _compare(
        self, connection: DuckDBPyConnection, baseline: Manifest, upcoming: Upcoming, watcher: Progress
    ) -> list[tuple[str, int]]:
        """Fill ``ledger_rows``; returns the metrics that nothing explains."""
        former = baseline.tables.get(METRIC_VALUES.name)
        is_comparable = former is not None and former.select_list(METRIC_VALUES) is not None
        if not is_comparable:
            watcher.warn(f"{baseline.version} is of an earlier program: what changed in its periods cannot be listed")
        if not is_comparable or not cells.find_changed_cells(connection):
            causes.write_no_rows(connection)
            return []
        before, after = baseline.metadata, upcoming.metadata
        if DELIVERIES.name in baseline.tables:
            known, now = (
                {name: day and dt.date.fromisoformat(day) for name, day in each["data_through"].items()}
                for each in (before, after)
            )
            changes.find_changed_records(
                connection,
                records_of(self.settings),
                old_as_of=dt.date.fromisoformat(before["as_of"]),
                new_as_of=dt.date.fromisoformat(upcoming.as_of),
                data_through=known,
                new_data_through=now,
            )
        else:
            changes.find_no_records(connection)
        reach.match_changes(connection, window_days=self.settings.shop.activity_window_days)
        step = causes.Step(
            version=upcoming.version,
            previous_version=baseline.version,
            as_of=upcoming.as_of,
            previous_as_of=before["as_of"],
            published_at=upcoming.published_at,
            has_configuration=before["config_hash"] != after["config_hash"],
            has_code=before["code_hash"] != after["code_hash"],
            advanced=_advanced(before["data_through"], after["data_through"]),
            has_erasure=before.get("erasures", 0) != after.get("erasures", 0),
        )
        return causes.write_rows(connection, step)


def _advanced(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> tuple[str, ...]:
    """Sources that are delivered further than they were; ISO dates sort like dates."""
    return tuple(name for name, day in sorted(after.items()) if (day or "") > (before.get(name) or ""))


def _carried(home: Home, line: Lineage, upcoming: Upcoming) -> str:
    """The rows known before, as far as the new version's ``as_of`` goes, and the new ones."""
    record = None if line.head is None else line.head.tables.get(METRIC_RESTATEMENTS.name)
    columns = None if record is None else record.select_list(METRIC_RESTATEMENTS)
    if line.head is None or columns is None:
        return "select * from ledger_rows"
    known = inputs.table_file(home, line.head, METRIC_RESTATEMENTS.name)
    earlier = f"select {columns} from {known} where as_of <= date {literal(upcoming.as_of)}"
    return f"{withheld_sql(earlier)} union all by name from ledger_rows"


def _warn(watcher: Progress, unexplained: list[tuple[str, int]]) -> None:
    if not unexplained:
        return
    named = ", ".join(f"{metric} ({count})" for metric, count in unexplained[:WARNED])
    rest = f" and {len(unexplained) - WARNED} more metrics" if len(unexplained) > WARNED else ""
    watcher.warn(f"restated without a cause that was found: {named}{rest}; see `retention restatements`")


def _table(table: Table, sql: str) -> PublishedTable:
    columns = ", ".join(table.column_names)
    return PublishedTable(
        name=table.name,
        key=table.key,
        sql=f"select {columns} from ({sql})",
        comment=table.grain,
        column_types={column.name: column.type for column in table.columns},
        column_comments={column.name: column.meaning for column in table.columns},
        counts_for_content=False,
    )
