"""The list of customers, by hand: window of 30 days, as of 15 March 2024."""

from __future__ import annotations

import duckdb
import pytest

from tests.dbt.support import Project, Rows, cells

pytestmark = pytest.mark.long


def shop() -> Rows:
    rows = Rows()
    for number, day in enumerate(("2024-01-01", "2024-01-11", "2024-01-21", "2024-02-20")):
        rows.order(f"a{number}", "anna", day, 10, refund=5 if number == 3 else 0)  # gaps 10, 10, 30
    rows.order("b1", "bert", "2024-02-25", 10)
    rows.order("b2", "bert", "2024-03-10", 10)  # gap 14
    rows.order("c1", "cleo", "2024-02-15", 10)
    rows.order("d1", "dora", "2023-01-05", 10)
    rows.order("d2", "dora", "2023-01-25", 10)  # gap 20
    rows.subscription("e1", "emil", "2024-01-01", 9)
    rows.order("f1", "fred", "2024-03-14", 10)
    rows.subscription("f2", "fred", "2024-01-01", 9, ended="2024-03-01")
    rows.order("h1", "gina", "2024-03-01", 10, refund=1, cost=4)
    rows.order("i1", "hana", "2023-03-16", 10, cost=4)
    rows.order("i2", "hana", "2023-03-17", 10)  # gap 1; the first of the 365 days that end on 15 March
    rows.answer("x1", "bert", "2024-02-11", "nps", 10)
    rows.answer("x2", "bert", "2024-03-11", "nps", 2)
    rows.answer("x3", "gina", "2024-03-11", "nps", 8)
    rows.answer("x4", "anna", "2024-03-14", "nps", 0)
    rows.answer("x5", "cleo", "2024-03-14", "csat", 1, scale=(1, 5))
    rows.answer("x6", "hana", "2024-03-14", "nps", 0)
    return rows


@pytest.fixture(scope="module")
def built(project: Project) -> duckdb.DuckDBPyConnection:
    return project.build(
        shop(), tests=True, select=("+customer_scores",), sources=["orders", "feedback", "subscriptions"]
    )


def scores(built: duckdb.DuckDBPyConnection, columns: str) -> dict[object, tuple[object, ...]]:
    rows = cells(built, f"select customer_id, {columns} from marts.customer_scores")
    return {row.pop("customer_id"): tuple(row.values()) for row in rows}


def test_orders_are_summed_in_all_and_over_the_last_365_days(built: duckdb.DuckDBPyConnection) -> None:
    columns = "first_order_date, last_order_date, orders_count, recency_days, frequency_year, value_year, revenue_net"
    assert scores(built, columns) == {
        "anna": ("2024-01-01", "2024-02-20", 4, 24, 4, 35, 35),
        "bert": ("2024-02-25", "2024-03-10", 2, 5, 2, 20, 20),
        "cleo": ("2024-02-15", "2024-02-15", 1, 29, 1, 10, 10),
        "dora": ("2023-01-05", "2023-01-25", 2, 415, 0, 0, 20),
        "emil": (None, None, 0, None, 0, 0, 0),
        "fred": ("2024-03-14", "2024-03-14", 1, 1, 1, 10, 10),
        "gina": ("2024-03-01", "2024-03-01", 1, 14, 1, 9, 9),
        "hana": ("2023-03-16", "2023-03-17", 2, 364, 1, 10, 20),
    }


def test_a_rhythm_is_the_customers_own_where_there_are_three_gaps_and_else_the_shops(
    built: duckdb.DuckDBPyConnection,
) -> None:
    found = scores(built, "typical_gap_days, expected_gap_days")
    assert found.pop("anna") == (10, 22)  # 10 + 0.6 * 20
    assert set(found.values()) == {(None, 20)}  # of 1 10 10 14 20 30


def test_who_is_at_risk_and_why(built: duckdb.DuckDBPyConnection) -> None:
    assert scores(built, "spell_state, is_at_risk, at_risk_reason, value_at_stake") == {
        "anna": ("active", True, "overdue", 35),  # overdue comes first, though she is unhappy too
        "bert": ("active", True, "unhappy", 20),
        "cleo": ("active", True, "overdue_for_the_shop", 10),  # active on her last day
        "dora": ("lapsed", False, "lapsed", 0),
        "emil": ("active", False, None, 0),
        "fred": ("lapsed", False, "lapsed", 0),  # his subscription has ended, whatever he orders
        "gina": ("active", False, None, 0),
        "hana": ("lapsed", False, "lapsed", 0),  # unhappy, but gone
    }


def test_the_last_answer_stands_beside_it(built: duckdb.DuckDBPyConnection) -> None:
    answers = {name: row for name, row in scores(built, "last_nps_group, last_nps_date").items() if row[1]}
    assert answers == {
        "anna": ("detractor", "2024-03-14"),
        "bert": ("detractor", "2024-03-11"),
        "gina": ("passive", "2024-03-11"),
        "hana": ("detractor", "2024-03-14"),
    }


def test_margin_needs_the_cost_of_every_order(built: duckdb.DuckDBPyConnection) -> None:
    margins = scores(built, "margin")
    assert margins.pop("gina") == (5,)
    assert set(margins.values()) == {(None,)}


def test_groups_come_with_the_version_of_their_cut_points(built: duckdb.DuckDBPyConnection, project: Project) -> None:
    assert set(scores(built, "rfm_group, rfm_version").values()) == {(None, None)}
    rfm = {
        "version": 7, "grain": "month", "window_days": 365, "recency_days": [5.0, 15.0, 25.0, 60.0],
        "frequency": [1.0, 2.0, 3.0, 4.0], "monetary": [10.0, 20.0, 30.0, 40.0],
    }  # fmt: skip
    grouped = scores(project.build(shop(), select=("+customer_scores",), rfm=rfm), "rfm_group, rfm_version")
    # judged on 16 March: anna 25 days ago, 4 orders, 35; dora 416 days ago, nothing in the window
    assert (grouped["anna"], grouped["dora"], grouped["emil"]) == (("loyal", 7), ("lost", 7), (None, None))
