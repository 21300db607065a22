"""How long periods keep moving, on ledgers small enough to count by hand."""

from __future__ import annotations

import duckdb
import pytest

from retention_pipeline.core.history_tables import METRIC_RESTATEMENTS, VERSIONS
from retention_pipeline.core.tables import METRIC_VALUES, Table
from retention_pipeline.warehouse.ledger.settling import LAGS, settling_sql


def create(connection: duckdb.DuckDBPyConnection, name: str, table: Table) -> None:
    connection.execute(f"create table {name} ({', '.join(f'{c.name} {c.type}' for c in table.columns)})")


@pytest.fixture
def published(memory: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Two hundred weekly cells, one version for each of 101 days from the end of their week on."""
    create(memory, "versions", VERSIONS)
    create(memory, "ledger", METRIC_RESTATEMENTS)
    create(memory, "cells", METRIC_VALUES)
    memory.execute(
        "insert into versions by name select 'v' || range as version, date '2025-01-06' + range::int as as_of,"
        " false as is_reenactment from range(101)"
    )
    memory.execute(
        "insert into cells by name select 'revenue' as metric, 'net' as variant, 'calendar' as basis, 'week' as grain,"
        " 'standard' as calendar, date '2024-12-30' as period_start, date '2025-01-06' as period_end,"
        " 'country' as segment_set, 'c' || range as segment_key, 10.0 as value from range(200)"
    )
    return memory


def move(connection: duckdb.DuckDBPyConnection, segment: int, lag: int, old: float, new: float, causes: str) -> None:
    connection.execute(
        "insert into ledger by name select 'revenue' as metric, 'net' as variant, 'calendar' as basis,"
        " 'week' as grain, 'standard' as calendar, date '2024-12-30' as period_start, date '2025-01-06' as period_end,"
        f" 'country' as segment_set, 'c{segment}' as segment_key, date '2025-01-06' + {lag} as as_of,"
        f" {old} as old_value, {new} as new_value, '{causes}' as causes"
    )


def settled(connection: duckdb.DuckDBPyConnection) -> dict[int, tuple[int, int, float | None, int | None]]:
    sql = settling_sql(ledger="from ledger", versions="from versions", values="cells")
    rows = connection.execute(
        f"select lag_days, cells_count, moved_count, largest_change, suggested_grace_days from ({sql})"
    ).fetchall()
    return {lag: (cells, moved, largest, grace) for lag, cells, moved, largest, grace in rows}


def test_cells_count_at_an_age_that_was_observed(published: duckdb.DuckDBPyConnection) -> None:
    found = settled(published)
    assert set(found) == {lag for lag in LAGS if lag <= 100}
    assert set(found.values()) == {(200, 0, None, 0)}


def test_a_cell_moves_at_every_age_below_that_of_its_last_change(published: duckdb.DuckDBPyConnection) -> None:
    for segment in range(4):
        move(published, segment, 20, 10.0, 11.0, "late_order")
    move(published, 0, 40, 11.0, 15.0, "late_order, refund")
    found = settled(published)
    assert [found[lag][1] for lag in (0, 14, 30, 60)] == [4, 4, 1, 0]
    assert found[0][2] == pytest.approx(0.5)  # from 10 to 15, not the step from 11
    assert found[30][2] == pytest.approx(4 / 11)
    assert {grace for *_, grace in found.values()} == {30}, "4 of 200 cells are more than 1 %, 1 of 200 is less"


def test_quiet_days_before_the_late_ones_do_not_settle_a_period(published: duckdb.DuckDBPyConnection) -> None:
    older = "date '2024-10-28' as period_start, date '2024-11-04' as period_end"
    published.execute(f"insert into cells by name select * replace ({older}) from cells")
    for segment in range(10):
        move(published, segment, 0, 10.0, 11.0, "refund")
    published.execute(
        f"create or replace table ledger as select * replace ({older}, date '2025-02-07' as as_of) from ledger"
    )
    found = settled(published)
    assert [found[lag][:2] for lag in (0, 30, 90)] == [(200, 0), (200, 0), (400, 10)]
    assert {grace for *_, grace in found.values()} == {None}, "days 0 to 60 were watched on another week alone"


def test_only_what_deliveries_changed_counts(published: duckdb.DuckDBPyConnection) -> None:
    for segment in range(50):
        move(published, segment, 50, 10.0, 20.0, "definition")
        move(published, segment, 51, 20.0, 10.0, "configuration, maturing")
    assert {moved for _, moved, _, _ in settled(published).values()} == {0}


def test_a_cell_that_is_there_no_more_neither_counts_nor_moves(published: duckdb.DuckDBPyConnection) -> None:
    move(published, 0, 20, 10.0, 11.0, "late_order")
    move(published, 1, 20, 10.0, 11.0, "late_order")
    published.execute("delete from cells where segment_key <> 'c1'")
    assert settled(published)[14] == (1, 1, 0.1, 30)
