"""Waits between orders of three customers, counted by hand: as of 15 March 2024."""

from __future__ import annotations

import duckdb
import pytest

from tests.dbt.support import Project, Rows, cells


@pytest.fixture(scope="module")
def built(project: Project) -> duckdb.DuckDBPyConnection:
    rows = Rows()
    rows.order("g1", None, "2023-12-31", 5)
    rows.order("a1", "anna", "2024-01-02", 10)
    rows.order("a2", "anna", "2024-01-02", 10)
    rows.order("a3", "anna", "2024-02-01", 10)
    rows.order("b1", "bert", "2024-03-15", 10)
    rows.order("b2", "bert", "2024-02-15", 10, status="cancelled")
    for day in range(1, 7):
        rows.order(f"c{day}", "cleo", f"2024-03-0{day}", 10)
    rows.customer("bert", "2024-03-01", tier="basic")
    rows.customer("bert", "2024-03-10", tier="gold")
    return project.build(rows, tests=True, select=("+fct_order_gap_period",))


def waits(built: duckdb.DuckDBPyConnection, where: str) -> list[tuple[object, ...]]:
    return [
        tuple(row.values())
        for row in cells(
            built,
            f"""select period_start, segment_key, gap_days, followed_count, censored_count
            from marts.fct_order_gap_period where {where} order by all""",
        )
    ]


def test_a_wait_belongs_to_the_period_of_the_order_that_starts_it(built: duckdb.DuckDBPyConnection) -> None:
    assert waits(built, "grain = 'month' and segment_set = 'all'") == [
        ("2024-01-01", "all", 0, 1, 0),  # anna's second order of the day
        ("2024-01-01", "all", 30, 1, 0),  # ends in February
        ("2024-02-01", "all", 43, 0, 1),  # anna waits until 15 March
        ("2024-03-01", "all", 0, 0, 1),  # bert ordered on 15 March
        ("2024-03-01", "all", 1, 5, 0),
        ("2024-03-01", "all", 9, 0, 1),
    ]


def test_the_whole_history_begins_with_the_first_valid_order_and_holds_every_wait(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert waits(built, "grain = 'all' and segment_set = 'all'") == [
        ("2023-12-31", "all", gap, followed, censored)
        for gap, followed, censored in ((0, 1, 1), (1, 5, 0), (9, 0, 1), (30, 1, 0), (43, 0, 1))
    ]
    ends = cells(built, "select distinct period_end from marts.fct_order_gap_period where grain = 'all'")
    assert ends == [{"period_end": "2024-03-16"}]


def test_waits_are_numbered_by_the_order_that_starts_them(built: duckdb.DuckDBPyConnection) -> None:
    assert waits(built, "segment_set = 'order_number'") == [
        ("2023-12-31", "1", 0, 1, 1),  # anna, bert
        ("2023-12-31", "1", 1, 1, 0),  # cleo
        ("2023-12-31", "2", 1, 1, 0),
        ("2023-12-31", "2", 30, 1, 0),
        ("2023-12-31", "3", 1, 1, 0),
        ("2023-12-31", "3", 43, 0, 1),
        ("2023-12-31", "4", 1, 1, 0),
        ("2023-12-31", "5+", 1, 1, 0),
        ("2023-12-31", "5+", 9, 0, 1),
    ]


def test_segments_are_as_known_at_the_period_and_in_the_whole_history_at_the_order(
    built: duckdb.DuckDBPyConnection,
) -> None:
    known = "segment_set = 'tier' and segment_key <> '(unknown)'"
    assert waits(built, f"grain = 'month' and {known}") == [("2024-03-01", "basic", 0, 0, 1)]
    assert waits(built, f"grain = 'all' and {known}") == [("2023-12-31", "gold", 0, 0, 1)]
