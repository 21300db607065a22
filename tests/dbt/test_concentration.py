"""What the best fifth of seven customers is worth in the next month, and how many orders they make: by hand."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tests.dbt.support import Project, Rows, cells

pytestmark = pytest.mark.long

JANUARY = {"anna": 100, "bert": 50, "cleo": 50, "dora": 20, "emil": 10, "fred": 10}
FEBRUARY = {"anna": 30, "bert": 40, "dora": 10, "gina": 20}


def shop(*, costed: bool = False) -> Rows:
    rows = Rows()
    for month, values in (("01", JANUARY), ("02", FEBRUARY)):
        for name, value in values.items():
            cost = 99 if value == 100 else 5
            rows.order(f"{name}{month}", name, f"2024-{month}-10", value, cost=cost if costed else None)
    rows.order("bert03", "bert", "2024-03-02", 5)
    rows.customer("anna", "2024-01-01", tier="gold")
    rows.customer("bert", "2024-01-01", tier="gold")
    rows.customer("gina", "2024-02-03", tier="gold")
    return rows


@pytest.fixture(scope="module")
def built(project: Project) -> duckdb.DuckDBPyConnection:
    return project.build(shop(), tests=True, select=("+fct_concentration_period", "+fct_orders_distribution"))


def month(built: duckdb.DuckDBPyConnection, start: str, key: str = "all") -> dict[str, Any]:
    (row,) = cells(
        built,
        f"""select * exclude (calendar, grain, period_start, period_end, segment_set, segment_key)
        from marts.fct_concentration_period
        where grain = 'month' and period_start = '{start}' and segment_key = '{key}'""",
    )
    return row


def test_a_tie_at_the_cut_shares_the_places_left(built: duckdb.DuckDBPyConnection) -> None:
    # a fifth of six is 1.2: anna, and a tenth each of bert and cleo
    assert month(built, "2024-01-01") == {
        "customers_count": 6, "top_count": 1.2, "is_margin": False, "next_value_top": 30 + 4,
        "next_value_existing": 80, "next_value_total": 100, "existing_sq": 900 + 1600 + 100, "top_sq": 900 + 16,
        "top_x_existing": 900 + 160, "is_next_complete": True,
    }  # fmt: skip


def test_the_next_period_may_be_open_or_not_have_begun(built: duckdb.DuckDBPyConnection) -> None:
    february, march = month(built, "2024-02-01"), month(built, "2024-03-01")
    assert (february["top_count"], february["next_value_top"], february["next_value_total"]) == (0.8, 4, 5)
    assert (march["customers_count"], march["next_value_existing"], march["next_value_total"]) == (1, 0, 0)
    assert (february["is_next_complete"], march["is_next_complete"]) == (False, False)


def test_a_segment_is_ranked_within_itself_as_known_at_the_start_of_the_first_period(
    built: duckdb.DuckDBPyConnection,
) -> None:
    gold = month(built, "2024-01-01", "gold")
    assert (gold["customers_count"], gold["top_count"], gold["next_value_top"]) == (2, 0.4, 12)
    assert (gold["next_value_existing"], gold["next_value_total"]) == (70, 90)


def test_weeks_are_not_compared(built: duckdb.DuckDBPyConnection) -> None:
    grains = cells(built, "select distinct grain from marts.fct_concentration_period order by all")
    assert grains == [{"grain": "month"}, {"grain": "year"}]


def test_where_every_order_of_both_periods_has_a_cost_value_is_margin(project: Project) -> None:
    built = project.build(shop(costed=True), select=("+fct_concentration_period",))
    january, february = month(built, "2024-01-01"), month(built, "2024-02-01")
    # anna's 100 leave a margin of 1, so bert and cleo share the 1.2 places
    assert (january["is_margin"], january["next_value_top"]) == (True, 21)
    assert (january["next_value_existing"], january["next_value_total"]) == (25 + 35 + 5, 80)
    assert (february["is_margin"], february["next_value_top"]) == (False, 4)


def test_orders_are_distributed_over_customers(built: duckdb.DuckDBPyConnection) -> None:
    rows = cells(
        built,
        """select period_start, segment_key, orders_bucket, customers_in_period as here, customers_to_date as to_date
        from marts.fct_orders_distribution
        where grain = 'month' and customers_to_date > 0 order by all""",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("2024-01-01", "(unknown)", "1", 4, 4),
        ("2024-01-01", "all", "1", 6, 6),
        ("2024-01-01", "gold", "1", 2, 2),
        ("2024-02-01", "(unknown)", "1", 1, 3),
        ("2024-02-01", "(unknown)", "2", 0, 1),
        ("2024-02-01", "all", "1", 4, 4),
        ("2024-02-01", "all", "2", 0, 3),
        ("2024-02-01", "gold", "1", 3, 1),
        ("2024-02-01", "gold", "2", 0, 2),
        ("2024-03-01", "(unknown)", "1", 0, 3),
        ("2024-03-01", "(unknown)", "2", 0, 1),
        ("2024-03-01", "all", "1", 1, 4),
        ("2024-03-01", "all", "2", 0, 2),
        ("2024-03-01", "all", "3", 0, 1),
        ("2024-03-01", "gold", "1", 1, 1),
        ("2024-03-01", "gold", "2", 0, 1),
        ("2024-03-01", "gold", "3", 0, 1),
    ]
