"""Refunds by the two dates, and margins of the orders that have a cost, counted by hand. As of 15 March 2024."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tests.dbt.support import Project, Rows, cells

MONTHS = ("2024-01-01", "2024-02-01", "2024-03-01")


def refunding_shop() -> Rows:
    rows = Rows()
    rows.order("a1", "anna", "2024-01-10", 100, refund=30, refunded="2024-02-05", cost=40)
    rows.order("a2", "anna", "2024-02-01", 50, cost=20)
    rows.order("a3", "anna", "2024-02-03", 60, refund=6, refunded="2024-02-20")
    rows.order("b1", "bert", "2024-01-15", 80, refund=80, refunded="2024-01-20")
    rows.order("b2", "bert", "2024-03-01", 20, cost=5)
    rows.order("g1", None, "2024-01-31", 40, refund=10, refunded="2024-03-02", cost=1)
    rows.order("x1", "anna", "2024-01-12", 70, refund=70, refunded="2024-01-13", status="cancelled")
    rows.customer("anna", "2024-01-10", tier="basic")
    rows.customer("anna", "2024-01-20", tier="gold")
    return rows


@pytest.fixture(scope="module")
def built(project: Project) -> duckdb.DuckDBPyConnection:
    """Built with the data tests and unit tests of what stands upstream of the facts."""
    return project.build(refunding_shop(), tests=True, select=("+fct_period", "+fct_cohort_period"))


def months(built: duckdb.DuckDBPyConnection, *columns: str, key: str = "all", basis: str = "calendar") -> list[Any]:
    rows = cells(
        built,
        f"""select {", ".join(columns)} from marts.fct_period
        where basis = '{basis}' and grain = 'month' and segment_key = '{key}' order by period_start""",
    )
    assert len(rows) == len(MONTHS)
    return [tuple(row.values()) for row in rows]


@pytest.mark.parametrize("basis", ["calendar", "purchase_window"])
def test_a_refund_counts_once_by_each_date(built: duckdb.DuckDBPyConnection, basis: str) -> None:
    columns = ("refunds_by_order_date", "refunds_by_refund_date", "customers_refunded")
    assert months(built, *columns, basis=basis) == [(110, 80, 1), (6, 36, 1), (0, 0, 0)]


def test_refunds_of_guests_stand_apart(built: duckdb.DuckDBPyConnection) -> None:
    columns = ("refunds_by_order_date_guest", "refunds_by_refund_date_guest")
    assert months(built, *columns) == [(10, 0), (0, 0), (0, 10)]
    assert months(built, *columns, key="gold") == [(0, 0)] * 3


def test_a_refund_counts_in_the_segment_of_the_period_it_was_paid_in(built: duckdb.DuckDBPyConnection) -> None:
    assert months(built, "refunds_by_refund_date", "refunds_by_order_date", key="basic") == [(0, 30), (0, 0), (0, 0)]
    assert months(built, "refunds_by_refund_date", "refunds_by_order_date", key="gold") == [(0, 0), (36, 6), (0, 0)]


def test_margin_is_of_the_orders_with_a_cost(built: duckdb.DuckDBPyConnection) -> None:
    columns = ("orders_count", "orders_costed", "margin", "margin_sq")
    assert months(built, *columns) == [(2, 1, 30, 900), (2, 1, 30, 900), (1, 1, 15, 225)]


def test_moments_of_returning_customers_are_by_customer(built: duckdb.DuckDBPyConnection) -> None:
    columns = ("orders_count_returning_sq", "orders_x_revenue_gross_returning", "revenue_gross_returning_sq")
    assert months(built, *columns) == [(0, 0, 0), (4, 2 * 110, 110 * 110), (1, 20, 400)]


def test_margins_of_a_cohort_accumulate(built: duckdb.DuckDBPyConnection) -> None:
    rows = cells(
        built,
        """select cohort_age, orders_costed, orders_count_to_date as orders, orders_costed_to_date as costed, margin,
        margin_to_date as margins, margin_to_date_sq as sq
        from marts.fct_cohort_period where segment_set = 'all' order by cohort_age""",
    )
    assert [tuple(row.values()) for row in rows] == [
        (0, 1, 2, 1, 30, 30, 900),
        (1, 1, 4, 2, 30, 60, 3600),
        (2, 1, 5, 3, 15, 75, 3600 + 225),
    ]
