from __future__ import annotations

import functools
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from retention_pipeline.cli.summary import HEADLINES
from retention_pipeline.report.at_risk import at_risk_section
from retention_pipeline.report.bridge import bridge_section
from retention_pipeline.report.over_time import retention_section
from retention_pipeline.report.page import render_page
from retention_pipeline.report.privacy import hidden, shown_count
from retention_pipeline.report.published import Period, read_edition
from retention_pipeline.report.reconciliation import Reconciled, bars_of
from retention_pipeline.report.section import Section
from retention_pipeline.report.waiting import waiting_section
from tests.report.reading import Page, section
from tests.report.small_version import MONTHS, small_version

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PERIODS = tuple(Period(month, f"{month:%Y-%m}", month < MONTHS[-1]) for month in MONTHS)


@functools.cache
def page() -> str:
    with small_version() as published:
        return render_page(published, shop="Shop", headlines=HEADLINES)


def part(name: str) -> list[str]:
    return Page(section(page(), name)).texts


def changed(statement: str, make: Callable[[DuckDBPyConnection], Section]) -> str:
    with small_version() as published:
        published.execute(statement)
        return str(make(published))


def at_risk(min_cell_size: int) -> list[str]:
    with small_version() as published:
        made = at_risk_section(published, read_edition(published), min_cell_size)
        return [cell.text for row in made.tables[0].rows for cell in row]


def test_medians_are_written_and_one_not_reached_is_said_not_to_be() -> None:
    words = " ".join(part("waiting"))
    assert "All orders: median 90 days, 200 orders." in words
    assert "First order: median not reached" in words
    assert "second: median 60 days" in words


def test_curves_are_shown_as_far_as_they_have_been_watched_and_one_year_at_most_without_need() -> None:
    assert "over 300 days" in " ".join(part("waiting"))
    longer = "update order_gap_survival set gap_days = gap_days * 2"
    assert "The first 365 days are shown" not in changed(longer, waiting_section)
    late = (
        "insert into order_gap_survival select * replace (900 as gap_days) from order_gap_survival where gap_days = 300"
    )
    assert "The first 365 days are shown; waits of up to 900 days have been watched." in changed(late, waiting_section)


def test_groups_that_are_suppressed_have_no_bar_and_are_named() -> None:
    words = part("rfm")
    assert "Not shown to protect small groups: lost." in words
    assert "Customers by group at the end of 2024-Q1" in words
    assert "30.0 %" in words


def test_a_small_move_is_hidden_together_with_the_next_one_up() -> None:
    words = part("rfm")
    assert "champions (73)" in words
    assert "new (fewer than 5)" in words
    assert words.count("-") == 3  # champions to lost and, to protect it, to at risk; the two who were new
    assert "55" in words
    assert "41" not in words


def test_customers_at_risk_are_counted_and_never_listed() -> None:
    words = part("at-risk")
    row = words.index("at risk in all")
    assert words[row + 1 : row + 3] == ["22", "2,200"]
    assert "secret" not in page()


def test_a_small_reason_is_hidden_with_another_one_so_that_the_total_does_not_tell() -> None:
    words = part("at-risk")
    assert words.count("hidden") == 4
    overdue = words.index("overdue")
    assert words[overdue + 2 : overdue + 4] == ["12", "1,200"]
    assert "hidden" not in at_risk(1)
    assert "3" in at_risk(1)
    assert "at risk in all" in at_risk(100)
    assert "22" not in at_risk(100)


def test_counts_are_hidden_from_the_smallest_up() -> None:
    assert hidden({"a": 5, "b": 9}, 5) == frozenset()
    assert hidden({"a": 2, "b": 9, "c": 90}, 5) == {"a", "b"}
    assert hidden({"a": 2, "b": 3, "c": 90, "d": 0}, 5) == {"a", "b"}
    assert hidden({"a": 2}, 5) == {"a"}
    assert [shown_count(count, 5) for count in (0, 4, 5)] == ["0", "fewer than 5", "5"]


