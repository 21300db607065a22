"""Money of one period and how it moved since the one before, customer by customer.

Belongs here: the amounts behind ``fct_period``. Not here: who is counted in which cell (``period_facts``).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from tests.oracle.activity import Shoppers, Spending

Amounts = dict[str, dict[str, int]]
"""Column -> customer -> amount"""
Worth = dict[str, tuple[int, int]]
"""Customer -> money as reported and at the reference rate"""

MONEY_COLUMNS = frozenset(
    f"revenue_{name}"
    for name in (
        "gross", "net", "gross_returning", "net_returning", "gross_guest", "net_guest", "previous", "retained_gross",
        "retained_net", "new", "reactivation", "expansion", "contraction", "churn", "current", "fx",
        "previous_constant", "retained_gross_constant", "retained_net_constant",
    )
) | {
    "orders_x_revenue_gross", "orders_x_revenue_net", "orders_x_revenue_gross_returning", "margin",
    "refunds_by_order_date", "refunds_by_refund_date", "refunds_by_order_date_guest", "refunds_by_refund_date_guest",
}  # fmt: skip
SQUARE_COLUMNS = frozenset(
    {"revenue_gross_sq", "revenue_net_sq", "revenue_gross_returning_sq", "previous_sq", "retained_gross_sq",
     "retained_gross_x_previous", "retained_net_sq", "retained_net_x_previous", "margin_sq"}
)  # fmt: skip


def order_sums(this: dict[str, Spending], earlier: set[str]) -> Amounts:
    """Orders and money of each customer in the period; ``earlier`` ordered before it as well."""
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
        "orders_count_returning_sq": {customer: spent.orders**2 for customer, spent in back.items()},
        "orders_x_revenue_gross_returning": {customer: spent.orders * spent.gross for customer, spent in back.items()},
        "orders_costed": {customer: spent.costed for customer, spent in this.items()},
        "margin": {customer: spent.margin for customer, spent in this.items()},
        "margin_sq": {customer: spent.margin**2 for customer, spent in this.items()},
    }


def refund_sums(people: Shoppers, start: dt.date, end: dt.date) -> tuple[Amounts, dict[str, int]]:
    """Refunds of customers by both dates, and those of guests."""
    known: Amounts = {"refunds_by_order_date": defaultdict(int), "refunds_by_refund_date": defaultdict(int)}
    guests = {"refunds_by_order_date_guest": 0, "refunds_by_refund_date_guest": 0}
    for purchase in people.refunded:
        for name, day in (("order", purchase.day), ("refund", purchase.refund_day)):
            if day is not None and start <= day < end:
                amount = purchase.gross - purchase.net
                if purchase.customer_id is None:
                    guests[f"refunds_by_{name}_date_guest"] += amount
                else:
                    known[f"refunds_by_{name}_date"][purchase.customer_id] += amount
    return known, guests


def revenue_flows(now: Worth, before: Worth, new: set[str]) -> Amounts:
    """From the money of the previous period to this one's; movements at the reference rate, the rest as reported."""
    was = {customer: worth[0] for customer, worth in before.items() if worth[0]}
    gross = {customer: now.get(customer, (0, 0))[0] for customer in was}
    kept = {customer: min(gross[customer], was[customer]) for customer in was}
    was_fixed = {customer: before[customer][1] for customer in was}
    fixed = {customer: now.get(customer, (0, 0))[1] for customer in was}
    kept_fixed = {customer: min(fixed[customer], was_fixed[customer]) for customer in was}
    gained = {customer: worth[1] for customer, worth in now.items() if worth[0] and customer not in was}
    every = now.keys() | was.keys()
    none = (0, 0)
    return {
        "revenue_previous": was,
        "revenue_current": {customer: worth[0] for customer, worth in now.items()},
        "revenue_fx": {
            customer: (now.get(customer, none)[0] - was.get(customer, 0))
            - (now.get(customer, none)[1] - was_fixed.get(customer, 0))
            for customer in every
        },
        "revenue_retained_gross": kept,
        "revenue_retained_net": gross,
        "revenue_previous_constant": was_fixed,
        "revenue_retained_gross_constant": kept_fixed,
        "revenue_retained_net_constant": fixed,
        "revenue_new": {customer: amount for customer, amount in gained.items() if customer in new},
        "revenue_reactivation": {customer: amount for customer, amount in gained.items() if customer not in new},
        "revenue_expansion": {customer: max(fixed[customer] - was_fixed[customer], 0) for customer in was},
        "revenue_contraction": {
            customer: max(was_fixed[customer] - fixed[customer], 0) for customer in was if gross[customer]
        },
        "revenue_churn": {customer: was_fixed[customer] for customer in was if not gross[customer]},
        "previous_sq": {customer: amount**2 for customer, amount in was.items()},
        "retained_gross_sq": {customer: amount**2 for customer, amount in kept.items()},
        "retained_gross_x_previous": {customer: amount * was[customer] for customer, amount in kept.items()},
        "retained_net_sq": {customer: amount**2 for customer, amount in gross.items()},
        "retained_net_x_previous": {customer: amount * was[customer] for customer, amount in gross.items()},
    }
