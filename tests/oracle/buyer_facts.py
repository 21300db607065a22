"""How orders and money spread over customers.

Belongs here: ``fct_orders_distribution``, ``fct_concentration_period``, ``fct_rfm_transition``. Not here: shares.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction

from tests.oracle.activity import Shoppers, Spending
from tests.oracle.calendars import DAY, end_of
from tests.oracle.derived import NO_ORDERS, orders_of, rfm_group
from tests.oracle.fact import Fact, Row, by_segment, periods_of, segment_sets
from tests.oracle.records import MONEY_SCALE, SQUARE_SCALE
from tests.oracle.state import State
from tests.oracle.waiting_facts import bucket

BUCKETS = ("1", "2", "3", "4", "5+")
COARSE = ("month", "quarter", "year")


def distribution_facts(state: State) -> Fact:
    """Every row of ``fct_orders_distribution``."""
    fact = Fact("fct_orders_distribution", ("grain", "period_start", "segment_set", "segment_key", "orders_bucket"))
    people = Shoppers(state.purchases)
    for period in periods_of(state, state.shop.grains):
        inside = {name: bucket(spent.orders) for name, spent in people.spending(period.start, period.boundary).items()}
        so_far = {
            name: bucket(sum(day < period.boundary for day in days))
            for name, days in people.days.items()
            if days[0] < period.boundary
        }
        for segment_set, keys in segment_sets(state, derived=False).items():
            groups = by_segment(state, segment_set, period.start, set(so_far))
            for key in keys:
                members = groups.get(key, set())
                now = Counter(inside[name] for name in members if name in inside)
                ever = Counter(so_far[name] for name in members)
                for held in BUCKETS:
                    place = (period.grain, period.start, segment_set, key, held)
                    fact.rows[place] = {"customers_in_period": now[held], "customers_to_date": ever[held]}
    return fact


def concentration_facts(state: State) -> Fact:
    """Every row of ``fct_concentration_period``."""
    fact = Fact("fct_concentration_period", ("grain", "period_start", "segment_set", "segment_key"))
    people = Shoppers(state.purchases)
    grains = tuple(grain for grain in state.shop.grains if grain in COARSE)
    through = state.data_through.get("orders")
    for period in periods_of(state, grains):
        next_end = end_of(period.end, period.grain, state.shop.week_start)
        is_there = period.end <= state.as_of
        this = people.spending(period.start, period.boundary)
        following = people.spending(period.end, min(next_end, state.as_of + DAY)) if is_there else {}
        both = [*this.values(), *following.values()]
        is_margin = bool(both) and all(spent.costed == spent.orders for spent in both)
        is_complete = is_there and through is not None and through >= next_end - DAY
        for segment_set, keys in segment_sets(state, derived=False).items():
            groups = by_segment(state, segment_set, period.start, this.keys() | following.keys())
            for key in keys:
                members = groups.get(key, set())
                now = {name: _value(this[name], is_margin) for name in members if name in this}
                later = {name: _value(following[name], is_margin) for name in members if name in following}
                row = _concentration(now, later) | {"is_margin": is_margin, "is_next_complete": is_complete}
                fact.rows[(period.grain, period.start, segment_set, key)] = row
    return fact


def _value(spent: Spending, is_margin: bool) -> int:
    return spent.margin if is_margin else spent.gross


def _concentration(now: dict[str, int], later: dict[str, int]) -> Row:
    """The top fifth counts whole customers down the ranking; those tied at the cut share what is left of it."""
    top = Fraction(len(now), 5)
    weights: dict[int, Fraction] = {}
    above = 0
    for value, tied in sorted(Counter(now.values()).items(), reverse=True):
        weights[value] = min(max((top - above) / tied, Fraction(0)), Fraction(1))
        above += tied
    top_value = {name: weights[value] * later.get(name, 0) for name, value in now.items()}
    existing = {name: later.get(name, 0) for name in now}
    return {
        "customers_count": len(now),
        "top_count": as_decimal(top, 1, 4),
        "next_value_top": as_decimal(sum(top_value.values(), Fraction(0)), MONEY_SCALE, 4),
        "next_value_existing": Decimal(sum(existing.values())) / MONEY_SCALE,
        "next_value_total": Decimal(sum(later.values())) / MONEY_SCALE,
        "existing_sq": Decimal(sum(value**2 for value in existing.values())) / SQUARE_SCALE,
        "top_sq": as_decimal(sum((value**2 for value in top_value.values()), Fraction(0)), SQUARE_SCALE, 8),
        "top_x_existing": as_decimal(
            sum((value * existing[name] for name, value in top_value.items()), Fraction(0)), SQUARE_SCALE, 8
        ),
    }


def as_decimal(value: Fraction, scale: int, digits: int) -> Decimal:
    """A fraction of units as a decimal, a half rounded away from zero."""
    shifted = value / scale * 10**digits
    whole = int(abs(shifted) + Fraction(1, 2))
    return Decimal(whole if shifted >= 0 else -whole).scaleb(-digits)


def rfm_facts(state: State) -> Fact:
    """Every row of ``fct_rfm_transition``."""
    fact = Fact("fct_rfm_transition", ("grain", "period_start", "from_group", "to_group"))
    rfm = state.shop.rfm
    if rfm is None:
        return fact
    held = orders_of(state)
    for period in periods_of(state, (rfm.grain,)):
        for customer, orders in held.items():
            if orders[0].day < period.boundary:
                groups = (rfm_group(orders, period.start, rfm), rfm_group(orders, period.boundary, rfm))
                row = fact.rows.setdefault((period.grain, period.start, *groups), {"customers_count": 0})
                row["customers_count"] += 1
                assert groups[1] != NO_ORDERS, customer
    return fact
