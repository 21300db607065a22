"""What the marts of the small shop are counted with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.quality.shop import Row

ZERO = Decimal(0)


def members(key: tuple[str, str], day: dt.date, segments: list[Row]) -> Callable[[str | None], bool]:
    if key[0] == "all":
        return lambda _: True
    inside = {
        row["customer_id"]
        for row in segments
        if row["segment_key"] == key[1] and row["valid_from"] <= day < row["valid_to"]
    }
    return lambda customer: customer in inside


def within(rows: list[Row], period: Row) -> list[Row]:
    return [row for row in rows if period["period_start"] <= row["order_date"] < period["period_end"]]


def ids(rows: list[Row]) -> list[str]:
    return sorted({row["customer_id"] for row in rows if row["customer_id"]})


def sum_of(rows: list[Row], name: str) -> Any:
    return sum((row[name] for row in rows), ZERO)


def money(rows: list[Row]) -> Row:
    return {"revenue_gross": sum_of(rows, "revenue_gross"), "revenue_net": sum_of(rows, "revenue_net")}
