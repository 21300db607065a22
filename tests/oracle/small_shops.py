"""Small shops written by hand, for tests of the oracle.

Belongs here: building records and finding one metric row. Not here: expectations.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from tests.oracle.period_facts import ALL
from tests.oracle.records import Answer, Coverage, Customer, Order, Records, Shop
from tests.oracle.rows import Row
from tests.oracle.world import World, compute

SHOP = Shop(
    timezone="Europe/Berlin", currency="EUR", window_days=90, grains=("month",), cohort_grains=("month",),
    week_start="monday", segments=(), excluded_statuses=("cancelled", "void", "test", "fraud"),
    minimum_amount=Decimal(0), min_cell_size=5, open_ended_cohorts=False,
)  # fmt: skip


def order(number: int, customer: str | None, day: str, amount: str = "10", status: str = "paid") -> Order:
    at = dt.datetime.fromisoformat(f"{day}T12:00:00")
    return Order(str(number), customer, at, None, status, Decimal(amount), Decimal(0), at.date(), number)


def world(
    orders: list[Order],
    as_of: str,
    shop: Shop = SHOP,
    *,
    customers: list[Customer] | None = None,
    feedback: list[Answer] | None = None,
) -> World:
    through = dt.date.fromisoformat(as_of)
    coverage = {name: Coverage(history_through=through) for name in ("orders", "customers", "feedback")}
    return compute(Records(orders, customers or [], feedback, coverage), shop, through)


def metric(found: World, name: str, start: str, basis: str = "purchase_window", key: str = ALL) -> Row:
    wanted = tuple(name.split("."))
    day = dt.date.fromisoformat(start)
    (row,) = (
        row
        for row in found.metrics
        if (row.metric, row.variant) == wanted
        and (row.place.period_start, row.place.basis, row.place.segment_key) == (day, basis, key)
    )
    return row
