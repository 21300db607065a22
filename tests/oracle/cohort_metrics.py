"""Metric rows of cohorts.

Belongs here: section 5 of the definitions over the cells of ``cohort_facts``. Not here: periods, feedback.
"""

from __future__ import annotations

import math

from tests.oracle import intervals
from tests.oracle.buying_metrics import money
from tests.oracle.calendars import end_of
from tests.oracle.cohort_facts import CohortFacts, CohortKey
from tests.oracle.period_facts import Cell
from tests.oracle.records import MONEY_SCALE
from tests.oracle.rows import Place, Rows


def cohort_rows(facts: CohortFacts, rows: Rows) -> None:
    """Every metric row that comes from ``fct_cohort_period``."""
    for key, cell in facts.cells.items():
        grain, cohort_start, age, segment_set, segment_key = key
        start, end = facts.periods[(grain, cohort_start, age)]
        place = Place("calendar", grain, start, end, segment_set, segment_key, cohort_start, age)
        _retention(rows, place, cell)
        _values(rows, place, cell, facts.values[key])
        if (grain, cohort_start, age + 1) not in facts.periods:
            _next_age(rows, key, place)


def _retention(rows: Rows, place: Place, cell: Cell) -> None:
    size, active = cell["cohort_size"], cell["customers_active"]
    rows.add("cohort_retention.on", place, active, size, n=size, ci=intervals.wilson(active, size))
    later = cell["customers_active_on_or_after"]
    if rows.state.shop.open_ended_cohorts:
        rows.add("cohort_retention.on_or_after", place, later, size, n=size, ci=intervals.wilson(later, size))
        rows.found[-1].status = "provisional"
    else:
        rows.add_without_value("cohort_retention.on_or_after", place, "immature")


def _values(rows: Rows, place: Place, cell: Cell, values: dict[str, list[int]]) -> None:
    size, active = cell["cohort_size"], cell["customers_active"]
    rows.add("cohort_orders.standard", place, cell["orders_count"], n=active)
    for variant in ("gross", "net"):
        revenue = money(cell[f"revenue_{variant}"])
        rows.add(f"cohort_revenue.{variant}", place, revenue, n=active, is_money=True)
    is_costed = is_costed_so_far(cell)
    for variant in ("gross", "net", "margin"):
        name = f"cohort_value_to_date.{variant}"
        if variant == "margin" and not is_costed:
            rows.add_without_value(name, place, "source_absent")
            continue
        members = values[variant]
        spread = value_interval(variant, members)
        rows.add(name, place, money(sum(members)), size, n=size, ci=spread, is_money=True)
    if cell["orders_costed_to_date"] and cell["orders_costed"] == cell["orders_count"]:
        rows.add("cohort_margin.standard", place, money(cell["margin"]), n=active, is_money=True)
    else:
        rows.add_without_value("cohort_margin.standard", place, "source_absent")
    share = (money(cell["revenue_gross"]), money(cell["revenue_gross_first"]))
    rows.add("cohort_revenue_retention.gross", place, *share, n=size)


def is_costed_so_far(cell: Cell) -> bool:
    """Whether every order of the cohort so far carries a cost."""
    return cell["orders_costed_to_date"] == cell["orders_count_to_date"]


def value_interval(variant: str, members: list[int]) -> intervals.Interval | None:
    """The interval of what a member has brought on average; gross values are never negative."""
    lowest = 0 if variant == "gross" else -math.inf
    return intervals.within(intervals.mean([value / MONEY_SCALE for value in members]), lowest)


def _next_age(rows: Rows, key: CohortKey, place: Place) -> None:
    grain, cohort_start, age, segment_set, segment_key = key
    start = place.period_end
    end = end_of(start, grain, rows.state.shop.week_start)
    ahead = Place("calendar", grain, start, end, segment_set, segment_key, cohort_start, age + 1)
    rows.add_without_value("cohort_retention.on", ahead, "immature")
