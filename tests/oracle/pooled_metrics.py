"""Metric rows of pooled cohort curves: all cohorts at one age, each weighted by its size.

Belongs here: sums over the cells whose period has been delivered. Not here: single cohorts (``cohort_metrics``).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from tests.oracle import intervals
from tests.oracle.buying_metrics import money
from tests.oracle.calendars import DAY
from tests.oracle.cohort_facts import CohortFacts, CohortKey
from tests.oracle.cohort_metrics import is_costed_so_far, value_interval
from tests.oracle.rows import Place, Rows


def pooled_rows(facts: CohortFacts, rows: Rows) -> None:
    """Every pooled row: from the start of the oldest cohort to the end of the last complete period."""
    through = rows.state.data_through.get("orders")
    if through is None:
        return
    pools: dict[tuple[str, int, str, str], list[CohortKey]] = defaultdict(list)
    oldest: dict[str, dt.date] = {}
    newest: dict[str, dt.date] = {}
    for key in facts.cells:
        grain, cohort_start, age, segment_set, segment_key = key
        _, end = facts.periods[(grain, cohort_start, age)]
        oldest[grain] = min(cohort_start, oldest.get(grain, cohort_start))
        if through >= end - DAY:
            newest[grain] = max(end, newest.get(grain, end))
            pools[(grain, age, segment_set, segment_key)].append(key)
    for (grain, age, segment_set, segment_key), cells in pools.items():
        place = Place("calendar", grain, oldest[grain], newest[grain], segment_set, segment_key, None, age)
        _pool(facts, rows, place, cells)


def _pool(facts: CohortFacts, rows: Rows, place: Place, cells: list[CohortKey]) -> None:
    held = [facts.cells[cell] for cell in cells]
    size = sum(cell["cohort_size"] for cell in held)
    active = sum(cell["customers_active"] for cell in held)
    rows.add("cohort_retention.pooled", place, active, size, n=size, ci=intervals.wilson(active, size))
    revenue = money(sum(cell["revenue_gross"] for cell in held))
    first = money(sum(cell["revenue_gross_first"] for cell in held))
    rows.add("cohort_revenue_retention.pooled", place, revenue, first, n=size)
    for variant in ("gross", "net", "margin"):
        name = f"cohort_value_to_date.pooled_{variant}"
        if variant == "margin" and not all(is_costed_so_far(cell) for cell in held):
            rows.add_without_value(name, place, "source_absent")
            continue
        members = [value for cell in cells for value in facts.values[cell][variant]]
        ci = value_interval(variant, members)
        rows.add(name, place, money(sum(members)), size, n=size, ci=ci, is_money=True)
