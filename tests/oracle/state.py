"""What was known at ``as_of``: purchases, answers, the optional sources, attributes over time.

Belongs here: validity of an order, segments over time. Not here: periods and what is counted in them.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from tests.oracle.answers import CountedAnswer, Invitation, counted_answers, invitations, last_answers
from tests.oracle.books import Booked, booked_orders, control_totals
from tests.oracle.derived import derived_histories
from tests.oracle.exchange import ONE, Exchange, convert
from tests.oracle.records import Coverage, Customer, Order, Records, Shop
from tests.oracle.source_records import Benchmark, ControlTotal
from tests.oracle.source_state import (
    Interval,
    Leaver,
    OpenedTicket,
    SpendKey,
    benchmarks,
    leavers,
    spend,
    subscriptions,
    tickets,
    unrated_spend,
)
from tests.oracle.versions import known_rows, last_versions, version_order

__all__ = ["CountedAnswer", "Purchase", "State", "state_at"]

UNKNOWN = "(unknown)"
History = list[tuple[dt.date, str]]
"""(from, value), ascending; the first entry reaches back to the beginning"""


@dataclass(frozen=True, slots=True)
class Purchase:
    """A valid order on its business date; money in ten-thousandths of the shop's currency."""

    customer_id: str | None
    day: dt.date
    gross: int
    net: int
    order_id: str
    ordered_at: dt.datetime
    refund_day: dt.date | None
    margin: int | None
    """Net minus cost; None where the cost is not known."""
    constant: int
    """The gross value at the reference rate."""
    is_discounted: bool | None = None
    """None where it is not known."""


@dataclass
class State:
    """Everything known at ``as_of``."""

    shop: Shop
    as_of: dt.date
    data_through: dict[str, dt.date | None]
    purchases: list[Purchase]
    answers: list[CountedAnswer]
    has_feedback: bool
    attributes: dict[str, dict[str, History]]
    """Segment set -> customer -> history; configured sets, then the derived ones."""
    excluded: dict[str, int] = field(default_factory=dict)
    invitations: list[Invitation] = field(default_factory=list)
    subscriptions: list[Interval] = field(default_factory=list)
    tickets: list[OpenedTicket] = field(default_factory=list)
    leavers: list[Leaver] = field(default_factory=list)
    spend: dict[SpendKey, int] = field(default_factory=dict)
    unrated_spend: dict[SpendKey, int] = field(default_factory=dict)
    benchmarks: list[Benchmark] = field(default_factory=list)
    control_totals: list[ControlTotal] = field(default_factory=list)
    booked: list[Booked] = field(default_factory=list)

    def segment(self, segment_set: str, customer: str, day: dt.date) -> str:
        """The value of a customer's attribute as known on ``day``."""
        history = self.attributes[segment_set].get(customer)
        if history is None:
            return UNKNOWN
        if len(history) == 1:
            return history[0][1]
        return history[bisect_right(history, day, key=lambda entry: entry[0]) - 1][1]

    @cached_property
    def people(self) -> set[str]:
        """Every customer that a source with facts names."""
        named: set[str | None] = {row.customer_id for row in self.purchases}
        named |= {row.customer_id for row in self.answers} | {row.customer_id for row in self.invitations}
        named |= {row.customer_id for row in self.subscriptions} | {row.customer_id for row in self.tickets}
        return {customer for customer in named if customer is not None}

    @cached_property
    def segment_keys(self) -> dict[str, list[str]]:
        """Every known key of each segment set."""
        keys = {}
        for name, histories in self.attributes.items():
            found = {value for history in histories.values() for _, value in history}
            if self.people - histories.keys():
                found.add(UNKNOWN)
            keys[name] = sorted(found)
        return keys

    @cached_property
    def has_costs(self) -> bool:
        """Whether any order carries a cost; a shop that never delivers one has no margin, not a margin of 0."""
        return any(purchase.margin is not None for purchase in self.purchases)

    @property
    def configured_keys(self) -> dict[str, list[str]]:
        """Every known key of each segment set but the derived ones."""
        return {name: self.segment_keys[name] for name in self.shop.segments}


