"""What the shop's own books may hold: their totals, and every order they may count.

Belongs here: groups of orders with both of their days and both of their amounts. Not here: sums (``control_facts``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from tests.oracle.calendars import DAY
from tests.oracle.exchange import ONE, Exchange, convert
from tests.oracle.records import Coverage, Records, Shop
from tests.oracle.source_records import ControlTotal, SetAside
from tests.oracle.versions import BEGINNING_OF_TIME, known_rows, last_versions


@dataclass(frozen=True, slots=True)
class Booked:
    """One order as books may count it; pairs are (in the shop's days or currency, in UTC days or unconverted)."""

    group: str
    placed: tuple[dt.date, dt.date]
    paid_back: tuple[dt.date, dt.date]
    gross: tuple[int | None, int | None]
    refund: tuple[int | None, int | None]


def control_totals(records: Records, as_of: dt.date) -> list[ControlTotal]:
    """The last word of the books on each total."""
    rows = known_rows(records.control_totals, records.coverage.get("control_totals", Coverage()), as_of)
    last: dict[tuple[str, dt.date, str], ControlTotal] = {}
    for row in sorted(
        rows,
        key=lambda row: (row.updated_at is not None, row.updated_at or BEGINNING_OF_TIME, row.known_date, row.line),
    ):
        last[(row.grain, row.start, row.measure)] = row
    return list(last.values())


def booked_orders(records: Records, shop: Shop, as_of: dt.date, exchange: Exchange) -> list[Booked]:
    """Every order that books may hold: known ones by why they count or do not, and those that were set aside."""
    found = []
    known = last_versions(known_rows(records.orders, records.coverage["orders"], as_of), lambda row: row.order_id)
    for order in known:
        day = shop.business_date(order.ordered_at)
        if day > as_of:
            continue
        rate = exchange.rate(order.currency, day)
        gross = convert(order.amount, ONE if rate is None else rate)
        if order.status in shop.excluded_statuses:
            group = f"status_{order.status}"
        elif gross <= convert(shop.minimum_amount, ONE):
            group = "non_positive_amount"
        elif rate is None:
            group = "no_fx_rate"
        else:
            group = "published" if order.customer_id is not None else "no_customer"
        paid = order.refunded_at or order.updated_at or order.ordered_at
        has_refund = convert(order.refund_amount, ONE if rate is None else rate) != 0
        placed = (day, order.ordered_at.date())
        back = (shop.business_date(paid), paid.date()) if has_refund else placed
        refund = convert(order.refund_amount, ONE)
        found.append(Booked(
            group, placed, _between(placed, back, as_of), (None if rate is None else gross, convert(order.amount, ONE)),
            (None if rate is None and refund else convert(order.refund_amount, rate or ONE), refund),
        ))  # fmt: skip
    numbers = {order.order_id for order in known}
    return found + [_of_aside(row, shop, as_of) for row in _missing(records, numbers, as_of)]


def _missing(records: Records, known: set[str], as_of: dt.date) -> Iterable[SetAside]:
    """Of each order that nothing else tells of the last record, and every record without a number."""
    last: dict[str, SetAside] = {}
    rows = known_rows(records.set_aside, records.coverage["orders"], as_of)
    for row in sorted(rows, key=lambda row: (row.known_date, row.line)):
        if row.order_id is None:
            yield row
        elif row.order_id not in known:
            last[row.order_id] = row
    yield from last.values()


def _of_aside(row: SetAside, shop: Shop, as_of: dt.date) -> Booked:
    placed = (row.known_date, row.known_date)
    if row.ordered_at is not None:
        placed = (shop.business_date(row.ordered_at), row.ordered_at.date())
    back = placed if row.refunded_at is None else (shop.business_date(row.refunded_at), row.refunded_at.date())
    gross, refund = (None if value is None else convert(value, ONE) for value in (row.amount, row.refund_amount))
    is_own = row.currency in {None, shop.currency}
    return Booked(
        "quarantine", placed, _between(placed, back, as_of), (gross if is_own else None, gross),
        (refund if is_own or refund == 0 else None, refund),
    )  # fmt: skip


def _between(placed: tuple[dt.date, dt.date], back: tuple[dt.date, dt.date], as_of: dt.date) -> tuple[dt.date, dt.date]:
    first, second = (max(start, min(end, as_of)) for start, end in zip(placed, back, strict=True))
    return first, second


def aside(cells: dict[str, str], known: dt.date, line: int, shop: Shop, zone: str) -> SetAside:
    """What can still be told from the text of an order record that was set aside."""
    refund = cells.get("refund_amount") or "0"
    paid = cells.get("refunded_at") or cells.get("updated_at") or ""
    ordered = _instant(cells.get("ordered_at", ""), zone)
    if ordered is not None and shop.business_date(ordered) > known + DAY:
        ordered = None
    return SetAside(
        cells.get("order_id") or None, ordered, _instant(paid, zone), cells.get("currency") or None,
        _number(cells.get("amount", "")), _number(refund), known, line,
    )  # fmt: skip


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    except ArithmeticError:
        return None


def _instant(text: str, zone: str) -> dt.datetime | None:
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(dt.UTC).replace(tzinfo=None)
