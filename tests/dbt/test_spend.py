"""Marketing spend by period and channel, as of 15 March 2024."""

from __future__ import annotations

import duckdb
import pytest

from tests.dbt.support import Project, Rows, cells

pytestmark = pytest.mark.long

SOURCES = ["orders", "customers", "feedback", "spend"]


def shop() -> Rows:
    rows = Rows()
    rows.order("a1", "anna", "2024-01-02", 10)
    rows.customer("anna", "2024-01-02", tier="search")
    rows.spend("2023-11-05", "acquisition", 100, channel="search")  # before the calendar begins
    rows.spend("2024-01-31", "acquisition", 30, channel="search")
    rows.spend("2024-02-01", "acquisition", 7, channel="radio")  # nobody came by radio
    rows.spend("2024-02-01", "retention", 5)
    rows.spend("2024-03-15", "retention", 2, channel="search")
    return rows


@pytest.fixture(scope="module")
def built(project: Project) -> duckdb.DuckDBPyConnection:
    return project.build(
        shop(), select=("+fct_spend_period",), tests=True, sources=SOURCES, channel_segment="tier", segments=["tier"]
    )


def months(built: duckdb.DuckDBPyConnection, key: str) -> list[tuple[object, ...]]:
    rows = cells(
        built,
        f"""select acquisition_spend, retention_spend, acquisition_spend_to_date, retention_spend_to_date
        from marts.fct_spend_period where grain = 'month' and segment_key = '{key}' order by period_start""",
    )
    return [tuple(row.values()) for row in rows]


def test_spend_to_date_counts_what_was_spent_before_the_calendar_began(built: duckdb.DuckDBPyConnection) -> None:
    assert months(built, "all") == [(30, 0, 130, 0), (7, 5, 137, 5), (0, 2, 137, 7)]


def test_each_channel_of_customers_and_of_spend_is_a_key(built: duckdb.DuckDBPyConnection) -> None:
    keys = cells(built, "select distinct segment_set, segment_key from marts.fct_spend_period order by all")
    assert [tuple(key.values()) for key in keys] == [
        ("all", "all"), ("tier", "(unknown)"), ("tier", "radio"), ("tier", "search"),
    ]  # fmt: skip
    assert months(built, "radio") == [(0, 0, 0, 0), (7, 0, 7, 0), (0, 0, 7, 0)]
    assert months(built, "(unknown)") == [(0, 0, 0, 0), (0, 5, 0, 5), (0, 0, 0, 5)]


def test_all_grains_end_with_the_same_sums_to_date(built: duckdb.DuckDBPyConnection) -> None:
    rows = cells(
        built,
        """select distinct max(acquisition_spend_to_date) as won, max(retention_spend_to_date) as kept
        from marts.fct_spend_period where segment_set = 'all' group by grain""",
    )
    assert rows == [{"won": 137, "kept": 7}]


def test_records_without_an_exchange_rate_are_counted_where_their_money_is_missing(project: Project) -> None:
    rows = shop()
    rows.rate("USD", "2024-03-01", 2)
    rows.spend("2023-11-06", "retention", 1, currency="USD")  # before the calendar, and before the first rate
    rows.spend("2024-02-02", "acquisition", 9, channel="radio", currency="USD")
    rows.spend("2024-02-02", "acquisition", 8, channel="radio", currency="USD")
    rows.spend("2024-03-02", "acquisition", 7, channel="radio", currency="USD")
    built = project.build(
        rows, select=("+fct_spend_period",), tests=True, sources=[*SOURCES, "fx_rates"], channel_segment="tier",
        segments=["tier"],
    )  # fmt: skip
    found = cells(
        built,
        """select segment_key, acquisition_spend as won, acquisition_no_fx_rate_count as unrated,
        acquisition_no_fx_rate_count_to_date as so_far, retention_no_fx_rate_count_to_date as kept_so_far
        from marts.fct_spend_period where grain = 'month' and segment_key in ('all', 'radio')
        order by segment_key, period_start""",
    )
    assert [tuple(row.values()) for row in found] == [
        ("all", 30, 0, 0, 1), ("all", 7, 2, 2, 1), ("all", 14, 0, 2, 1),
        ("radio", 0, 0, 0, 0), ("radio", 7, 2, 2, 0), ("radio", 14, 0, 2, 0),
    ]  # fmt: skip


def test_without_a_channel_segment_there_are_totals_alone(project: Project) -> None:
    built = project.build(shop(), select=("+fct_spend_period",), sources=SOURCES)
    assert cells(built, "select distinct segment_set from marts.fct_spend_period") == [{"segment_set": "all"}]


def test_a_shop_without_spend_has_no_rows_instead_of_zeros(project: Project) -> None:
    rows = Rows()
    rows.order("a1", "anna", "2024-01-02", 10)
    built = project.build(rows, select=("+fct_spend_period",))
    assert cells(built, "select count(*) as n from marts.fct_spend_period") == [{"n": 0}]
