"""A shop of six customers, small enough to count by hand: window of 30 days, as of 15 March 2024."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tests.dbt.support import Project, Rows, cells, contents


def small_shop() -> Rows:
    rows = Rows()
    rows.order("a1", "anna", "2024-01-02", 10)
    rows.order("a2", "anna", "2024-02-01", 30, refund=5)  # exactly 30 days later: one spell
    rows.order("b1", "bert", "2024-01-02", 20)
    rows.order("b2", "bert", "2024-02-02", 20)  # 31 days later: lapsed on 1 February, back on the 2nd
    rows.order("c1", "cleo", "2024-01-31", 40)
    rows.order("c2", "cleo", "2024-01-31", 60)
    rows.order("d1", "dora", "2024-03-14", 7)
    rows.order("e1", "emil", "2024-02-10", 99, status="cancelled")
    rows.order("g1", None, "2024-02-29", 50)
    rows.customer("anna", "2024-01-02", tier="basic")
    rows.customer("anna", "2024-01-20", tier="gold")
    rows.customer("bert", "2024-01-02", tier="basic")
    rows.customer("emil", "2024-02-10", tier="silver")
    rows.answer("f1", "anna", "2024-02-03", "nps", 3)
    rows.answer("f2", "anna", "2024-02-20", "nps", 9)
    rows.answer("f3", "cleo", "2024-02-20", "nps", 8)
    rows.answer("f4", None, "2024-02-20", "nps", 6)
    rows.answer("f5", "bert", "2024-02-20", "csat", 4, scale=(1, 5), wave="winter")
    rows.answer("f6", "bert", "2023-12-30", "csat", 1, scale=(1, 5), wave="winter")
    return rows


@pytest.fixture(scope="module")
def built(project: Project) -> duckdb.DuckDBPyConnection:
    """Built with every data test and unit test of the project."""
    return project.build(small_shop(), tests=True, unit_tests=True)


def month(built: duckdb.DuckDBPyConnection, basis: str, start: str, key: str = "all") -> dict[str, Any]:
    (row,) = cells(
        built,
        f"""select * from marts.fct_period where basis = '{basis}' and grain = 'month'
        and period_start = '{start}' and segment_key = '{key}'""",
    )
    return row


def test_activity_by_window_is_judged_at_the_boundaries(built: duckdb.DuckDBPyConnection) -> None:
    names = ("start", "end", "new", "new_kept", "retained", "lost", "reactivated", "new_lost", "lapsed_start", "ever")
    # anna, bert until 1 February and cleo are active at the end of January
    expected = {
        "2024-01-01": (0, 3, 3, 3, 0, 0, 0, 0, 0, 3),
        # anna until 2 March, bert (back) until 3 March, cleo until 1 March
        "2024-02-01": (3, 3, 0, 0, 3, 0, 0, 0, 0, 3),
        # open: judged on 16 March, when only dora is active
        "2024-03-01": (3, 1, 1, 1, 0, 3, 0, 0, 0, 4),
    }
    for start, counts in expected.items():
        row = month(built, "purchase_window", start)
        assert tuple(row[f"customers_{name}"] for name in names) == counts, start


def test_calendar_activity_compares_neighbouring_periods(built: duckdb.DuckDBPyConnection) -> None:
    row = month(built, "calendar", "2024-02-01")
    assert (row["customers_start"], row["customers_end"], row["customers_retained"], row["customers_lost"]) == (
        3,
        2,
        2,
        1,
    )
    assert (row["customers_ordering"], row["customers_returning"], row["customers_repeat_ever"]) == (2, 2, 3)
    march = month(built, "calendar", "2024-03-01")
    assert (march["customers_start"], march["customers_lost"], march["customers_new"]) == (2, 2, 1)
    assert march["customers_lapsed_start"] == 1  # cleo did not order in February


def test_who_is_active_somewhere_in_a_period(built: duckdb.DuckDBPyConnection) -> None:
    # bert lapsed on 1 February and came back on the 2nd; on the calendar basis cleo still counts as lost
    for basis, active in (("purchase_window", (3, 3, 4)), ("calendar", (3, 3, 3))):
        starts = ("2024-01-01", "2024-02-01", "2024-03-01")
        assert tuple(month(built, basis, start)["customers_active"] for start in starts) == active, basis


def test_revenue_bridge_of_february(built: duckdb.DuckDBPyConnection) -> None:
    row = month(built, "calendar", "2024-02-01")
    assert (row["revenue_current"], row["revenue_fx"]) == (50, 0)
    assert (row["revenue_previous_constant"], row["revenue_retained_net_constant"]) == (130, 50)
    window = month(built, "purchase_window", "2024-02-01")
    assert (window["revenue_current"], window["revenue_previous"], window["revenue_gross"]) == (0, 0, 50)
    assert row["revenue_previous"] == 130
    assert (row["revenue_expansion"], row["revenue_contraction"], row["revenue_churn"]) == (20, 0, 100)
    assert (row["revenue_retained_gross"], row["revenue_retained_net"], row["revenue_gross"]) == (30, 50, 50)
    assert (row["revenue_net"], row["revenue_gross_guest"], row["orders_count_guest"]) == (45, 50, 1)
    assert (row["previous_sq"], row["retained_gross_x_previous"]) == (100 + 400 + 10_000, 10 * 10 + 20 * 20)


def test_segments_are_as_known_at_the_start_of_the_period(built: duckdb.DuckDBPyConnection) -> None:
    # anna's first known value counts before it was known; gold is known from 20 January, so February is the first month
    assert month(built, "calendar", "2024-01-01", "basic")["customers_ordering"] == 2
    assert month(built, "calendar", "2024-01-01", "gold")["customers_ordering"] == 0
    assert month(built, "calendar", "2024-02-01", "gold")["orders_count"] == 1
    assert month(built, "calendar", "2024-02-01", "basic")["orders_count"] == 1
    assert month(built, "calendar", "2024-01-01", "(unknown)")["orders_count"] == 2
    assert month(built, "calendar", "2024-02-01", "gold")["customers_lost"] == 0
    assert month(built, "calendar", "2024-02-01", "(unknown)")["customers_lost"] == 1
    assert month(built, "calendar", "2024-02-01", "silver")["customers_ever"] == 0


def test_cohorts_have_a_cell_for_each_month_that_began(built: duckdb.DuckDBPyConnection) -> None:
    rows = cells(
        built,
        """select cohort_start, cohort_age, cohort_size, customers_active as active,
        customers_active_on_or_after as later, revenue_gross_to_date as gross,
        revenue_net_to_date as net, revenue_gross_to_date_sq as sq
        from marts.fct_cohort_period where segment_set = 'all' order by all""",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("2024-01-01", 0, 3, 3, 3, 130, 130, 100 + 400 + 10_000),
        ("2024-01-01", 1, 3, 2, 2, 180, 175, 1600 + 1600 + 10_000),
        ("2024-01-01", 2, 3, 0, 0, 180, 175, 1600 + 1600 + 10_000),
        ("2024-03-01", 0, 1, 1, 1, 7, 7, 49),
    ]


def test_one_answer_per_customer_and_wave_counts(built: duckdb.DuckDBPyConnection) -> None:
    rows = cells(
        built,
        """select segment_key, measure, answers_count as n, promoters_count as p, passives_count as s,
        detractors_count as d, top_box_count as top, customers_count as customers, score_sum
        from marts.fct_feedback_period
        where grain = 'month' and period_start = '2024-02-01' and segment_set in ('all', 'tier') and answers_count > 0
        order by all""",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("(unknown)", "nps", 1, 0, 1, 0, 0, 1, 8),
        ("all", "csat", 1, 0, 0, 0, 1, 1, 4),
        ("all", "nps", 3, 1, 1, 1, 0, 2, 23),
        ("basic", "csat", 1, 0, 0, 0, 1, 1, 4),
        ("gold", "nps", 1, 1, 0, 0, 0, 1, 9),
    ]


def test_the_calendar_begins_with_the_first_order_or_answer_that_counts(built: duckdb.DuckDBPyConnection) -> None:
    first = cells(built, "select grain, min(period_start) as start from marts.dim_period group by all order by grain")
    assert first == [{"grain": grain, "start": "2024-01-01"} for grain in ("month", "week", "year")]


def test_every_period_has_a_row_for_every_key_and_facts_admit_no_null(built: duckdb.DuckDBPyConnection) -> None:
    ((periods, rows),) = built.execute(
        "select (select count(*) from marts.dim_period), (select count(*) from marts.fct_period)"
    ).fetchall()
    assert rows == periods * 2 * 7  # both bases; all, basic, gold, silver, (unknown), new, returning
    nullable = built.execute(
        """select table_name, column_name from information_schema.columns
        where table_schema = 'marts' and table_name like 'fct%' and is_nullable = 'YES'"""
    ).fetchall()
    # without a response there is no time to it; an amount of the books' orders may not be readable, or not be known yet
    assert {table for table, _ in nullable} == {"fct_control_total", "fct_ticket_period"}
    assert sorted(column for table, column in nullable if table == "fct_ticket_period") == [
        "response_hours_p50",
        "response_hours_p90",
    ]
    assert all(column.startswith("amount") for table, column in nullable if table == "fct_control_total")


def test_deliveries_after_as_of_change_nothing(built: duckdb.DuckDBPyConnection, project: Project) -> None:
    rows = small_shop()
    rows.order("a1", "anna", "2024-01-02", 999, known="2024-03-16")
    rows.order("z1", "zoe", "2024-01-05", 5, known="2024-03-16")
    rows.order("b3", "bert", "2024-03-20", 5)
    rows.customer("bert", "2024-03-16", tier="gold")
    rows.answer("f3", "cleo", "2024-02-20", "nps", 0, known="2024-03-17")
    assert contents(project.build(rows)) == contents(built)


def test_a_late_row_known_by_as_of_restates_its_own_period(built: duckdb.DuckDBPyConnection, project: Project) -> None:
    rows = small_shop()
    rows.order("z1", "zoe", "2024-01-05", 5, known="2024-03-15")
    restated = project.build(rows)
    assert (
        month(built, "calendar", "2024-01-01")["customers_new"],
        month(built, "calendar", "2024-02-01")["customers_lost"],
    ) == (3, 1)
    assert (
        month(restated, "calendar", "2024-01-01")["customers_new"],
        month(restated, "calendar", "2024-02-01")["customers_lost"],
    ) == (4, 2)
