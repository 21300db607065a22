"""Counts what is true about the orders of a simulated shop.

Belongs here: orders and revenue, in total and by month. Not here: customers (``truth_people``), other sources
(``truth_service``).
"""

from __future__ import annotations

from collections import Counter

from retention_pipeline.demo.population import GUEST
from retention_pipeline.demo.purchases import Order
from retention_pipeline.demo.rates import CURRENCY, Rates
from retention_pipeline.demo.rhythm import DAY, Span
from retention_pipeline.demo.truth import Month, Truth

EXCLUDED_STATES = {"annulled": "status_cancelled", "staff_test": "status_test"}


def count_orders(truth: Truth, orders: list[Order], rates: Rates, span: Span) -> None:
    """Add what is true about orders."""
    truth.months = {f"{span.date(day):%Y-%m}": Month() for day in range(span.days)}
    per_customer: Counter[int] = Counter()
    excluded: Counter[str] = Counter()
    ordering: dict[str, set[int]] = {name: set() for name in truth.months}
    for order in orders:
        if order.is_lost:
            continue
        truth.orders_sent += 1
        if reason := _exclusion(order, rates):
            excluded[reason] += 1
            continue
        name = f"{span.date(order.day):%Y-%m}"
        _add(truth, truth.months[name], order, rates, span)
        if order.customer == GUEST:
            truth.months[name].orders_guest += 1
            truth.orders_guest += 1
        else:
            truth.months[name].customers_new += order.customer not in per_customer
            per_customer[order.customer] += 1
            ordering[name].add(order.customer)
    for name, customers in ordering.items():
        truth.months[name].customers_ordering = len(customers)
    truth.orders_excluded = dict(sorted(excluded.items()))
    truth.customers_with_valid_order = len(per_customer)
    truth.customers_repeat = sum(count > 1 for count in per_customer.values())


def _exclusion(order: Order, rates: Rates) -> str:
    """Why an order is no purchase; empty when it is one."""
    if order.final.state in EXCLUDED_STATES:
        return EXCLUDED_STATES[order.final.state]
    if order.final.cents <= 0:
        return "non_positive_amount"
    return "" if rates.on(order.currency, order.day) is not None else "no_fx_rate"


def _add(truth: Truth, month: Month, order: Order, rates: Rates, span: Span) -> None:
    """Add one valid order; every amount is converted at the rate of the day of the order."""
    paid, refunded, cost = (
        rates.converted(cents, order.currency, order.day) or 0
        for cents in (order.final.cents, order.final.refunded, order.cost)
    )
    is_foreign = order.currency != CURRENCY
    for holder in (truth, month):
        holder.revenue_gross += paid
        holder.revenue_net += paid - refunded
        holder.orders_foreign += is_foreign
    month.orders += 1
    month.cost += cost
    truth.orders_valid += 1
    truth.orders_refunded += refunded > 0
    truth.orders_discounted += order.discount > 0
    if order.final.paid_back is not None:
        truth.months[f"{span.date(order.final.paid_back // DAY):%Y-%m}"].refunded_by_refund_date += refunded
