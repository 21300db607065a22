"""A second count of a demo shop, in plain Python from the written files, sharing no code with the simulation."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
SCALES = {"recommend": (0, 10), "delivery_stars": (1, 5), "thumb": (0, 1)}
EXCLUDED = {"annulled": "status_cancelled", "staff_test": "status_test"}


@dataclass
class Recount:
    records: Counter[str] = field(default_factory=Counter)
    broken: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    suppressed: Counter[str] = field(default_factory=Counter)
    orders: dict[str, dict[str, str]] = field(default_factory=dict)
    excluded: Counter[str] = field(default_factory=Counter)
    months: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    gross: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    net: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    by_customer: dict[str, list[dt.date]] = field(default_factory=lambda: defaultdict(list))
    valid: list[dict[str, str]] = field(default_factory=list)
    customers: set[str] = field(default_factory=set)
    answers: dict[str, Counter[str]] = field(default_factory=lambda: {"sent": Counter(), "counted": Counter()})


def instant(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).astimezone(dt.UTC)


def business_date(text: str) -> dt.date:
    return instant(text).astimezone(ZONE).date()


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _stamp_fault(text: str, file_date: dt.date) -> str:
    try:
        late = business_date(text) > file_date + dt.timedelta(days=1)
    except ValueError:
        return "not_a_date"
    return "in_future" if late else ""


def _order_fault(row: dict[str, str], file_date: dt.date) -> str:
    if not row["order_no"]:
        return "no_id"
    if row["currency"] != "EUR":
        return "foreign"
    if _number(row["total"]) is None:
        return "not_a_number"
    return _stamp_fault(row["placed_at"], file_date)


def _customer_fault(row: dict[str, str], file_date: dt.date) -> str:
    return "no_id" if not row["customer_no"] else _stamp_fault(row["changed_at"], file_date)


def _answer_fault(row: dict[str, str], file_date: dt.date) -> str:
    score = _number(row["score"])
    if not row["answer_no"]:
        return "no_id"
    if row["survey"] not in SCALES:
        return "kind"
    if score is None:
        return "not_a_number"
    low, high = SCALES[row["survey"]]
    return "" if low <= score <= high else "scale"


def read(folder: Path, source: str, count: Recount) -> list[tuple[dt.date, dict[str, str]]]:
    """Readable, distinct records with the date of their file, in order of delivery."""
    fault_of = {"orders": _order_fault, "customers": _customer_fault, "feedback": _answer_fault}[source]
    kept = []
    for path in sorted((folder / "landing" / source).iterdir()):
        file_date = dt.date.fromisoformat(path.stem[-10:])
        with path.open(encoding="utf-8", newline="") as stream:
            header, *rows = list(csv.reader(stream))
        seen = set()
        for cells in rows:
            count.records[source] += 1
            row = dict(zip(header, cells, strict=False))
            fault = "ragged" if len(cells) != len(header) else fault_of(row, file_date)
            if fault:
                count.broken[source][fault] += 1
            elif tuple(cells) in seen:
                count.suppressed[source] += 1
            else:
                kept.append((file_date, row))
            seen.add(tuple(cells))
    return kept


def recount(folder: Path) -> Recount:
    count = Recount()
    last: dict[str, tuple[dt.datetime, dt.date]] = {}
    for file_date, row in read(folder, "orders", count):
        version = (instant(row["changed_at"]), file_date)
        if row["order_no"] not in last or version >= last[row["order_no"]]:
            last[row["order_no"]], count.orders[row["order_no"]] = version, row
    for row in count.orders.values():
        amount = Decimal(row["total"])
        reason = EXCLUDED.get(row["state"]) or ("non_positive_amount" if amount <= 0 else "")
        if reason:
            count.excluded[reason] += 1
            continue
        date = business_date(row["placed_at"])
        month = f"{date:%Y-%m}"
        count.valid.append(row)
        count.months[month]["orders"] += 1
        count.gross[month] += amount
        count.net[month] += amount - Decimal(row["refunded"])
        if row["customer_no"]:
            count.by_customer[row["customer_no"]].append(date)
        else:
            count.months[month]["orders_guest"] += 1
    count.customers = {row["customer_no"] for _, row in read(folder, "customers", count)}
    _count_answers(folder, count)
    return count


def _count_answers(folder: Path, count: Recount) -> None:
    answers = {row["answer_no"]: row for _, row in read(folder, "feedback", count)}
    waves: dict[tuple[str, str, str], str] = {}
    for number, row in answers.items():
        count.answers["sent"][row["survey"]] += 1
        who = row["customer_no"] or f"guest {number}"
        waves[row["survey"], who, f"{business_date(row['answered_at']):%Y-%m}"] = number
    for survey, _, _ in waves:
        count.answers["counted"][survey] += 1
