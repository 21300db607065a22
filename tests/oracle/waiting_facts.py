"""Waits that end or are still going on: from one order to the next, from the first day to the last.

Belongs here: ``fct_order_gap_period`` and ``fct_lifetime_period``. Not here: survival curves (``survival``).
"""

from __future__ import annotations

import datetime as dt

from tests.oracle.activity import Spell, is_active, spells_by_basis
from tests.oracle.calendars import DAY, start_of
from tests.oracle.derived import orders_of
from tests.oracle.fact import Fact, Key, by_segment, periods_of, segment_sets
from tests.oracle.period_facts import ALL
from tests.oracle.state import State

ORDER_NUMBER = "order_number"


def first_order_day(state: State) -> dt.date | None:
    """The date of the first valid order, whoever placed it."""
    return min((row.day for row in state.purchases), default=None)


def order_gap_facts(state: State) -> Fact:
    """Every row of ``fct_order_gap_period``."""
    fact = Fact("fct_order_gap_period", ("grain", "period_start", "segment_set", "segment_key", "gap_days"))
    history_start = first_order_day(state)
    sets = (ALL, *state.shop.segments)
    for customer, orders in orders_of(state).items():
        for index, order in enumerate(orders):
            is_followed = index + 1 < len(orders)
            gap = ((orders[index + 1].day if is_followed else state.as_of) - order.day).days
            column = "followed_count" if is_followed else "censored_count"
            places: list[tuple[str, dt.date | None, str, str]] = []
            for segment_set in sets:
                for grain in state.shop.cohort_grains:
                    start = start_of(order.day, grain, state.shop.week_start)
                    places.append((grain, start, segment_set, _key(state, segment_set, customer, start)))
                places.append(("all", history_start, segment_set, _key(state, segment_set, customer, order.day)))
            places.append(("all", history_start, ORDER_NUMBER, bucket(index + 1)))
            for place in places:
                _count(fact, (*place, gap), column, ("followed_count", "censored_count"))
    return fact


def bucket(number: int) -> str:
    """1, 2, 3, 4 or 5+."""
    return str(number) if number < 5 else "5+"


def _key(state: State, segment_set: str, customer: str, day: dt.date) -> str:
    return ALL if segment_set == ALL else state.segment(segment_set, customer, day)


def _count(fact: Fact, key: Key, column: str, columns: tuple[str, ...]) -> None:
    row = fact.rows.setdefault(key, dict.fromkeys(columns, 0))
    row[column] += 1


def lifetime_facts(state: State) -> Fact:
    """Every row of ``fct_lifetime_period``: years only."""
    fact = Fact(
        "fct_lifetime_period", ("basis", "grain", "period_start", "segment_set", "segment_key", "duration_days")
    )
    years = ("year",) if "year" in state.shop.grains else ()
    for basis, spells in spells_by_basis(state).items():
        for period in periods_of(state, years):
            begun = {customer: held for customer, held in spells.items() if held[0][0] < period.boundary}
            for segment_set in segment_sets(state, derived=True):
                for key, customers in by_segment(state, segment_set, period.start, set(begun)).items():
                    for customer in customers:
                        days, column = _lifetime(begun[customer], period.boundary)
                        place = (basis, period.grain, period.start, segment_set, key, days)
                        _count(fact, place, column, ("lapsed_count", "active_count"))
    return fact


def _lifetime(spells: list[Spell], boundary: dt.date) -> tuple[int, str]:
    first = spells[0][0]
    if is_active(spells, boundary):
        return (boundary - first).days, "active_count"
    last_end = max(end for start, end in spells if start < boundary)
    return (last_end + DAY - first).days, "lapsed_count"
