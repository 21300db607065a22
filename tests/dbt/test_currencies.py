"""Growth split into what customers did and what exchange rates did, counted by hand. As of 15 March 2024."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tests.dbt.support import Project, Rows, cells

BRIDGE = ("previous", "new", "expansion", "reactivation", "contraction", "churn", "fx", "current")


def foreign_shop() -> Rows:
    rows = Rows()
    rows.rate("USD", "2024-01-01", "0.5")
    rows.rate("USD", "2024-01-31", "0.8")
    rows.rate("USD", "2024-02-28", "1")
    rows.order("a1", "anna", "2024-01-02", 100, currency="USD")
    rows.order("a2", "anna", "2024-02-01", 100, currency="USD")  # the same price at a better rate
    rows.order("b1", "bert", "2024-01-05", 30)
    rows.order("b2", "bert", "2024-02-05", 40)
    rows.order("c1", "cleo", "2024-03-01", 20, currency="USD")
    rows.order("d1", "dora", "2024-01-20", 999, currency="USD")  # the last rate is older than a week
    rows.subscription("g1", "gert", "2024-01-02", 10, ended="2024-02-01", currency="USD")
    rows.subscription("g2", "gert", "2024-02-01", 10, currency="USD")
    return rows


@pytest.fixture(scope="module")
def built(project: Project) -> duckdb.DuckDBPyConnection:
    """Built with the data tests and unit tests of what stands upstream of the fact."""
    return project.build(
        foreign_shop(), tests=True, select=("+fct_period",),
        sources=["orders", "customers", "feedback", "subscriptions", "fx_rates"],
    )  # fmt: skip


def month(built: duckdb.DuckDBPyConnection, basis: str, start: str) -> dict[str, Any]:
    (row,) = cells(
        built,
        f"""select * from marts.fct_period where basis = '{basis}' and grain = 'month'
        and period_start = '{start}' and segment_set = 'all'""",
    )
    return row


def test_movements_are_at_constant_rates_and_the_rest_is_fx(built: duckdb.DuckDBPyConnection) -> None:
    expected = {
        "2024-01-01": (0, 80, 0, 0, 0, 0, 0, 80),
        # anna: 50 to 80 reported, 50 to 50 at the rate of January
        "2024-02-01": (80, 0, 10, 0, 0, 0, 30, 120),
        "2024-03-01": (120, 10, 0, 0, 0, 90, -20, 20),
    }
    for start, amounts in expected.items():
        row = month(built, "calendar", start)
        assert tuple(row[f"revenue_{name}"] for name in BRIDGE) == amounts, start


def test_retained_revenue_stands_both_ways(built: duckdb.DuckDBPyConnection) -> None:
    row = month(built, "calendar", "2024-02-01")
    assert (row["revenue_retained_gross"], row["revenue_retained_net"]) == (80, 120)
    assert (row["revenue_retained_gross_constant"], row["revenue_retained_net_constant"]) == (80, 90)
    march = month(built, "calendar", "2024-03-01")
    assert (march["revenue_previous"], march["revenue_previous_constant"]) == (120, 90)


def test_an_order_without_a_rate_counts_nowhere(built: duckdb.DuckDBPyConnection) -> None:
    january = month(built, "calendar", "2024-01-01")
    assert (january["customers_ordering"], january["revenue_gross"]) == (2, 80)


def test_a_subscription_renewed_at_another_rate_is_no_expansion(built: duckdb.DuckDBPyConnection) -> None:
    row = month(built, "subscription", "2024-02-01")
    assert tuple(row[f"revenue_{name}"] for name in BRIDGE) == (5, 0, 0, 0, 0, 0, 3, 8)


def test_another_reference_date_moves_constant_amounts_alone(project: Project) -> None:
    built = project.build(
        foreign_shop(), select=("+fct_period",), sources=["orders", "customers", "feedback", "fx_rates"],
        fx_reference_date="2024-02-15",
    )  # fmt: skip
    row = month(built, "calendar", "2024-02-01")
    # at 0.8 anna spends 80 in both months
    assert tuple(row[f"revenue_{name}"] for name in BRIDGE) == (80, 0, 10, 0, 0, 0, 30, 120)
    assert (row["revenue_previous_constant"], row["revenue_retained_net_constant"]) == (110, 120)


def test_amounts_of_millions_are_converted(project: Project) -> None:
    rows = Rows()
    rows.rate("USD", "2024-02-01", "1.38524103")
    rows.order("own", "anna", "2024-02-01", "1000000", refund="1000000.0001", cost="2500000", discount="1234567.89")
    rows.order("foreign", "bert", "2024-02-01", "5000000.0001", currency="USD")
    rows.subscription("s", "cleo", "2024-02-01", "3000000", currency="USD")
    rows.spend("2024-02-01", "acquisition", "857016.32", currency="USD")
    sources = ["orders", "customers", "feedback", "subscriptions", "spend", "fx_rates"]
    with project.build(rows, select=("path:models/staging",), sources=sources) as built:
        orders = cells(built, "select order_id, revenue_gross, cost_amount from staging.stg_orders order by 1")
        (paid,) = cells(built, "select monthly_amount from staging.stg_subscriptions")
        (spent,) = cells(built, "select amount from staging.stg_spend")
    assert orders == [
        {"order_id": "foreign", "revenue_gross": 6926205.1501, "cost_amount": None},
        {"order_id": "own", "revenue_gross": 1000000, "cost_amount": 2500000},
    ]
    assert (paid["monthly_amount"], spent["amount"]) == (4155723.09, 1187174.1698)
