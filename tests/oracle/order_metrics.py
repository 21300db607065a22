"""Metric rows of orders: customers and rates on both bases, revenue retention, buying behaviour.

Belongs here: sections 4 and 6 of the definitions over the cells of ``period_facts``. Not here: cohorts, feedback.
"""

from __future__ import annotations

import math
from decimal import Decimal

from tests.oracle import intervals
from tests.oracle.period_facts import ALL, Cell, PeriodFacts, Shopper
from tests.oracle.records import MONEY_SCALE
from tests.oracle.rows import Place, Rows

CUSTOMER_COUNTS = ("start", "end", "new", "new_kept", "retained", "lost", "reactivated", "new_lost", "ordering")


def money(units: int) -> Decimal:
    """Ten-thousandths as money."""
    return Decimal(units) / MONEY_SCALE


def order_rows(facts: PeriodFacts, rows: Rows) -> None:
    """Every metric row that comes from ``fct_period``."""
    for key, cell in facts.cells.items():
        basis, grain, start, segment_set, segment_key = key
        place = Place(basis, grain, start, facts.ends[(grain, start)], segment_set, segment_key)
        _customer_retention(rows, place, cell)
        if basis == "calendar":
            shoppers = facts.shoppers.get(key, [])
            _revenue_retention(rows, place, cell, shoppers)
            _buying_rates(rows, place, cell, shoppers)
            _buying_sums(rows, place, cell)


def _customer_retention(rows: Rows, place: Place, cell: Cell) -> None:
    for name in CUSTOMER_COUNTS:
        count = cell[f"customers_{name}"]
        rows.add(f"customers.{name}", place, count, n=count)
    base, lost = cell["customers_start"], cell["customers_lost"]
    kept = cell["customers_retained"]
    rows.add("customer_retention_rate.set_based", place, kept, base, n=base, ci=intervals.wilson(kept, base))
    grown = cell["customers_end"] - cell["customers_new"]
    rows.add("customer_retention_rate.count_based", place, grown, base, n=base)
    bridge = cell["customers_reactivated"] - cell["customers_new_lost"]
    rows.add("customer_retention_rate.bridge", place, bridge, base, n=base)
    rows.add("customer_churn_rate.base_leavers", place, lost, base, n=base, ci=intervals.wilson(lost, base))
    rows.add("customer_churn_rate.all_leavers", place, lost + cell["customers_new_lost"], base, n=base)
    back, lapsed = cell["customers_reactivated"], cell["customers_lapsed_start"]
    rows.add("reactivation_rate.standard", place, back, lapsed, n=lapsed, ci=intervals.wilson(back, lapsed))


def _revenue_retention(rows: Rows, place: Place, cell: Cell, shoppers: list[Shopper]) -> None:
    previous = cell["revenue_previous"]
    base = [shopper for shopper in shoppers if shopper.previous]
    kept = {
        "gross": [(min(one.gross, one.previous), one.previous) for one in base],
        "net": [(one.gross, one.previous) for one in base],
    }
    for variant, pairs in kept.items():
        interval = intervals.within(intervals.ratio(pairs), 0, 1 if variant == "gross" else math.inf)
        retained = cell[f"revenue_retained_{variant}"]
        rows.add(f"revenue_retention.{variant}", place, money(retained), money(previous), n=len(base), ci=interval)
        mirrored = None if interval is None else (1 - interval[1], 1 - interval[0])
        rows.add(
            f"revenue_churn.{variant}", place, money(previous - retained), money(previous), n=len(base), ci=mirrored
        )
    gained = cell["revenue_new"] + cell["revenue_reactivation"] + cell["revenue_expansion"]
    drained = cell["revenue_churn"] + cell["revenue_contraction"]
    rows.add("quick_ratio.standard", place, money(gained), money(drained), n=len(shoppers))
    behind = {
        "previous": len(base),
        "new": cell["customers_new"],
        "expansion": cell["customers_retained"],
        "reactivation": cell["customers_reactivated"],
        "contraction": cell["customers_retained"],
        "churn": cell["customers_lost"],
        "current": cell["customers_ordering"],
    }
    smallest = min((n for n in behind.values() if n), default=0)
    for name, n in behind.items():
        amount = cell["revenue_gross" if name == "current" else f"revenue_{name}"]
        # The parts add up exactly: one that is hidden alone would follow from the others.
        rows.add(f"revenue_bridge.{name}", place, money(amount), n=n, people=smallest, is_money=True)


def _buying_rates(rows: Rows, place: Place, cell: Cell, shoppers: list[Shopper]) -> None:
    buyers = [shopper for shopper in shoppers if shopper.orders]
    n, orders = cell["customers_ordering"], cell["orders_count"]
    repeat, back = cell["customers_repeat_in_period"], cell["customers_returning"]
    again, ever = cell["customers_repeat_ever"], cell["customers_ever"]
    rows.add("repeat_customer_rate.in_period", place, repeat, n, n=n, ci=intervals.wilson(repeat, n))
    rows.add("repeat_customer_rate.returning", place, back, n, n=n, ci=intervals.wilson(back, n))
    rows.add("repeat_customer_rate.lifetime", place, again, ever, n=ever, ci=intervals.wilson(again, ever))
    frequency = intervals.within(intervals.mean([shopper.orders for shopper in buyers]), 1)
    rows.add("purchase_frequency.standard", place, orders, n, n=n, ci=frequency)
    for variant, amounts in {
        "gross": [shopper.gross for shopper in buyers],
        "net": [shopper.net for shopper in buyers],
    }.items():
        pairs = [(amount / MONEY_SCALE, shopper.orders) for amount, shopper in zip(amounts, buyers, strict=True)]
        name = f"average_order_value.{variant}"
        spread = intervals.within(intervals.ratio(pairs), 0 if variant == "gross" else -math.inf)
        rows.add(name, place, money(sum(amounts)), orders, n=n, ci=spread, is_money=True)
    shares = [(shopper.gross if shopper.is_returning else 0, shopper.gross) for shopper in buyers]
    returning, revenue = money(cell["revenue_gross_returning"]), money(cell["revenue_gross"])
    spread = intervals.within(intervals.ratio(shares), 0, 1)
    rows.add("revenue_share.returning", place, returning, revenue, n=n, ci=spread)


def _buying_sums(rows: Rows, place: Place, cell: Cell) -> None:
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
