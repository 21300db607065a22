"""A second count of a demo shop, in plain Python from the written files, sharing no code with the simulation."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from tests.demo import reading
from tests.demo.reading import Row, business_date, instant, number_of, stamp_fault
from tests.demo.recount_service import Rates, ServiceRecount, read_rates, recount_service

SCALES = {"recommend": (0, 10), "delivery_stars": (1, 5), "thumb": (0, 1)}
EXCLUDED = {"annulled": "status_cancelled", "staff_test": "status_test"}
MONEY = ("total", "refunded", "cost")


@dataclass
class Recount:
    records: Counter[str] = field(default_factory=Counter)
    broken: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    suppressed: Counter[str] = field(default_factory=Counter)
    orders: dict[str, Row] = field(default_factory=dict)
    excluded: Counter[str] = field(default_factory=Counter)
    months: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    gross: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    net: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    cost: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    refunded: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    by_customer: dict[str, list[dt.date]] = field(default_factory=lambda: defaultdict(list))
    valid: list[Row] = field(default_factory=list)
    customers: set[str] = field(default_factory=set)
    answers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    rates: Rates = field(default_factory=Rates)
    service: ServiceRecount = field(default_factory=ServiceRecount)


def _order_fault(row: Row, file_date: dt.date | None) -> str:
    if not row["order_no"]:
        return "no_id"
    if not row["currency"].isalpha():
        return "currency"
    if number_of(row["total"]) is None:
        return "not_a_number"
    return stamp_fault(row["placed_at"], file_date)


def _customer_fault(row: Row, file_date: dt.date | None) -> str:
    return "no_id" if not row["customer_no"] else stamp_fault(row["changed_at"], file_date)


def _answer_fault(row: Row, file_date: dt.date | None) -> str:
    score = number_of(row["score"])
    if not row["answer_no"]:
        return "no_id"
    if row["survey"] not in SCALES:
        return "kind"
    if not row["score"]:
        return "no_score" if row["answered_at"] else stamp_fault(row["sent_at"], file_date)
    if score is None:
        return "not_a_number"
    low, high = SCALES[row["survey"]]
    return "" if low <= score <= high else "scale"


def read(folder: Path, source: str, count: Recount) -> list[tuple[dt.date, Row]]:
    """Readable, distinct records of a daily source with the date of their file, in order of delivery."""
    fault_of = {"orders": _order_fault, "customers": _customer_fault, "feedback": _answer_fault}[source]
    found = reading.read(folder, source, fault_of, count.records, count.broken, count.suppressed)
    return [(date, row) for date, row in found if date is not None]


def recount(folder: Path) -> Recount:
    count = Recount()
    counters = (count.records, count.broken, count.suppressed)
    count.rates = read_rates(folder, *counters)
    last: dict[str, tuple[dt.datetime, dt.date]] = {}
    for file_date, row in read(folder, "orders", count):
        version = (instant(row["changed_at"]), file_date)
        if row["order_no"] not in last or version >= last[row["order_no"]]:
            last[row["order_no"]], count.orders[row["order_no"]] = version, row
    for row in count.orders.values():
        _count_order(row, count)
    count.customers = {row["customer_no"] for _, row in read(folder, "customers", count)}
    _count_answers(folder, count)
    count.service = recount_service(folder, *counters)
    return count


def _count_order(row: Row, count: Recount) -> None:
    date = business_date(row["placed_at"])
    total, refunded, cost = (count.rates.converted(row[name], row["currency"], date) for name in MONEY)
    reason = EXCLUDED.get(row["state"]) or ("non_positive_amount" if Decimal(row["total"]) <= 0 else "")
    if total is None or refunded is None or cost is None:
        reason = reason or "no_fx_rate"
    if reason or total is None or refunded is None or cost is None:
        count.excluded[reason] += 1
        return
    month = f"{date:%Y-%m}"
    count.valid.append(row)
    count.months[month]["orders"] += 1
    count.months[month]["orders_foreign"] += row["currency"] != "EUR"
    count.gross[month] += total
    count.net[month] += total - refunded
    count.cost[month] += cost
    if refunded:
        count.refunded[f"{business_date(row['refunded_at']):%Y-%m}"] += refunded
    if row["customer_no"]:
        count.by_customer[row["customer_no"]].append(date)
    else:
        count.months[month]["orders_guest"] += 1


def _count_answers(folder: Path, count: Recount) -> None:
    last = {row["answer_no"]: row for _, row in read(folder, "feedback", count)}
    waves: dict[tuple[str, str, str], str] = {}
    for number, row in last.items():
        if row["sent_at"]:
            count.answers["invited"][row["survey"]] += 1
        if not row["score"]:
            continue
        count.answers["sent"][row["survey"]] += 1
        who = row["customer_no"] or f"guest {number}"
        waves[row["survey"], who, f"{business_date(row['answered_at']):%Y-%m}"] = number
        if row["sent_at"] and (business_date(row["answered_at"]) - business_date(row["sent_at"])).days <= 30:
            count.answers["prompt"][row["survey"]] += 1
    for survey, _, _ in waves:
        count.answers["counted"][survey] += 1
