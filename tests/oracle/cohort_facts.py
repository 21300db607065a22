"""``fct_cohort_period`` a second time: cohorts by first order, followed period by period.

Belongs here: every column of the fact and the customers' values to date behind each cell. Not here: rates.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.oracle.activity import Shoppers, Spending
from tests.oracle.calendars import periods, start_of
from tests.oracle.period_facts import ALL, Cell, first_day
from tests.oracle.state import State

CohortKey = tuple[str, dt.date, int, str, str]
"""grain, cohort_start, cohort_age, segment_set, segment_key"""

COHORT_MONEY = frozenset(
    {"revenue_gross", "revenue_net", "revenue_gross_to_date", "revenue_net_to_date", "revenue_gross_first", "margin",
     "margin_to_date"}
)  # fmt: skip
COHORT_SQUARES = frozenset({"revenue_gross_to_date_sq", "revenue_net_to_date_sq", "margin_to_date_sq"})


@dataclass
class CohortFacts:
    """Cells of ``fct_cohort_period`` in whole units; per cell the period and each member's value to date."""

    cells: dict[CohortKey, Cell] = field(default_factory=dict)
    periods: dict[tuple[str, dt.date, int], tuple[dt.date, dt.date]] = field(default_factory=dict)
    values: dict[CohortKey, dict[str, list[int]]] = field(default_factory=dict)
    """Per cell what each member has brought so far, by ``gross``, ``net`` and ``margin``."""


def cohort_facts(state: State) -> CohortFacts:
    """Every cell of ``fct_cohort_period``."""
    facts = CohortFacts()
    first = first_day(state)
    if first is None:
        return facts
    people = Shoppers(state.purchases)
    for grain in state.shop.cohort_grains:
        timeline = periods(first, state.as_of, grain, state.shop.week_start)
        cohorts: dict[dt.date, list[str]] = defaultdict(list)
        for customer, days in people.days.items():
            cohorts[start_of(days[0], grain, state.shop.week_start)].append(customer)
        for cohort_start, customers in cohorts.items():
            lived = [period for period in timeline if period[0] >= cohort_start]
            facts.periods.update({(grain, cohort_start, age): period for age, period in enumerate(lived)})
            for segment_set in (ALL, *state.shop.segments):
                groups: dict[str, list[str]] = defaultdict(list)
                for customer in customers:
                    key = ALL if segment_set == ALL else state.segment(segment_set, customer, cohort_start)
                    groups[key].append(customer)
                for key, members in groups.items():
                    _follow(facts, people, Group(grain, cohort_start, segment_set, key, members), lived)
    return facts


class Group(NamedTuple):
    """The members of one cohort in one segment."""

    grain: str
    cohort_start: dt.date
    segment_set: str
    segment_key: str
    members: list[str]


def _follow(facts: CohortFacts, people: Shoppers, group: Group, lived: list[tuple[dt.date, dt.date]]) -> None:
    grain, cohort_start, segment_set, segment_key, members = group
    to_date = {name: dict.fromkeys(members, 0) for name in ("gross", "net", "margin", "orders", "costed")}
    first_revenue = 0
    for age, (start, end) in enumerate(lived):
        bought: dict[str, Spending] = people.spending(start, end)
        here = {customer: bought[customer] for customer in members if customer in bought}
        for customer, spent in here.items():
            for name, parts in to_date.items():
                parts[customer] += getattr(spent, name)
        if age == 0:
            first_revenue = sum(spent.gross for spent in here.values())
        cell = (grain, cohort_start, age, segment_set, segment_key)
        facts.values[cell] = {name: list(to_date[name].values()) for name in ("gross", "net", "margin")}
        facts.cells[cell] = {
            "cohort_size": len(members),
            "customers_active": len(here),
            "customers_active_on_or_after": sum(people.days[customer][-1] >= start for customer in members),
            "revenue_gross_first": first_revenue,
            **_sums(list(here.values()), to_date),
        }


def _sums(here: list[Spending], to_date: dict[str, dict[str, int]]) -> Cell:
    sums = {name: list(parts.values()) for name, parts in to_date.items()}
    return {
        "orders_count": sum(spent.orders for spent in here),
        "orders_count_to_date": sum(sums["orders"]),
        "orders_costed": sum(spent.costed for spent in here),
        "orders_costed_to_date": sum(sums["costed"]),
        "revenue_gross": sum(spent.gross for spent in here),
        "revenue_net": sum(spent.net for spent in here),
        "margin": sum(spent.margin for spent in here),
        "revenue_gross_to_date": sum(sums["gross"]),
        "revenue_net_to_date": sum(sums["net"]),
        "margin_to_date": sum(sums["margin"]),
        "revenue_gross_to_date_sq": sum(value**2 for value in sums["gross"]),
        "revenue_net_to_date_sq": sum(value**2 for value in sums["net"]),
        "margin_to_date_sq": sum(value**2 for value in sums["margin"]),
    }
