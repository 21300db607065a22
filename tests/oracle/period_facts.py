"""``fct_period`` a second time: sets of customers per period, counted per segment.

Belongs here: every column of the fact and, for intervals, the list of customers behind each cell.
Not here: rates.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from tests.oracle.activity import Shoppers, Spending
from tests.oracle.calendars import DAY, periods, start_of
from tests.oracle.records import MONEY_SCALE, SQUARE_SCALE
from tests.oracle.state import State

ALL = "all"
Cell = dict[str, int]
PeriodKey = tuple[str, str, dt.date, str, str]
"""basis, grain, period_start, segment_set, segment_key"""

MONEY_COLUMNS = frozenset(
    f"revenue_{name}"
    for name in (
        "gross", "net", "gross_returning", "net_returning", "gross_guest", "net_guest", "previous", "retained_gross",
        "retained_net", "new", "reactivation", "expansion", "contraction", "churn",
    )
) | {"orders_x_revenue_gross", "orders_x_revenue_net"}  # fmt: skip
SQUARE_COLUMNS = frozenset(
    {"revenue_gross_sq", "revenue_net_sq", "revenue_gross_returning_sq", "previous_sq", "retained_gross_sq",
     "retained_gross_x_previous", "retained_net_sq", "retained_net_x_previous"}
)  # fmt: skip


class Shopper(NamedTuple):
    """One customer behind a cell: this period's orders and money, and the previous period's money."""

    orders: int
    gross: int
    net: int
    is_returning: bool
    previous: int


@dataclass
class PeriodFacts:
    """Cells of ``fct_period`` in whole units, and the customers behind them."""

    cells: dict[PeriodKey, Cell] = field(default_factory=dict)
    ends: dict[tuple[str, dt.date], dt.date] = field(default_factory=dict)
    shoppers: dict[PeriodKey, list[Shopper]] = field(default_factory=lambda: defaultdict(list))


def scaled(column: str, units: int) -> int | Decimal:
    """A cell as the table holds it: money and squares as decimals, counts as they are."""
    if column in MONEY_COLUMNS:
        return Decimal(units) / MONEY_SCALE
    if column in SQUARE_COLUMNS:
        return Decimal(units) / SQUARE_SCALE
    return units


def first_day(state: State) -> dt.date | None:
    """The day the calendar begins: the first valid order or counted answer."""
    return min([row.day for row in state.purchases] + [row.day for row in state.answers], default=None)


def period_facts(state: State) -> PeriodFacts:
    """Every cell of ``fct_period``."""
    facts = PeriodFacts()
    first = first_day(state)
    if first is None:
        return facts
    people = Shoppers(state.purchases)
    for grain in state.shop.grains:
        for start, end in periods(first, state.as_of, grain, state.shop.week_start):
            facts.ends[(grain, start)] = end
            for basis in ("purchase_window", "calendar"):
                _add_period(facts, state, people, Span(basis, grain, start, min(end, state.as_of + DAY)))
    return facts


class Span(NamedTuple):
    """One period on one basis; ``end`` has moved to the day after ``as_of`` where the period is still open."""

    basis: str
    grain: str
    start: dt.date
    end: dt.date


def _add_period(facts: PeriodFacts, state: State, people: Shoppers, span: Span) -> None:
    basis, grain, start, end = span
    before = start_of(start - DAY, grain, state.shop.week_start)
    this, previous = people.spending(start, end), people.spending(before, start)
    if basis == "calendar":
        active_start, active_end = set(previous), set(this)
    else:
        active_start = people.active_at(start, state.shop.window_days)
        active_end = people.active_at(end, state.shop.window_days)
        previous = {}
    earlier = people.with_orders_before(start)
    new = people.first_in(start, end)
    counted = _customer_sets(active_start, active_end, new, earlier, this)
    counted["customers_ever"] = people.with_orders_before(end)
    counted["customers_repeat_ever"] = people.with_orders_before(end, at_least=2)
    counted["customers_revenue_previous"] = set(previous)
    amounts = {**_sums(this, earlier), **_revenue_flows(this, previous, new, is_zero=basis != "calendar")}
    for segment_set, keys in ({ALL: [ALL]} | state.segment_keys).items():
        label = _labels(state, segment_set, start, counted["customers_ever"])
        for key, cell in _cells(keys, label, counted, amounts).items():
            facts.cells[(basis, grain, start, segment_set, key)] = cell
        for customer in this.keys() | previous.keys():
            bought = this.get(customer, NOTHING)
            was = previous.get(customer, NOTHING).gross
            facts.shoppers[(basis, grain, start, segment_set, label[customer])].append(
                Shopper(bought.orders, bought.gross, bought.net, customer in earlier, was)
            )
    _add_guests(facts.cells[(basis, grain, start, ALL, ALL)], people, span)


def _cells(
    keys: list[str], label: dict[str, str], counted: dict[str, set[str]], amounts: dict[str, dict[str, int]]
) -> dict[str, Cell]:
    cells = {key: dict.fromkeys((*counted, *amounts, *GUEST_COLUMNS), 0) for key in keys}
    for column, members in counted.items():
        for customer in members:
            cells[label[customer]][column] += 1
    for column, parts in amounts.items():
        for customer, amount in parts.items():
            cells[label[customer]][column] += amount
    return cells


def _add_guests(total: Cell, people: Shoppers, span: Span) -> None:
    guests = [purchase for purchase in people.guests if span.start <= purchase.day < span.end]
    total["orders_count_guest"] = len(guests)
    total["revenue_gross_guest"] = sum(purchase.gross for purchase in guests)
    total["revenue_net_guest"] = sum(purchase.net for purchase in guests)


NOTHING = Spending()
GUEST_COLUMNS = ("orders_count_guest", "revenue_gross_guest", "revenue_net_guest")


def _labels(state: State, segment_set: str, day: dt.date, customers: set[str]) -> dict[str, str]:
    if segment_set == ALL:
        return dict.fromkeys(customers, ALL)
    return {customer: state.segment(segment_set, customer, day) for customer in customers}


def _customer_sets(
    active_start: set[str], active_end: set[str], new: set[str], earlier: set[str], this: dict[str, Spending]
) -> dict[str, set[str]]:
    return {
        "customers_start": active_start,
        "customers_end": active_end,
        "customers_new": new,
        "customers_new_kept": new & active_end,
        "customers_new_lost": new - active_end,
        "customers_retained": active_start & active_end,
        "customers_lost": active_start - active_end,
        "customers_reactivated": (active_end - active_start) - new,
        "customers_lapsed_start": earlier - active_start,
        "customers_ordering": set(this),
        "customers_repeat_in_period": {customer for customer, spent in this.items() if spent.orders >= 2},
        "customers_returning": set(this) & earlier,
    }


def _sums(this: dict[str, Spending], earlier: set[str]) -> dict[str, dict[str, int]]:
    back = {customer: spent for customer, spent in this.items() if customer in earlier}
    return {
        "orders_count": {customer: spent.orders for customer, spent in this.items()},
        "orders_count_returning": {customer: spent.orders for customer, spent in back.items()},
        "revenue_gross": {customer: spent.gross for customer, spent in this.items()},
        "revenue_net": {customer: spent.net for customer, spent in this.items()},
        "revenue_gross_returning": {customer: spent.gross for customer, spent in back.items()},
        "revenue_net_returning": {customer: spent.net for customer, spent in back.items()},
        "orders_sq": {customer: spent.orders**2 for customer, spent in this.items()},
        "revenue_gross_sq": {customer: spent.gross**2 for customer, spent in this.items()},
        "orders_x_revenue_gross": {customer: spent.orders * spent.gross for customer, spent in this.items()},
        "revenue_net_sq": {customer: spent.net**2 for customer, spent in this.items()},
        "orders_x_revenue_net": {customer: spent.orders * spent.net for customer, spent in this.items()},
        "revenue_gross_returning_sq": {customer: spent.gross**2 for customer, spent in back.items()},
    }


def _revenue_flows(
    this: dict[str, Spending], previous: dict[str, Spending], new: set[str], *, is_zero: bool
) -> dict[str, dict[str, int]]:
    was = {customer: spent.gross for customer, spent in previous.items()}
    now = {customer: this.get(customer, NOTHING).gross for customer in was}
    absent = {} if is_zero else {customer: spent.gross for customer, spent in this.items() if customer not in was}
    kept = {customer: min(now[customer], was[customer]) for customer in was}
    return {
        "revenue_previous": was,
        "revenue_retained_gross": kept,
        "revenue_retained_net": now,
        "revenue_new": {customer: gross for customer, gross in absent.items() if customer in new},
        "revenue_reactivation": {customer: gross for customer, gross in absent.items() if customer not in new},
        "revenue_expansion": {customer: max(now[customer] - was[customer], 0) for customer in was},
        "revenue_contraction": {customer: max(was[customer] - now[customer], 0) for customer in was if now[customer]},
        "revenue_churn": {customer: was[customer] for customer in was if not now[customer]},
        "previous_sq": {customer: gross**2 for customer, gross in was.items()},
        "retained_gross_sq": {customer: gross**2 for customer, gross in kept.items()},
        "retained_gross_x_previous": {customer: gross * was[customer] for customer, gross in kept.items()},
        "retained_net_sq": {customer: gross**2 for customer, gross in now.items()},
        "retained_net_x_previous": {customer: gross * was[customer] for customer, gross in now.items()},
    }
