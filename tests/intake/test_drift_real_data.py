"""The comparison with what came before, on shops that nobody made up: false alarms, and changes that are noticed."""

from __future__ import annotations

import datetime as dt
import math
import string
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from retention_pipeline.intake.drift import FORM, SIZE, STEPS_PER_DECADE, History, Profile, form_of
from tests.oracle import real_data

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not real_data.DATA.exists(), reason=real_data.ABSENT),
]

Row = tuple[str, str | None, float]
"""Order, customer, amount."""
_PATTERN = str.maketrans(
    string.ascii_uppercase + string.ascii_lowercase + string.digits, "A" * 26 + "a" * 26 + "9" * 10
)
SHOPS = {
    "online_retail": (
        "online_retail/order_lines.parquet",
        "min(invoice_ts), invoice_no, max(customer_id), sum(unit_price * quantity) filter (quantity > 0)",
        "invoice_no",
    ),
    "olist": (
        "olist_20k/orders.parquet",
        "order_ts, order_id, customer_unique_id, coalesce(amount, payment_value)",
        "",
    ),
    "cdnow": ("cdnow_sample/orders.parquet", "order_ts, order_id, customer_id, amount", ""),
}
MONEY: dict[str, Callable[[float], float]] = {
    "cents": lambda amount: amount * 100,
    "thousands": lambda amount: amount / 1000,
    "cents taken for the unit": lambda amount: amount / 100,
}
IDS: dict[str, Callable[[str], str]] = {
    "a prefix": lambda name: f"SHOP-{name}",
    "a hash": lambda name: f"{hash(name) & (2**128 - 1):032x}"[::-1] + "Z",
    "an address": lambda name: f"user{name}@example.org",
    "padded to twice the length": lambda name: name.rjust(2 * len(name), "0"),
}


def days_of(name: str) -> dict[dt.date, list[Row]]:
    """The orders of a shop by day."""
    path, columns, group = SHOPS[name]
    rows = real_data.fetch(path, columns) if not group else real_data.fetch_grouped(path, columns, group)
    found: dict[dt.date, list[Row]] = {}
    for at, order, customer, amount in sorted(rows, key=lambda row: (row[0], row[1])):
        found.setdefault(at.date(), []).append((order, customer, amount or 0.0))
    return found


def profile(rows: list[Row]) -> Profile:
    """What intake counts of a day."""
    counts: Profile = {f"{FORM} order_id": Counter(), f"{FORM} customer_id": Counter(), f"{SIZE} amount": Counter()}
    for order, customer, amount in rows:
        counts[f"{FORM} order_id"][form_of(order.translate(_PATTERN), len(order))] += 1
        if customer is not None:
            counts[f"{FORM} customer_id"][form_of(customer.translate(_PATTERN), len(customer))] += 1
        if amount:
            counts[f"{SIZE} amount"][str(math.floor(STEPS_PER_DECADE * math.log10(abs(amount))))] += 1
    return counts


def alarms(days: dict[dt.date, list[Row]], since: dt.date | None = None) -> Iterator[tuple[dt.date, str]]:
    """Days and aspects that are unlike what came before, one day after the other."""
    history = History()
    for day, rows in days.items():
        history.add(day, profile(rows))
        if since is None or day >= since:
            yield from ((day, aspect) for aspect, _ in history.judge(day))


@pytest.mark.parametrize("name", SHOPS)
def test_no_day_of_a_real_shop_is_taken_for_a_change(name: str) -> None:
    days = days_of(name)
    found = list(alarms(days))
    print(f"\n{name}: {len(days)} days, {sum(map(len, days.values()))} orders, {len(found)} alarms")  # noqa: T201  # the figure for docs/reliability.md, read with -s
    assert len(days) > 300
    assert found == []


@pytest.mark.parametrize("name", SHOPS)
def test_a_change_on_any_of_many_days_is_noticed_within_days(name: str) -> None:
    days = days_of(name)
    order = list(days)
    cuts = order[len(order) // 5 : -15 : len(order) // 20]
    delays: Counter[str] = Counter()
    missed: list[str] = []
    for kind in (*MONEY, *IDS):
        for cut in cuts:
            window = {day: rows for day, rows in days.items() if cut - dt.timedelta(days=200) <= day}
            changed = _changed(window, kind, cut)
            first = next((day for day, _ in alarms(_until(changed, cut, 15), cut)), None)
            if first is None:
                missed.append(f"{kind} on {cut}")
            else:
                delays[kind] = max(delays[kind], order.index(first) - order.index(cut))
    total = len(cuts) * (len(MONEY) + len(IDS))
    print(f"\n{name}: {total - len(missed)} of {total} changes; deliveries until noticed {dict(delays)}; {missed}")  # noqa: T201  # the figure for docs/reliability.md, read with -s
    assert missed == []


def _until(days: dict[dt.date, list[Row]], cut: dt.date, more: int) -> dict[dt.date, list[Row]]:
    last = [day for day in days if day >= cut][:more][-1]
    return {day: rows for day, rows in days.items() if day <= last}


def _changed(days: dict[dt.date, list[Row]], kind: str, cut: dt.date) -> dict[dt.date, list[Row]]:
    def change(row: Row) -> Row:
        order, customer, amount = row
        if kind in MONEY:
            return order, customer, MONEY[kind](amount)
        return order, None if customer is None else IDS[kind](customer), amount

    return {day: [change(row) for row in rows] if day >= cut else rows for day, rows in days.items()}