def state_at(records: Records, shop: Shop, as_of: dt.date) -> State:
    """The state of the shop as known on ``as_of``."""
    excluded: dict[str, int] = defaultdict(int)
    exchange = Exchange(records, shop, as_of)
    answers = last_answers(records, as_of)
    state = State(
        shop=shop,
        as_of=as_of,
        data_through={name: coverage.data_through(as_of) for name, coverage in records.coverage.items()},
        purchases=_purchases(records, shop, as_of, exchange, excluded),
        answers=counted_answers(answers, shop, as_of),
        has_feedback=records.feedback is not None,
        attributes={name: _attribute_histories(records, name, as_of) for name in shop.segments},
        excluded=excluded,
        invitations=invitations(answers, shop, as_of),
        subscriptions=subscriptions(records, shop, as_of, exchange),
        tickets=tickets(records, shop, as_of),
        leavers=leavers(records, shop, as_of),
        spend=spend(records, shop, as_of, exchange),
        unrated_spend=unrated_spend(records, shop, as_of, exchange),
        benchmarks=benchmarks(records, as_of),
        control_totals=control_totals(records, as_of),
        booked=booked_orders(records, shop, as_of, exchange) if "control_totals" in shop.sources else [],
    )
    state.attributes.update(derived_histories(state))
    return state


def _purchases(
    records: Records, shop: Shop, as_of: dt.date, exchange: Exchange, excluded: dict[str, int]
) -> list[Purchase]:
    found = []
    for order in last_versions(known_rows(records.orders, records.coverage["orders"], as_of), lambda row: row.order_id):
        day = shop.business_date(order.ordered_at)
        rate = exchange.rate(order.currency, day)
        gross = convert(order.amount, ONE if rate is None else rate)
        if order.status in shop.excluded_statuses:
            excluded[f"status_{order.status}"] += 1
        elif gross <= convert(shop.minimum_amount, ONE):
            excluded["non_positive_amount"] += 1
        elif rate is None:
            excluded["no_fx_rate"] += 1
        elif day > as_of:
            excluded["after_as_of"] += 1
        else:
            net = gross - convert(order.refund_amount, rate)
            margin = None if order.cost_amount is None else net - convert(order.cost_amount, rate)
            constant = convert(order.amount, exchange.reference_rate(order.currency))
            refunded = _refund_day(order, day, shop, as_of)
            is_discounted = None if order.discount_amount is None else order.discount_amount > 0
            found.append(
                Purchase(
                    order.customer_id, day, gross, net, order.order_id, order.ordered_at, refunded, margin, constant,
                    is_discounted,
                )
            )  # fmt: skip
    return found


def _refund_day(order: Order, day: dt.date, shop: Shop, as_of: dt.date) -> dt.date | None:
    if order.refund_amount == 0:
        return None
    paid = order.refunded_at or order.updated_at
    return min(max(day if paid is None else shop.business_date(paid), day), as_of)


def _attribute_histories(records: Records, name: str, as_of: dt.date) -> dict[str, History]:
    coverage = records.coverage.get("customers", Coverage())
    versions: dict[str, list[Customer]] = defaultdict(list)
    for row in records.customers:
        if row.known_date <= as_of:
            versions[row.customer_id].append(row)
    histories = {}
    for customer, rows in versions.items():
        history: History = []
        for day in sorted({row.known_date for row in rows}):
            if coverage.is_snapshot and coverage.is_dated:
                state = [row for row in rows if row.known_date == day]
            else:
                state = [row for row in rows if row.known_date <= day]
            value = (max(state, key=version_order).attributes.get(name) or "").strip() or UNKNOWN
            if not history or history[-1][1] != value:
                history.append((day if history else dt.date.min, value))
        histories[customer] = history
    return histories
