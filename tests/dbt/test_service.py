"""Tickets and reasons for leaving, counted by hand: as of 15 March 2024, answers promised within 24 hours."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tests.dbt.support import Project, Rows, cells

pytestmark = pytest.mark.long

SELECTED = ("+fct_ticket_period", "+fct_churn_reason_period")
SOURCES = ["orders", "customers", "feedback", "tickets", "churn_reasons"]


def shop() -> Rows:
    rows = Rows()
    rows.order("a1", "anna", "2024-01-02", 10)
    rows.order("b1", "bert", "2024-01-05", 20)
    rows.customer("anna", "2024-01-02", tier="basic")
    rows.customer("anna", "2024-01-20", tier="gold")
    # January: hours to the first answer are 2, 10 and 30; the last one came too late
    # the first of them was opened before anybody ordered, in the first period all the same
    rows.ticket("t1", "anna", "2024-01-01 08:00:00", responded="2024-01-01 10:00:00", kind="complaint")
    rows.ticket("t2", "bert", "2024-01-10 08:00:00", responded="2024-01-10 18:00:00")
    rows.ticket("t3", None, "2024-01-31 08:00:00", responded="2024-02-01 14:00:00", kind="complaint")
    # February: one nobody answered, one promised for later than the shop's rule says, one by somebody who never bought
    rows.ticket("t4", "anna", "2024-02-05 08:00:00", kind="complaint")
    rows.ticket("t5", "anna", "2024-02-06 08:00:00", responded="2024-02-08 08:00:00", due="2024-02-09 08:00:00")
    rows.ticket("t6", "carl", "2024-02-07 08:00:00", responded="2024-02-07 09:00:00", kind="other")
    # March: the promise of the last day is still open, and an answer from after as_of is not known yet
    rows.ticket("t7", "bert", "2024-03-15 20:00:00", responded="2024-03-16 08:00:00")
    rows.reason("anna", "2024-02-01", "price")
    rows.reason("anna", "2024-02-20", "moved away")
    rows.reason("bert", "2024-02-10", "price")
    rows.reason("carl", "2024-03-01", "price")
    return rows


@pytest.fixture(scope="module")
def built(project: Project) -> duckdb.DuckDBPyConnection:
    through = {"tickets": "2024-03-15"}
    return project.build(
        shop(), select=SELECTED, tests=True, sources=SOURCES, sla_hours=24, data_through_by_source=through
    )


def tickets(built: duckdb.DuckDBPyConnection, start: str, key: str = "all", grain: str = "month") -> dict[str, Any]:
    (row,) = cells(
        built,
        f"""select * from marts.fct_ticket_period
        where grain = '{grain}' and period_start = '{start}' and segment_key = '{key}'""",
    )
    return row


def test_a_ticket_belongs_to_the_period_it_was_opened_in(built: duckdb.DuckDBPyConnection) -> None:
    names = (
        "tickets_count", "complaints_count", "tickets_with_customer_count", "customers_with_ticket",
        "customers_with_complaint", "responses_count", "sla_decided_count", "sla_met_count",
    )  # fmt: skip
    expected = {
        "2024-01-01": (3, 2, 2, 2, 1, 3, 3, 2),
        "2024-02-01": (3, 1, 3, 2, 1, 2, 3, 2),
        "2024-03-01": (1, 0, 1, 1, 0, 0, 0, 0),
    }
    for start, counts in expected.items():
        row = tickets(built, start)
        assert tuple(row[name] for name in names) == counts, start


def test_a_promise_is_broken_only_once_the_day_it_ran_out_has_been_delivered(project: Project) -> None:
    rows = shop()
    found = {}
    for through in ("2024-02-05", "2024-02-06"):  # nobody answered t4, whose 24 hours ended on 6 February
        built = project.build(
            rows, select=("+fct_ticket_period",), sla_hours=24, data_through_by_source={"tickets": through}
        )
        found[through] = tickets(built, "2024-02-01")["sla_decided_count"]
    assert found == {"2024-02-05": 2, "2024-02-06": 3}


def test_response_times_are_interpolated_percentiles(built: duckdb.DuckDBPyConnection) -> None:
    january = tickets(built, "2024-01-01")
    assert (january["response_hours_p50"], january["response_hours_p90"]) == (10, pytest.approx(26))
    assert tickets(built, "2024-03-01")["response_hours_p50"] is None


def test_percentiles_of_a_coarser_period_are_not_made_of_finer_ones(built: duckdb.DuckDBPyConnection) -> None:
    year = tickets(built, "2024-01-01", grain="year")
    assert (year["responses_count"], year["response_hours_p50"]) == (5, 10)
    assert (year["tickets_count"], year["customers_with_ticket"]) == (7, 3)


def test_segments_are_as_known_at_the_start_and_nobodys_tickets_are_in_the_total_alone(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert tickets(built, "2024-01-01", "basic")["tickets_count"] == 1
    assert tickets(built, "2024-01-01", "(unknown)")["tickets_count"] == 1
    assert tickets(built, "2024-02-01", "gold")["tickets_count"] == 2
    # carl is known by his ticket alone
    assert tickets(built, "2024-02-01", "(unknown)")["tickets_count"] == 1


def test_of_each_customer_the_last_reason_of_the_period_counts(built: duckdb.DuckDBPyConnection) -> None:
    rows = cells(
        built,
        """select period_start, segment_set, segment_key, customers_count as n, customers_with_reason as base
        from marts.fct_churn_reason_period where grain = 'month' order by all""",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("2024-01-01", "churn_reason", "moved away", 0, 0),
        ("2024-01-01", "churn_reason", "price", 0, 0),
        ("2024-02-01", "churn_reason", "moved away", 1, 2),
        ("2024-02-01", "churn_reason", "price", 1, 2),
        ("2024-03-01", "churn_reason", "moved away", 0, 1),
        ("2024-03-01", "churn_reason", "price", 1, 1),
    ]


def test_a_shop_without_tickets_and_reasons_has_no_rows_instead_of_zeros(project: Project) -> None:
    rows = Rows()
    rows.order("a1", "anna", "2024-01-02", 10)
    built = project.build(rows, select=SELECTED, tests=True)
    for table in ("fct_ticket_period", "fct_churn_reason_period"):
        assert cells(built, f"select count(*) as n from marts.{table}") == [{"n": 0}]
