"""Metric rows of what was bought: how often, for how much, by whom again; refunds and margin.

Belongs here: section 6 of the definitions over the cells of ``period_facts``. Not here: time between orders
(``waiting_metrics``), concentration (``spread_metrics``).
"""

from __future__ import annotations

import math
from decimal import Decimal

from tests.oracle import intervals
from tests.oracle.period_facts import ALL, Cell, Shopper
from tests.oracle.records import MONEY_SCALE
from tests.oracle.rows import Place, Rows


def money(units: int) -> Decimal:
    """Ten-thousandths as money."""
    return Decimal(units) / MONEY_SCALE


def buying_rates(rows: Rows, place: Place, cell: Cell, shoppers: list[Shopper]) -> None:
    buyers = [shopper for shopper in shoppers if shopper.spent.orders]
    n, orders = cell["customers_ordering"], cell["orders_count"]
    repeat, back = cell["customers_repeat_in_period"], cell["customers_returning"]
    again, ever = cell["customers_repeat_ever"], cell["customers_ever"]
    rows.add("repeat_customer_rate.in_period", place, repeat, n, n=n, ci=intervals.wilson(repeat, n))
    rows.add("repeat_customer_rate.returning", place, back, n, n=n, ci=intervals.wilson(back, n))
    rows.add("repeat_customer_rate.lifetime", place, again, ever, n=ever, ci=intervals.wilson(again, ever))
    frequency = intervals.within(intervals.mean([shopper.spent.orders for shopper in buyers]), 1)
    rows.add("purchase_frequency.standard", place, orders, n, n=n, ci=frequency)
    for variant in ("gross", "net"):
        amounts = [getattr(shopper.spent, variant) for shopper in buyers]
        pairs = [(amount / MONEY_SCALE, shopper.spent.orders) for amount, shopper in zip(amounts, buyers, strict=True)]
        name = f"average_order_value.{variant}"
        spread = intervals.within(intervals.ratio(pairs), 0 if variant == "gross" else -math.inf)
        rows.add(name, place, money(sum(amounts)), orders, n=n, ci=spread, is_money=True)
    shares = [(shopper.spent.gross if shopper.is_returning else 0, shopper.spent.gross) for shopper in buyers]
    returning, revenue = money(cell["revenue_gross_returning"]), money(cell["revenue_gross"])
    spread = intervals.within(intervals.ratio(shares), 0, 1)
    rows.add("revenue_share.returning", place, returning, revenue, n=n, ci=spread)
    _uplift(rows, place, cell, buyers)


def buying_sums(rows: Rows, place: Place, cell: Cell) -> None:
    n, orders = cell["customers_ordering"], cell["orders_count"]
    revenue, guest_orders = money(cell["revenue_gross"]), cell["orders_count_guest"]
    guest_revenue = money(cell["revenue_gross_guest"])
    rows.add("revenue_decomposition.customers", place, n, n=n)
    rows.add("revenue_decomposition.frequency", place, orders, n, n=n)
    rows.add("revenue_decomposition.order_value", place, revenue, orders, n=n, is_money=True)
    rows.add("revenue_decomposition.revenue", place, revenue, n=n, is_money=True)
    rows.add("orders.standard", place, orders, n=n)
    rows.add("revenue.gross", place, revenue, n=n, is_money=True)
    rows.add("revenue.net", place, money(cell["revenue_net"]), n=n, is_money=True)
    if place.segment_set == ALL:
        # Nobody knows who the guests are: each guest order stands for a customer of its own.
        every = (revenue + guest_revenue, orders + guest_orders)
        rows.add("average_order_value.all_orders", place, *every, n=n + guest_orders, is_money=True)
        rows.add("orders.guest", place, guest_orders, n=guest_orders)
        rows.add("revenue.guest_gross", place, guest_revenue, n=guest_orders, is_money=True)
        rows.add("revenue.guest_net", place, money(cell["revenue_net_guest"]), n=guest_orders, is_money=True)
        for name in ("order_date", "refund_date"):
            refunded = money(cell[f"refunds_by_{name}_guest"])
            rows.add(f"refunds.guest_{name}", place, refunded, n=guest_orders, is_money=True)
    _refunds_and_margin(rows, place, cell)


def _refunds_and_margin(rows: Rows, place: Place, cell: Cell) -> None:
    n = cell["customers_ordering"]
    by_order_date, by_refund_date = money(cell["refunds_by_order_date"]), money(cell["refunds_by_refund_date"])
    rows.add("refunds.order_date", place, by_order_date, n=n, is_money=True)
    rows.add("refunds.refund_date", place, by_refund_date, n=cell["customers_refunded"], is_money=True)
    rest = money(cell["revenue_gross"]) - by_refund_date
    behind = n or cell["customers_refunded"]
    rows.add("revenue.net_by_refund_date", place, rest, n=behind, is_money=True)
    if not rows.state.has_costs or cell["orders_costed"] != cell["orders_count"]:
        for name in ("margin.standard", "margin_rate.standard"):
            rows.add_without_value(name, place, "source_absent")
        return
    margin = money(cell["margin"])
    rows.add("margin.standard", place, margin, n=n, is_money=True)
    rows.add("margin_rate.standard", place, margin, money(cell["revenue_net"]), n=n)


def _uplift(rows: Rows, place: Place, cell: Cell, buyers: list[Shopper]) -> None:
    """Order value of returning customers against new ones: two independent ratios of sums."""
    groups = [[one for one in buyers if one.is_returning is wanted] for wanted in (True, False)]
    orders = [sum(one.spent.orders for one in group) for group in groups]
    revenue = [sum(one.spent.gross for one in group) for group in groups]
    n = cell["customers_ordering"]
    # Both groups are in the value: the smaller one is who could be recognised.
    smaller = min((len(group) for group in groups if group), default=0)
    if not all(orders):
        rows.add_undefined("order_value_uplift.returning", place, people=smaller)
        return
    relative = [
        intervals.relative_variance([(one.spent.gross / MONEY_SCALE, one.spent.orders) for one in group])
        for group in groups
    ]
    ratio = revenue[0] * orders[1] / (orders[0] * revenue[1])
    ci = None
    if relative[0] is not None and relative[1] is not None:
        half = intervals.Z * ratio * math.sqrt(relative[0] + relative[1])
        ci = intervals.within((ratio - 1 - half, ratio - 1 + half), -1)
    value_of_new = revenue[1] / MONEY_SCALE / orders[1]
    rows.add_estimate("order_value_uplift.returning", place, ratio - 1, value_of_new, n=n, people=smaller, ci=ci)