def test_each_lifetime_value_stands_beside_what_it_takes_for_granted_and_an_absent_one_is_named() -> None:
    words = part("lifetime")
    assert "horizon: 5y; discount: none; margin: revenue" in words
    assert "600" in words
    assert "margin: an input it needs is not delivered." in words


def test_costs_and_ratios() -> None:
    words = part("economics")
    assert any("12.50 EUR" in text for text in words)
    row = words.index("2023")
    assert words[row + 1 : row + 3] == ["3.20", "3.20"]


def test_both_answering_times_are_told_apart_in_words() -> None:
    words = " ".join(part("service"))
    assert "of median, 2024-05: 4.00 hours" in words
    assert "of 90th percentile, 2024-05: 30.00 hours" in words


def test_claims_are_sorted_by_verdict_and_each_verdict_is_a_word() -> None:
    words = part("claims")
    assert "4 claims: 1 supported, 1 contradicted, 1 insufficient, 1 not computable" in words
    order = [words.index(f"Claim {claim}.") for claim in ("b_for", "c_against", "a_open", "d_none")]
    assert order == sorted(order)
    row = words[order[0] :]
    assert row[:6] == [
        "Claim b_for.",
        "counted. Small shop.",
        "A1",
        "70.0 % [60.0 %, 80.0 %]",
        "n = 90",
        "at least 65 %",
    ]
    assert [text for text in words if text in {"supported", "contradicted", "insufficient", "not computable"}] == [
        "supported", "contradicted", "insufficient", "not computable",
    ]  # fmt: skip
    assert '<span class="tone-against">contradicted</span>' in section(page(), "claims")


def test_a_benchmark_stands_beside_the_value_and_other_lengths_of_period_are_left_to_the_table() -> None:
    words = part("benchmarks")
    row = words.index("customer retention rate, set based")
    assert words[row + 1 : row + 7] == [
        "purchase window", "2024-05", "74.0 % [69.0 %, 79.0 %]", "80.0 %", "-6.0 pp", "below",
    ]  # fmt: skip
    assert "1 more comparisons stand in the table benchmark_comparison." in words


def test_exchange_rates_appear_in_the_bridge_only_where_they_moved_revenue() -> None:
    assert "fx" not in part("bridge")
    moved = (
        "insert into metric_values select * replace ('fx' as variant, -250.0 as value) from metric_values "
        "where metric = 'revenue_bridge' and variant = 'new'"
    )
    months = partial(bridge_section, grain="month", periods=PERIODS, currency="EUR")
    assert "churn 1,000, fx -250." in changed(moved, months)


def test_subscribers_have_a_line_of_their_own() -> None:
    words = " ".join(part("retention"))
    assert "of buyers, 2024-05: 74.0 %" in words
    assert "of subscribers, 2024-05: 90.0 %" in words
    without = "delete from metric_values where basis = 'subscription'"
    months = partial(retention_section, grain="month", periods=PERIODS)
    assert "subscribers" not in changed(without, months)


def test_the_latest_month_that_can_be_reconciled_leads_from_the_published_figure_to_the_books() -> None:
    words = part("reconciliation")
    said = " ".join(words)
    assert "2024-05, EUR: published 1,000.00; guests +120.00, excluded statuses +40.00, days in UTC -20.00" in said
    assert "unexplained +10.00; books 1,150.00." in said
    assert "gross revenue" in words
    assert "orders" in words
    assert "0.9 % of the books" in words
    assert "set aside +9.00" not in said, "what the books do not hold is no step"
    assert "amount cannot be read" in said


def test_the_bars_of_the_waterfall_stand_on_each_other() -> None:
    each = Reconciled(
        "orders", MONTHS[0], 8.0, 10.0, (("no_customer", 3.0), ("time_basis", -4.0)), -1.0, "search", False
    )
    feet, heights, colours = bars_of(each, [*each.causes, ("unexplained", each.remainder)])
    assert feet == [0, 10, 9, 8, 0]
    assert heights == [10, 3, 4, 1, 8]
    assert len(set(colours)) == 4
