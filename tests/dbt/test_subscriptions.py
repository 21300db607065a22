"""Subscribers counted by hand: what runs at a boundary, what touches, what ends later. As of 15 March 2024."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tests.dbt.support import Project, Rows, cells

pytestmark = pytest.mark.long

SOURCES = ["orders", "customers", "feedback", "subscriptions"]


def subscribers() -> Rows:
    rows = Rows()
    rows.order("a1", "anna", "2024-01-10", 100)
    rows.order("z1", "zoe", "2024-02-10", 50)
    rows.subscription("anna1", "anna", "2023-12-10", 20, ended="2024-02-01")
    rows.subscription("anna2", "anna", "2024-02-01", 30)  # from the day the first one ends: one spell
    rows.subscription("bert1", "bert", "2024-01-05", 10, ended="2024-01-20")  # no boundary of January
    rows.subscription("bert2", "bert", "2024-03-01", 15)
    rows.subscription("cleo1", "cleo", "2024-02-15", 8, ended="2024-03-31")  # cancelled, but not over by as_of
    rows.subscription("dora1", "dora", "2023-11-01", 5, ended="2024-01-01")  # active at the boundary of 1 January
    rows.subscription("emil1", "emil", "2023-06-01", 7, ended="2023-09-01")  # over before the first period
    rows.subscription("fred1", "fred", "2024-01-31", 0)  # free, and a subscriber all the same
    rows.subscription("gina1", "gina", "2024-03-15", 9)  # began on as_of, active on the day after
    rows.subscription("hugo1", "hugo", "2024-02-10", 9, ended="2024-02-10")  # never ran
    return rows


@pytest.fixture(scope="module")
def built(project: Project) -> duckdb.DuckDBPyConnection:
    """Built with the data tests and unit tests of what stands upstream of the facts."""
    select = ("+fct_period", "+fct_cohort_period", "+dim_customer")
    return project.build(subscribers(), tests=True, select=select, sources=SOURCES)


def month(built: duckdb.DuckDBPyConnection, start: str, basis: str = "subscription") -> dict[str, Any]:
    (row,) = cells(
        built,
        f"""select * from marts.fct_period where basis = '{basis}' and grain = 'month'
        and period_start = '{start}' and segment_set = 'all'""",
    )
    return row


def test_subscribers_are_judged_at_the_boundaries(built: duckdb.DuckDBPyConnection) -> None:
    names = (
        "start", "end", "new", "new_kept", "retained", "lost", "reactivated", "new_lost", "lapsed_start", "active",
    )  # fmt: skip
    expected = {
        # anna and dora; anna and fred; bert came and went, emil has been gone since autumn
        "2024-01-01": (2, 2, 2, 1, 1, 1, 0, 1, 1, 4),
        "2024-02-01": (2, 3, 1, 1, 2, 0, 0, 0, 3, 3),
        # open: judged on 16 March, with gina, with bert again, and with cleo until the end of the month
        "2024-03-01": (3, 5, 1, 1, 3, 0, 1, 0, 3, 5),
    }
    for start, counts in expected.items():
        row = month(built, start)
        assert tuple(row[f"customers_{name}"] for name in names) == counts, start


def test_the_bridge_leads_from_what_runs_at_the_start_to_what_runs_at_the_end(
    built: duckdb.DuckDBPyConnection,
) -> None:
    names = ("previous", "new", "expansion", "reactivation", "contraction", "churn", "fx", "current")
    expected = {
        "2024-01-01": (25, 0, 0, 0, 0, 5, 0, 20),
        "2024-02-01": (20, 8, 10, 0, 0, 0, 0, 38),
        "2024-03-01": (38, 9, 0, 15, 0, 0, 0, 62),
    }
    for start, amounts in expected.items():
        row = month(built, start)
        assert tuple(row[f"revenue_{name}"] for name in names) == amounts, start
    february = month(built, "2024-02-01")
    assert (february["customers_revenue_previous"], february["previous_sq"]) == (1, 400)  # fred pays nothing


def test_orders_are_the_same_on_every_basis(built: duckdb.DuckDBPyConnection) -> None:
    names = ("customers_ordering", "customers_ever", "orders_count", "revenue_gross", "orders_sq")
    for basis in ("subscription", "calendar", "purchase_window"):
        row = month(built, "2024-02-01", basis)
        assert tuple(row[name] for name in names) == (1, 2, 1, 50, 1), basis


def test_rows_of_a_subscriber_hold_no_orders(built: duckdb.DuckDBPyConnection) -> None:
    rows = cells(
        built,
        """select customer_id, orders_count, revenue_gross, revenue_net, previous_revenue_gross, orders_before,
        is_new, is_reactivated, is_ordering
        from marts.fct_customer_period
        where basis = 'subscription' and grain = 'month' and period_start = '2024-03-01' order by customer_id""",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("anna", 0, 30, 0, 30, 1, False, False, False),
        ("bert", 0, 15, 0, 0, 1, False, True, False),
        ("cleo", 0, 8, 0, 8, 1, False, False, False),
        ("fred", 0, 0, 0, 0, 1, False, False, False),
        ("gina", 0, 9, 0, 0, 0, True, False, False),
    ]


def test_a_spell_that_covers_no_boundary_is_still_somebody_who_was_here(built: duckdb.DuckDBPyConnection) -> None:
    rows = cells(
        built,
        """select customer_id, is_new_lost from marts.fct_customer_period
        where basis = 'subscription' and grain = 'month' and period_start = '2024-01-01'
        and not is_active_start and not is_active_end""",
    )
    assert rows == [{"customer_id": "bert", "is_new_lost": True}]


def test_subscribers_are_customers_without_ever_ordering(built: duckdb.DuckDBPyConnection) -> None:
    rows = cells(built, "select customer_id, orders_count, first_order_date from marts.dim_customer order by all")
    assert [row["customer_id"] for row in rows] == ["anna", "bert", "cleo", "dora", "emil", "fred", "gina", "zoe"]
    assert rows[4] == {"customer_id": "emil", "orders_count": 0, "first_order_date": None}
    sizes = cells(built, "select sum(cohort_size) as n from marts.fct_cohort_period where cohort_age = 0")
    assert sizes[0]["n"] == 2 * 2  # anna and zoe, in all and in tier


def test_a_subscription_known_later_changes_nothing_before(project: Project, built: duckdb.DuckDBPyConnection) -> None:
    rows = subscribers()
    rows.subscription("anna2", "anna", "2024-02-01", 30, ended="2024-03-01", known="2024-03-16")
    rows.subscription("ida1", "ida", "2024-01-02", 12, known="2024-03-16")
    later = project.build(rows, select=("+fct_period",), sources=SOURCES)
    query = "select * from marts.fct_period order by all"
    assert later.execute(query).fetchall() == built.execute(query).fetchall()


def test_without_the_source_there_is_no_such_basis(project: Project) -> None:
    rows = Rows()
    rows.order("a1", "anna", "2024-01-10", 100)
    rows.subscription("anna1", "anna", "2023-12-10", 20)
    built = project.build(rows, select=("+fct_period",), sources=["orders"])
    assert cells(built, "select distinct basis from marts.fct_period order by all") == [
        {"basis": "calendar"},
        {"basis": "purchase_window"},
    ]
