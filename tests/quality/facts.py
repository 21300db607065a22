"""The marts of the small shop, computed from staging by counting.

Belongs here: loops over customers and periods. Not here: cleverness; the suites under test are clever enough.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from retention_pipeline.core.periods import Grain, period_end, period_label
from tests.quality.counting import ZERO, ids, members, money, sum_of, within
from tests.quality.facts_spread import cohort_rows, feedback_rows
from tests.quality.shop import AS_OF, BEGINNING, END, GRAINS, WINDOW, Row


def marts(staging: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """All marts."""
    orders = [row for row in staging["stg_orders"] if row["is_valid"]]
    periods = _periods()
    segments = _segments(staging)
    customer_periods = [row for period in periods for row in _customer_rows(orders, period, periods)]
    keys = sorted({(row["segment_set"], row["segment_key"]) for row in segments} | {("all", "all")})
    return {
        "dim_period": periods,
        "dim_customer": _customers(orders),
        "dim_customer_segment": segments,
        "fct_customer_period": customer_periods,
        "fct_period": [
            _period_row(basis, period, key, customer_periods, orders, segments)
            for basis in ("purchase_window", "calendar") for period in periods for key in keys
        ],
        "fct_cohort_period": list(cohort_rows(orders, periods, keys, segments)),
        "fct_feedback_period": list(feedback_rows(staging["stg_feedback"], periods, keys, segments)),
    }  # fmt: skip


def _periods() -> list[Row]:
    rows = []
    for grain in GRAINS:
        start, number = dt.date(2024, 1, 1), 1
        while start <= AS_OF:
            end = period_end(start, _grain(grain))
            rows.append(
                {
                    "calendar": "gregorian", "grain": grain, "period_start": start, "period_end": end,
                    "period_number": number, "label": period_label(start, _grain(grain)),
                    "boundary_end": min(end, AS_OF + dt.timedelta(days=1)),
                    "is_complete": end - dt.timedelta(days=1) <= AS_OF,
                }
            )  # fmt: skip
            start, number = end, number + 1
    return rows


def _grain(name: str) -> Grain:
    return "month" if name == "month" else "quarter"


def _customers(orders: list[Row]) -> list[Row]:
    rows = []
    for customer in ids(orders):
        mine = [row for row in orders if row["customer_id"] == customer]
        days = [row["order_date"] for row in mine]
        created = None if customer.startswith("f") else dt.date(2024, 1, 1)
        rows.append(
            {
                "customer_id": customer, "first_order_date": min(days), "last_order_date": max(days),
                "orders_count": len(mine), **money(mine), "created_date": created,
            }
        )  # fmt: skip
    return rows


def _segments(staging: dict[str, list[Row]]) -> list[Row]:
    unknown = {
        "customer_id": "f" * 32, "segment_set": "country", "segment_key": "(unknown)", "valid_from": BEGINNING,
        "valid_to": END,
    }  # fmt: skip
    return [*staging["stg_customer_attributes"], unknown]


def _customer_rows(orders: list[Row], period: Row, periods: list[Row]) -> Iterable[Row]:
    start, boundary = period["period_start"], period["boundary_end"]
    previous = next(
        (each for each in periods if each["grain"] == period["grain"] and each["period_end"] == start), None
    )
    for customer in ids(orders):
        mine = [row for row in orders if row["customer_id"] == customer]
        now, before = within(mine, period), [row for row in mine if row["order_date"] < start]
        then = within(mine, previous) if previous else []
        for basis in ("purchase_window", "calendar"):
            on_window = basis == "purchase_window"
            at_start = _is_active(mine, start) if on_window else bool(then)
            at_end = _is_active(mine, boundary) if on_window else bool(now)
            is_new = bool(now) and not before
            if at_start or at_end or now:
                yield {
                    **{name: period[name] for name in ("calendar", "grain", "period_start", "period_end")},
                    "basis": basis, "customer_id": customer, "is_active_start": at_start, "is_active_end": at_end,
                    "is_new": is_new, "is_retained": at_start and at_end, "is_lost": at_start and not at_end,
                    "is_reactivated": at_end and not at_start and not is_new, "is_new_kept": is_new and at_end,
                    "is_new_lost": is_new and not at_end, "is_ordering": bool(now), "orders_count": len(now),
                    **money(now), "previous_revenue_gross": ZERO if on_window else money(then)["revenue_gross"],
                    "orders_before": len(before),
                }  # fmt: skip


def _period_row(
    basis: str, period: Row, key: tuple[str, str], facts: list[Row], orders: list[Row], segments: list[Row]
) -> Row:
    belongs = members(key, period["period_start"], segments)
    rows = [
        row for row in facts
        if row["basis"] == basis and row["grain"] == period["grain"]
        and row["period_start"] == period["period_start"] and belongs(row["customer_id"])
    ]  # fmt: skip
    mine = [row for row in orders if belongs(row["customer_id"]) and row["customer_id"]]
    guests = within([row for row in orders if not row["customer_id"]], period) if key[0] == "all" else []
    ordering = [row for row in rows if row["is_ordering"]]
    returning = [row for row in ordering if not row["is_new"]]
    so_far = [row for row in mine if row["order_date"] < period["boundary_end"]]
    ever, before = ids(so_far), ids([row for row in mine if row["order_date"] < period["period_start"]])
    flags = {
        "start": "is_active_start", "end": "is_active_end", "new": "is_new", "new_kept": "is_new_kept",
        "retained": "is_retained", "lost": "is_lost", "reactivated": "is_reactivated", "new_lost": "is_new_lost",
        "ordering": "is_ordering",
    }  # fmt: skip
    counts = {f"customers_{name}": sum(row[flag] for row in rows) for name, flag in flags.items()}
    base = [row for row in rows if row["previous_revenue_gross"] > 0]
    return {
        **{name: period[name] for name in ("calendar", "grain", "period_start", "period_end")}, "basis": basis,
        "segment_set": key[0], "segment_key": key[1], **counts,
        "customers_lapsed_start": len(before) - counts["customers_start"],
        "customers_repeat_in_period": sum(row["orders_count"] >= 2 for row in rows),
        "customers_returning": len(returning), "customers_ever": len(ever),
        "customers_repeat_ever": sum(len([row for row in so_far if row["customer_id"] == one]) >= 2 for one in ever),
        "orders_count": sum_of(rows, "orders_count"), "orders_count_returning": sum_of(returning, "orders_count"),
        "orders_count_guest": len(guests), "revenue_gross": sum_of(rows, "revenue_gross"),
        "revenue_net": sum_of(rows, "revenue_net"), "revenue_gross_returning": sum_of(returning, "revenue_gross"),
        "revenue_net_returning": sum_of(returning, "revenue_net"),
        "revenue_gross_guest": sum_of(guests, "revenue_gross"), "revenue_net_guest": sum_of(guests, "revenue_net"),
        **_bridge(base, rows if basis == "calendar" else []),
        **_moments(ordering, returning, base),
    }  # fmt: skip


def _bridge(base: list[Row], rows: list[Row]) -> Row:
    changes = [(row["revenue_gross"], row["previous_revenue_gross"]) for row in base]
    others = [row for row in rows if row["previous_revenue_gross"] == 0]
    return {
        "customers_revenue_previous": len(base), "revenue_previous": sum((then for _, then in changes), ZERO),
        "revenue_retained_gross": sum((min(pair) for pair in changes), ZERO),
        "revenue_retained_net": sum((now for now, _ in changes), ZERO),
        "revenue_new": sum_of([row for row in others if row["is_new"]], "revenue_gross"),
        "revenue_reactivation": sum_of([row for row in others if not row["is_new"]], "revenue_gross"),
        "revenue_expansion": sum((max(now - then, ZERO) for now, then in changes), ZERO),
        "revenue_contraction": sum((max(then - now, ZERO) for now, then in changes if now > 0), ZERO),
        "revenue_churn": sum((then for now, then in changes if now == 0), ZERO),
    }  # fmt: skip


def _moments(ordering: list[Row], returning: list[Row], base: list[Row]) -> Row:
    def total(rows: list[Row], product: Callable[[Row], Any]) -> Any:
        return sum((product(row) for row in rows), ZERO)

    return {
        "orders_sq": total(ordering, lambda row: row["orders_count"] ** 2),
        "revenue_gross_sq": total(ordering, lambda row: row["revenue_gross"] ** 2),
        "orders_x_revenue_gross": total(ordering, lambda row: row["orders_count"] * row["revenue_gross"]),
        "revenue_net_sq": total(ordering, lambda row: row["revenue_net"] ** 2),
        "orders_x_revenue_net": total(ordering, lambda row: row["orders_count"] * row["revenue_net"]),
        "revenue_gross_returning_sq": total(returning, lambda row: row["revenue_gross"] ** 2),
        "previous_sq": total(base, lambda row: row["previous_revenue_gross"] ** 2),
        "retained_gross_sq": total(base, lambda row: _kept(row) ** 2),
        "retained_gross_x_previous": total(base, lambda row: _kept(row) * row["previous_revenue_gross"]),
        "retained_net_sq": total(base, lambda row: row["revenue_gross"] ** 2),
        "retained_net_x_previous": total(base, lambda row: row["revenue_gross"] * row["previous_revenue_gross"]),
    }


def _kept(row: Row) -> Decimal:
    return Decimal(min(row["revenue_gross"], row["previous_revenue_gross"]))


def _is_active(rows: list[Row], day: dt.date) -> bool:
    return any(0 < (day - row["order_date"]).days <= WINDOW for row in rows)
