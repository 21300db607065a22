"""Lives of three buyers and two subscribers, counted by hand: window of 30 days, as of 15 March 2024."""

from __future__ import annotations

import duckdb
import pytest

from tests.dbt.support import Project, Rows, cells

pytestmark = pytest.mark.long


def shop() -> Rows:
    rows = Rows()
    rows.order("a1", "anna", "2023-12-01", 10)
    rows.order("b1", "bert", "2023-12-10", 10)
    rows.order("b2", "bert", "2024-03-01", 10)
    rows.order("c1", "cleo", "2024-01-01", 10)
    rows.subscription("d1", "dora", "2023-06-01", 9, ended="2023-07-01")
    rows.subscription("d2", "dora", "2023-07-01", 9, ended="2023-09-01")  # begins as the other ends: one spell
    rows.subscription("e1", "emil", "2024-02-01", 9)
    rows.customer("bert", "2024-01-01", tier="basic")
    rows.customer("bert", "2024-02-01", tier="gold")
    return rows


@pytest.fixture(scope="module")
def built(project: Project) -> duckdb.DuckDBPyConnection:
    return project.build(
        shop(), tests=True, select=("+fct_lifetime_period",), sources=["orders", "customers", "subscriptions"]
    )


def lives(built: duckdb.DuckDBPyConnection, basis: str, segment_set: str = "all") -> list[tuple[object, ...]]:
    return [
        tuple(row.values())
        for row in cells(
            built,
            f"""select period_start, segment_key, duration_days, lapsed_count, active_count
            from marts.fct_lifetime_period
            where basis = '{basis}' and segment_set = '{segment_set}' order by all""",
        )
    ]


def test_a_life_by_orders_ends_with_the_window_after_the_last_one(built: duckdb.DuckDBPyConnection) -> None:
    assert lives(built, "purchase_window") == [
        ("2023-01-01", "all", 22, 0, 1),  # bert, active until 9 January
        ("2023-01-01", "all", 31, 1, 0),  # anna, until 31 December
        ("2024-01-01", "all", 31, 2, 0),  # anna still, and cleo
        ("2024-01-01", "all", 97, 0, 1),  # bert is back: his absence is part of his life
    ]


def test_a_life_by_subscription_lasts_while_one_runs(built: duckdb.DuckDBPyConnection) -> None:
    assert lives(built, "subscription") == [
        ("2023-01-01", "all", 93, 1, 0),  # dora, to 1 September
        ("2024-01-01", "all", 44, 0, 1),  # emil, up to as_of
        ("2024-01-01", "all", 93, 1, 0),
    ]


def test_lives_of_a_segment_are_of_those_who_were_in_it_at_the_start_of_the_year(
    built: duckdb.DuckDBPyConnection,
) -> None:
    keys = {(row[0], row[1], row[2]) for row in lives(built, "purchase_window", "tier") if row[1] != "(unknown)"}
    assert keys == {("2023-01-01", "basic", 22), ("2024-01-01", "basic", 97)}


def test_without_years_no_life_is_told(project: Project) -> None:
    built = project.build(shop(), select=("+fct_lifetime_period",), grains=["month"])
    assert cells(built, "select * from marts.fct_lifetime_period") == []
