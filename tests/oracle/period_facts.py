"""``fct_period`` a second time: sets of customers per period, counted per segment.

Belongs here: every column of the fact and, for intervals, the list of customers behind each cell.
Not here: rates, the money of single customers (``period_flows``).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from tests.oracle.activity import Shoppers, Spending, Subscribers
from tests.oracle.calendars import DAY, periods, start_of
from tests.oracle.derived import calendar_start
from tests.oracle.period_flows import (
    MONEY_COLUMNS,
    SQUARE_COLUMNS,
    Amounts,
    Worth,
    order_sums,
    refund_sums,
    revenue_flows,
)
from tests.oracle.records import MONEY_SCALE, SQUARE_SCALE
from tests.oracle.state import State

ALL = "all"
BASES = ("purchase_window", "calendar", "subscription")
Cell = dict[str, int]
PeriodKey = tuple[str, str, dt.date, str, str]
"""basis, grain, period_start, segment_set, segment_key"""
first_day = calendar_start


class Shopper(NamedTuple):
    """One customer behind a cell: what was bought in the period; what was worth before and is now (the bridge)."""

    spent: Spending
    is_returning: bool
    previous: int
    current: int


@dataclass
class PeriodFacts:
    """Cells of ``fct_period`` in whole units, and the customers behind them."""

    cells: dict[PeriodKey, Cell] = field(default_factory=dict)
    ends: dict[tuple[str, dt.date], dt.date] = field(default_factory=dict)
    shoppers: dict[PeriodKey, list[Shopper]] = field(default_factory=lambda: defaultdict(list))
    members: dict[tuple[str, str, dt.date], Members] = field(default_factory=dict)


class Members(NamedTuple):
    """Who is where in one period on one basis."""

    start: set[str]
    end: set[str]
    new: set[str]
    earlier: set[str]
    """Began before the period."""
    present: set[str]
    """Ordered (or began to subscribe) in the period."""
    before: Worth
    now: Worth


def scaled(column: str, units: int) -> int | Decimal:
    """A cell as the table holds it: money and squares as decimals, counts as they are."""
    if column in MONEY_COLUMNS:
        return Decimal(units) / MONEY_SCALE
    if column in SQUARE_COLUMNS:
        return Decimal(units) / SQUARE_SCALE
    return units


def period_facts(state: State) -> PeriodFacts:
    """Every cell of ``fct_period``."""
    facts = PeriodFacts()
    first = first_day(state)
    if first is None:
        return facts
    people, subscribers = Shoppers(state.purchases), Subscribers(state.subscriptions)
    bases = [basis for basis in BASES if basis != "subscription" or "subscriptions" in state.shop.sources]
    for grain in state.shop.grains:
        for start, end in periods(first, state.as_of, grain, state.shop.week_start):
            facts.ends[(grain, start)] = end
            for basis in bases:
                span = Span(basis, grain, start, min(end, state.as_of + DAY))
                members = _members(state, people, subscribers, span)
                facts.members[span[:3]] = members
                _add_period(facts, state, people, members, span)
    return facts


class Span(NamedTuple):
    """One period on one basis; ``end`` has moved to the day after ``as_of`` where the period is still open."""

    basis: str
    grain: str
    start: dt.date
    end: dt.date


def _members(state: State, people: Shoppers, subscribers: Subscribers, span: Span) -> Members:
    basis, grain, start, end = span
    if basis == "subscription":
        before, now = subscribers.recurring(start), subscribers.recurring(end)
        began = {name for name, held in subscribers.spells().items() if any(start <= day < end for day, _ in held)}
        earlier = subscribers.first_in(dt.date.min, start)
        return Members(set(before), set(now), subscribers.first_in(start, end), earlier, began, before, now)
    this = people.spending(start, end)
    earlier, new = people.with_orders_before(start), people.first_in(start, end)
    if basis == "calendar":
        previous = people.spending(start_of(start - DAY, grain, state.shop.week_start), start)
        return Members(set(previous), set(this), new, earlier, set(this), _worth(previous), _worth(this))
    window = state.shop.window_days
    active = people.active_at(start, window), people.active_at(end, window)
    return Members(*active, new, earlier, set(this), {}, {})


def _worth(spending: dict[str, Spending]) -> Worth:
    return {customer: (spent.gross, spent.constant) for customer, spent in spending.items()}


class Labels(dict[str, str]):
    """The segment of each customer on a day, looked up when it is asked for."""

    def __init__(self, state: State, segment_set: str, day: dt.date) -> None:
        super().__init__()
        self.state, self.segment_set, self.day = state, segment_set, day

    def __missing__(self, customer: str) -> str:
        is_all = self.segment_set == ALL
        self[customer] = label = ALL if is_all else self.state.segment(self.segment_set, customer, self.day)
        return label


def _add_period(facts: PeriodFacts, state: State, people: Shoppers, members: Members, span: Span) -> None:
    basis, grain, start, end = span
    this = people.spending(start, end)
    returning = people.with_orders_before(start)
    refunds, guest_refunds = refund_sums(people, start, end)
    counted = _customer_sets(members) | {
        "customers_ordering": set(this),
        "customers_repeat_in_period": {customer for customer, spent in this.items() if spent.orders >= 2},
        "customers_returning": set(this) & returning,
        "customers_ever": people.with_orders_before(end),
        "customers_repeat_ever": people.with_orders_before(end, at_least=2),
        "customers_refunded": set(refunds["refunds_by_refund_date"]),
    }
    amounts = {**order_sums(this, returning), **refunds, **revenue_flows(members.now, members.before, members.new)}
    for segment_set, keys in ({ALL: [ALL]} | state.segment_keys).items():
        label = Labels(state, segment_set, start)
        for key, cell in _cells(keys, label, counted, amounts).items():
            facts.cells[(basis, grain, start, segment_set, key)] = cell
        for customer in this.keys() | members.before.keys() | members.now.keys():
            was, now = members.before.get(customer, (0, 0))[0], members.now.get(customer, (0, 0))[0]
            facts.shoppers[(basis, grain, start, segment_set, label[customer])].append(
                Shopper(this.get(customer, NOTHING), customer in returning, was, now)
            )
    _add_guests(facts.cells[(basis, grain, start, ALL, ALL)], people, span, guest_refunds)


def _cells(keys: list[str], label: Labels, counted: dict[str, set[str]], amounts: Amounts) -> dict[str, Cell]:
    cells = {key: dict.fromkeys((*counted, *amounts, *GUEST_COLUMNS), 0) for key in keys}
    for column, members in counted.items():
        for customer in members:
            cells[label[customer]][column] += 1
    for column, parts in amounts.items():
        for customer, amount in parts.items():
            cells[label[customer]][column] += amount
    return cells


def _add_guests(total: Cell, people: Shoppers, span: Span, refunds: dict[str, int]) -> None:
    guests = [purchase for purchase in people.guests if span.start <= purchase.day < span.end]
    total["orders_count_guest"] = len(guests)
    total["revenue_gross_guest"] = sum(purchase.gross for purchase in guests)
    total["revenue_net_guest"] = sum(purchase.net for purchase in guests)
    total.update(refunds)


NOTHING = Spending()
GUEST_COLUMNS = ("orders_count_guest", "revenue_gross_guest", "revenue_net_guest", "refunds_by_order_date_guest",
                 "refunds_by_refund_date_guest")  # fmt: skip


def _customer_sets(members: Members) -> dict[str, set[str]]:
    start, end, new = members.start, members.end, members.new
    return {
        "customers_start": start,
        "customers_end": end,
        "customers_active": start | end | members.present,
        "customers_new": new,
        "customers_new_kept": new & end,
        "customers_new_lost": new - end,
        "customers_retained": start & end,
        "customers_lost": start - end,
        "customers_reactivated": (end - start) - new,
        "customers_lapsed_start": members.earlier - start,
        "customers_revenue_previous": {customer for customer, worth in members.before.items() if worth[0]},
    }
