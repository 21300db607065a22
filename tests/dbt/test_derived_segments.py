"""Segments that follow from orders and answers, as they stood when a period began."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tests.dbt.support import Project, Rows, cells
from tests.dbt.test_small_shop import small_shop

RFM = {
    "version": 1, "grain": "quarter", "window_days": 365,
    "recency_days": [10, 20, 30, 40], "frequency": [1, 2, 3, 4], "monetary": [10, 20, 30, 40],
}  # fmt: skip


def shop() -> Rows:
    rows = small_shop()
    rows.order("i1", "ines", "2024-02-01", 11)  # first order on the first day of a month
    rows.answer("f7", "zoe", "2024-01-31", "nps", 6)  # never ordered
    rows.answer("f8", "anna", "2023-12-30", "nps", 7)
    return rows


@pytest.fixture(scope="module")
def built(project: Project) -> duckdb.DuckDBPyConnection:
    """Built with the data tests and unit tests of what stands upstream of the facts."""
    return project.build(
        shop(), tests=True, select=("+fct_period", "+fct_cohort_period", "+dim_customer_segment"),
        derived_segments=["new_returning", "nps_group", "rfm"], rfm=RFM, grains=["week", "month", "quarter"],
        as_of="2024-04-15", data_through="2024-04-15",
    )  # fmt: skip


def counts(built: duckdb.DuckDBPyConnection, segment_set: str, column: str, grain: str = "month") -> dict[str, Any]:
    rows = cells(
        built,
        f"""select period_start, segment_key, {column} as n from marts.fct_period
        where basis = 'calendar' and grain = '{grain}' and segment_set = '{segment_set}' and {column} <> 0
        order by period_start, segment_key""",
    )
    found: dict[str, Any] = {}
    for row in rows:
        found.setdefault(row["period_start"], {})[row["segment_key"]] = row["n"]
    return found


def test_a_customer_returns_from_the_day_after_the_first_order(built: duckdb.DuckDBPyConnection) -> None:
    assert counts(built, "new_returning", "customers_ordering") == {
        "2024-01-01": {"new": 3},
        "2024-02-01": {"new": 1, "returning": 2},
        "2024-03-01": {"new": 1},
    }
    assert counts(built, "new_returning", "customers_lost")["2024-03-01"] == {"returning": 3}
    assert counts(built, "new_returning", "customers_ever")["2024-03-01"] == {"new": 1, "returning": 4}


def test_the_last_counted_answer_before_the_period_makes_the_group(built: duckdb.DuckDBPyConnection) -> None:
    active = counts(built, "nps_group", "customers_active")
    assert active["2024-01-01"] == {"(no answer)": 2, "passive": 1}
    # the answer of 3 February was replaced within its wave by the one of the 20th
    assert active["2024-02-01"] == {"(no answer)": 3, "passive": 1}
    assert active["2024-03-01"] == {"(no answer)": 3, "promoter": 1}
    weeks = counts(built, "nps_group", "customers_ever", grain="week")
    assert weeks["2024-02-19"] == {"(no answer)": 3, "passive": 1}
    assert weeks["2024-02-26"] == {"(no answer)": 2, "passive": 1, "promoter": 1}


def test_rfm_groups_stand_from_one_boundary_to_the_next(built: duckdb.DuckDBPyConnection) -> None:
    ever = counts(built, "rfm", "customers_ever")
    assert all(ever[start] == {"(no orders)": n} for start, n in (("2024-01-01", 3), ("2024-02-01", 4)))
    assert set(counts(built, "rfm", "customers_lapsed_start")["2024-04-01"]) >= {"lost"}
    assert "(no orders)" not in counts(built, "rfm", "customers_lapsed_start")["2024-04-01"]


def test_somebody_who_only_answered_has_a_segment_too(built: duckdb.DuckDBPyConnection) -> None:
    rows = cells(
        built,
        """select segment_set, segment_key, valid_from from intermediate.int_customer_segments
        where customer_id = 'zoe' order by all""",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("all", "all", "0001-01-01"),
        ("new_returning", "new", "0001-01-01"),
        ("nps_group", "(no answer)", "0001-01-01"),
        ("nps_group", "detractor", "2024-02-01"),
        ("rfm", "(no orders)", "0001-01-01"),
        ("tier", "(unknown)", "0001-01-01"),
    ]


def test_cohorts_and_customers_have_configured_sets_alone(built: duckdb.DuckDBPyConnection) -> None:
    query = "select distinct segment_set from marts.{} order by all"
    assert built.execute(query.format("fct_cohort_period")).fetchall() == [("all",), ("tier",)]
    assert built.execute(query.format("dim_customer_segment")).fetchall() == [("tier",)]
    assert built.execute(query.format("fct_period")).fetchall() == [
        ("all",), ("new_returning",), ("nps_group",), ("rfm",), ("tier",),
    ]  # fmt: skip
