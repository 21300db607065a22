"""Metric rows of what customers cost: acquisition, retention, and when it pays back.

Belongs here: section 9 of the definitions over spend. Not here: lifetime values themselves (``lifetime_metrics``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle.buying_metrics import money
from tests.oracle.cohort_facts import CohortFacts
from tests.oracle.cohort_metrics import is_costed_so_far
from tests.oracle.fact import Fact
from tests.oracle.lifetime_metrics import Lifetimes
from tests.oracle.period_facts import ALL, PeriodFacts
from tests.oracle.rows import Place, Rows, smallest
from tests.oracle.service_facts import SOURCE_OF_BASIS
from tests.oracle.service_metrics import absent_rows

COSTS = ("customer_acquisition_cost.standard", "retention_cost_per_customer.standard",
         "acquisition_to_retention_cost.standard", "spend.acquisition", "spend.retention")  # fmt: skip
LTV = ("ltv_to_cac.revenue", "ltv_to_cac.margin")
PAYBACK = ("payback_age.net", "payback_age.margin")


def economics_rows(spend: Fact, facts: PeriodFacts, cohorts: CohortFacts, values: Lifetimes, rows: Rows) -> None:
    """Every row of the family."""
    state = rows.state
    if "spend" not in state.shop.sources:
        absent_rows(rows, COSTS, "spend")
        if "year" in state.shop.grains:
            absent_rows(rows, LTV, "spend", ("year",))
        absent_rows(rows, PAYBACK, "spend", state.shop.cohort_grains)
        return
    for (grain, start, segment_set, segment_key), row in spend.rows.items():
        place = Place("calendar", grain, start, facts.ends[(grain, start)], segment_set, segment_key)
        # Nobody's privacy is in what a channel cost: no customer stands behind it.
        for kind in ("acquisition", "retention"):
            if row[f"{kind}_no_fx_rate_count"]:
                rows.add_without_value(f"spend.{kind}", place, "source_absent", source="spend")
            else:
                rows.add(f"spend.{kind}", place, row[f"{kind}_spend"], n=0, is_money=True, source="spend")
        for basis in ("purchase_window", "subscription"):
            if (basis, grain, start, ALL, ALL) in facts.cells:
                _costs(rows, replace(place, basis=basis), row, facts)
    _lifetime_to_cost(rows, spend, facts, values)
    _payback(rows, spend, facts, cohorts)


def _costs(rows: Rows, place: Place, row: dict[str, Decimal], facts: PeriodFacts) -> None:
    cell = facts.cells.get((place.basis, place.grain, place.period_start, place.segment_set, place.segment_key), {})
    new, kept = cell.get("customers_new", 0), cell.get("customers_retained", 0)
    behind: dict[str, Any] = {"source": "spend", "also": SOURCE_OF_BASIS[place.basis]}
    winning, keeping = row["acquisition_spend"], row["retention_spend"]
    is_known = [not row["acquisition_no_fx_rate_count"], not row["retention_no_fx_rate_count"]]
    for name, there in zip(COSTS[:3], (*is_known, all(is_known)), strict=True):
        if not there:
            rows.add_without_value(name, place, "source_absent", source="spend")
    if is_known[0]:
        rows.add(COSTS[0], place, winning, new, n=new, is_money=True, **behind)
    if is_known[1]:
        rows.add(COSTS[1], place, keeping, kept, n=kept, is_money=True, **behind)
    if not all(is_known):
        return
    smaller = min((count for count in (new, kept) if count), default=0)
    if new and kept and keeping:
        cross = (winning * kept, keeping * new)
        rows.add(COSTS[2], place, *cross, n=new + kept, people=smaller, **behind)
    else:
        # Without anybody won, or anybody kept, one of the two costs is not defined.
        rows.add(COSTS[2], place, 0, 0, n=0, people=smaller, **behind)


def _lifetime_to_cost(rows: Rows, spend: Fact, facts: PeriodFacts, values: Lifetimes) -> None:
    for key, cell in facts.cells.items():
        basis, grain, start, segment_set, segment_key = key
        row = spend.rows.get(key[1:])
        if grain != "year" or basis == "calendar" or row is None:
            continue
        place = Place(basis, grain, start, facts.ends[(grain, start)], segment_set, segment_key)
        for name, held in zip(LTV, (values.revenue, values.margin), strict=True):
            found, text = held[key], held[key].assumptions
            people = smallest(found.people, cell["customers_new"])
            if found.is_absent or row["acquisition_no_fx_rate_count"]:
                rows.add_without_value(name, place, "source_absent", source="spend", assumptions=text)
                continue
            if found.is_early:
                rows.add_without_value(name, place, "immature", source="spend", assumptions=text)
                continue
            if found.value is None:
                rows.add_undefined(name, place, people=people, source="spend", assumptions=text)
                continue
            if not cell["customers_new"] or not row["acquisition_spend"]:
                worth = Decimal(str(round(found.value * cell["customers_new"], 4)))
                rows.add(name, place, worth, 0, n=found.n, people=people, source="spend", assumptions=text)
                continue
            cost = float(row["acquisition_spend"]) / cell["customers_new"]
            ci = None if found.ci is None else (found.ci[0] / cost, found.ci[1] / cost)
            behind = found.behind | {"source": "spend", "people": people, "also": SOURCE_OF_BASIS[basis]}
            spent = row["acquisition_spend"]
            total = round(found.value * cell["customers_new"], 4)  # money has four decimals
            rows.add_estimate(name, place, total / float(spent), spent, n=found.n, ci=ci, assumptions=text, **behind)


def _payback(rows: Rows, spend: Fact, facts: PeriodFacts, cohorts: CohortFacts) -> None:
    state = rows.state
    sets = {ALL, state.shop.channel_segment}
    groups: dict[tuple[str, dt.date, str, str], int] = {}
    for grain, cohort_start, age, segment_set, segment_key in cohorts.cells:
        if segment_set in sets:
            place = (grain, cohort_start, segment_set, segment_key)
            groups[place] = max(age, groups.get(place, 0))
    for place, oldest in groups.items():
        grain, cohort_start, segment_set, segment_key = place
        ages = range(oldest + 1)
        cells = [cohorts.cells[(grain, cohort_start, age, segment_set, segment_key)] for age in ages]
        is_over = [rows.is_delivered(cohorts.periods[(grain, cohort_start, age)][1]) for age in ages]
        size = cells[0]["cohort_size"]
        cost = Fraction(spend.rows[place]["acquisition_spend"]) / size
        is_priced = not spend.rows[place]["acquisition_no_fx_rate_count"]
        _, end = cohorts.periods[(grain, cohort_start, 0)]
        here = Place("calendar", grain, cohort_start, end, segment_set, segment_key, cohort_start)
        for name, column in zip(PAYBACK, ("revenue_net_to_date", "margin_to_date"), strict=True):
            earned = [Fraction(money(cell[column])) / size for cell in cells]
            is_known = [is_priced and (column == "revenue_net_to_date" or is_costed_so_far(cell)) for cell in cells]
            paid_back = [age for age in ages if is_over[age] and is_known[age] and earned[age] >= cost]
            if paid_back:
                settled = rows.is_final(cohorts.periods[(grain, cohort_start, paid_back[0])][1])
                rows.add_estimate(name, here, float(paid_back[0]), n=size, source="spend", is_settled=settled)
            else:
                rows.add_without_value(name, here, "immature" if all(is_known) else "source_absent", source="spend")
