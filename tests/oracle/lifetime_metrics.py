"""Metric rows of customer lifetime value: a family, each with its horizon, discounting and margin basis.

Belongs here: section 7 of the definitions. Not here: cohorts as such, what it costs to win a customer
(``economics_metrics``).
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from tests.oracle import intervals
from tests.oracle.buying_metrics import money
from tests.oracle.cohort_facts import CohortFacts
from tests.oracle.cohort_metrics import value_interval
from tests.oracle.fact import Fact, Key
from tests.oracle.intervals import Interval
from tests.oracle.period_facts import Cell, PeriodFacts, Shopper
from tests.oracle.records import MONEY_SCALE
from tests.oracle.rows import Place, Rows, smallest
from tests.oracle.service_facts import SOURCE_OF_BASIS
from tests.oracle.service_metrics import absent_rows
from tests.oracle.state import State
from tests.oracle.survival import Curve
from tests.oracle.waiting_metrics import DAYS_PER_YEAR, curves

YEAR = "year"
LifetimeKey = tuple[str, str, dt.date, str, str]
"""basis, grain, period_start, segment_set, segment_key"""


class Estimate(NamedTuple):
    """A value per customer; None where it would divide by zero, where costs of goods are not known, and too early."""

    value: float | None
    ci: Interval | None
    n: int
    people: int
    assumptions: str
    behind: dict[str, Any]
    is_absent: bool = False
    is_early: bool = False


@dataclass
class Lifetimes:
    """Values that the economics are held against: per place revenue over a lifespan and its margin."""

    revenue: dict[Key, Estimate]
    margin: dict[Key, Estimate]


def assumed(horizon: str, margin: str) -> str:
    """What a value takes as given."""
    return f"horizon={horizon}; discount=none; margin={margin}"


def lifetime_rows(facts: PeriodFacts, lifetimes: Fact, cohorts: CohortFacts, spend: Fact, rows: Rows) -> Lifetimes:
    """Every row of the family; years only."""
    found = Lifetimes({}, {})
    lifespans = curves(lifetimes, ("lapsed_count", "active_count"))
    for key, cell in facts.cells.items():
        basis, grain, start, segment_set, segment_key = key
        if grain == YEAR and basis != "calendar":
            place = Place(basis, grain, start, facts.ends[(grain, start)], segment_set, segment_key)
            bought = [one for one in facts.shoppers.get(key, []) if one.spent.orders]
            _next_year(rows, place, cell, bought)
            _lifespan(rows, place, cell, lifespans.get(key), bought, found)
    _cohort_to_date(rows, cohorts)
    _net_of_cost(rows, facts, spend)
    return found


def _begins_late(state: State, place: Place) -> bool:
    """Whether orders begin in this year, and after January: part of a year's purchases is not a year's."""
    first = min((one.day for one in state.purchases if one.customer_id is not None), default=None)
    return first is not None and first.year == place.period_start.year and first.month > 1


def _next_year(rows: Rows, place: Place, cell: Cell, bought: list[Shopper]) -> None:
    """Order value times orders per customer is revenue per customer."""
    buyers, base = cell["customers_ordering"], cell["customers_start"]
    source = SOURCE_OF_BASIS[place.basis]
    text = assumed("1y", "revenue")
    name = "clv.next_year_revenue"
    if _begins_late(rows.state, place):
        rows.add_without_value(name, place, "immature", source=source, assumptions=text)
        return
    if not buyers or not base:
        people = smallest(buyers, base)
        behind: dict[str, Any] = {"people": people, "source": source, "assumptions": text}
        rows.add_undefined(name, place, is_money=True, numerator=0 if base else None, **behind)
        return
    value = Fraction(cell["revenue_gross"] * cell["customers_retained"], 10_000 * buyers * base)
    kept = cell["customers_retained"] / base
    spread = intervals.relative_variance([(one.spent.gross, 1.0) for one in bought])
    ci = None
    if spread is not None and kept:
        half = float(value) * intervals.Z * math.sqrt(spread + (1 - kept) / (kept * base))
        ci = intervals.within((float(value) - half, float(value) + half), 0)
    shown: dict[str, Any] = {"n": buyers, "people": smallest(buyers, base), "ci": ci, "assumptions": text}
    rows.add_estimate(name, place, float(value), buyers, is_money=True, source=source, also="orders", **shown)


def _lifespan(
    rows: Rows, place: Place, cell: Cell, found: Curve | None, bought: list[Shopper], values: Lifetimes
) -> None:
    """Lifespan and what follows from it; the horizon is as long as somebody has been watched, and says so."""
    source, state = SOURCE_OF_BASIS[place.basis], rows.state
    wanted = float(Fraction(state.shop.lifespan_years) * DAYS_PER_YEAR)
    horizon = wanted if found is None or found.reaches(wanted) else float(found.steps[-1].days)
    # Whoever lapses or comes back after the boundary is not looked at, so a delivered year is settled.
    behind: dict[str, Any] = {"source": source, "also": "orders"}
    years = f"{round(horizon / float(DAYS_PER_YEAR), 2):g}y"
    is_costed = state.has_costs and cell["orders_costed"] == cell["orders_count"]
    if found is None:
        rows.add_undefined("average_lifespan.years", place, people=0, source=source, assumptions=f"horizon={years}")
        lifespan, half = 0.0, 0.0
    else:
        lifespan, half = (days / float(DAYS_PER_YEAR) for days in found.restricted_mean(horizon))
        ci = intervals.within((lifespan - half, lifespan + half), 0, horizon / float(DAYS_PER_YEAR))
        text = f"horizon={years}"
        rows.add_estimate("average_lifespan.years", place, lifespan, n=found.n, ci=ci, assumptions=text, source=source)
    key = (place.basis, place.grain, place.period_start, place.segment_set, place.segment_key)
    for name, held in (("revenue", values.revenue), ("margin", values.margin)):
        metric = "clv.lifespan_revenue" if name == "revenue" else "clv.margin"
        text = assumed(years, "revenue" if name == "revenue" else "order_cost")
        buyers = cell["customers_ordering"]
        if name == "margin" and not is_costed:
            held[key] = Estimate(None, None, 0, 0, text, behind, is_absent=True)
            rows.add_without_value(metric, place, "source_absent", source=source, assumptions=text)
        elif _begins_late(state, place):
            held[key] = Estimate(None, None, 0, 0, text, behind, is_early=True)
            rows.add_without_value(metric, place, "immature", source=source, assumptions=text)
        elif found is None or not buyers:
            people = smallest(buyers, found.n if found else 0)
            held[key] = Estimate(None, None, buyers, people, text, behind)
            nothing: dict[str, Any] = {"people": people, "source": source, "assumptions": text}
            rows.add_undefined(metric, place, is_money=True, numerator=0 if found else None, **nothing)
        else:
            # Order value times orders per customer times the margin in the order value is margin per customer.
            brought = [one.spent.gross if name == "revenue" else one.spent.margin for one in bought]
            people = smallest(buyers, found.n)
            value = lifespan * sum(brought) / MONEY_SCALE / buyers
            product = _product(value, lifespan, half, brought)
            lowest = 0 if name == "revenue" else -math.inf
            estimate = Estimate(value, intervals.within(product, lowest), buyers, people, text, behind)
            held[key] = estimate
            shown: dict[str, Any] = {"n": buyers, "people": people, "ci": estimate.ci, "assumptions": text}
            rows.add_estimate(metric, place, value, buyers, is_money=True, **shown, **behind)


def _product(value: float, lifespan: float, half: float, brought: list[int]) -> Interval | None:
    """The interval of a product of two independent estimates: their relative variances add up."""
    spread = intervals.relative_variance([(amount, 1.0) for amount in brought])
    if spread is None or not lifespan:
        return None
    width = abs(value) * math.sqrt(intervals.Z**2 * spread + (half / lifespan) ** 2)
    return value - width, value + width


def _cohort_to_date(rows: Rows, cohorts: CohortFacts) -> None:
    for key, cell in cohorts.cells.items():
        grain, cohort_start, age, segment_set, segment_key = key
        start, end = cohorts.periods[(grain, cohort_start, age)]
        place = Place("calendar", grain, start, end, segment_set, segment_key, cohort_start, age)
        members, size = cohorts.values[key]["net"], cell["cohort_size"]
        ci = value_interval("net", members)
        text = assumed("to_date", "revenue")
        total = money(sum(members))
        rows.add("clv.cohort_to_date", place, total, size, n=size, ci=ci, is_money=True, assumptions=text)


def _net_of_cost(rows: Rows, facts: PeriodFacts, spend: Fact) -> None:
    """Everything earned and spent so far, per customer ever won."""
    name = "clv.net_of_cost"
    if "spend" not in rows.state.shop.sources:
        if YEAR in rows.state.shop.grains:
            absent_rows(rows, (name,), "spend", (YEAR,))
        return
    earned: dict[tuple[str, str], Cell] = {}
    for (basis, grain, start, segment_set, segment_key), cell in sorted(facts.cells.items(), key=lambda item: item[0]):
        if grain != YEAR or basis != "calendar" or (grain, start, segment_set, segment_key) not in spend.rows:
            continue
        so_far = earned.setdefault((segment_set, segment_key), dict.fromkeys(cell, 0))
        for column in ("margin", "revenue_net", "orders_costed", "orders_count"):
            so_far[column] += cell[column]
        is_costed = rows.state.has_costs and so_far["orders_costed"] == so_far["orders_count"]
        row = spend.rows[(grain, start, segment_set, segment_key)]
        spent = row["acquisition_spend_to_date"] + row["retention_spend_to_date"]
        rest = money(so_far["margin" if is_costed else "revenue_net"]) - spent
        text = assumed("to_date", "order_cost" if is_costed else "revenue")
        place = Place("calendar", grain, start, facts.ends[(grain, start)], segment_set, segment_key)
        ever = cell["customers_ever"]
        if row["acquisition_no_fx_rate_count_to_date"] or row["retention_no_fx_rate_count_to_date"]:
            rows.add_without_value(name, place, "source_absent", assumptions=text)
        else:
            rows.add(name, place, rest, ever, n=ever, is_money=True, also="spend", assumptions=text)
        rows.found[-1].needs = ("spend",)
