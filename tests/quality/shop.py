"""A shop of six customers, small enough to follow by eye: what was delivered, and staging as it must come out.

Everything here is plain Python; the suites under test are the only SQL that judges it.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from retention_pipeline.quality.parameters import list_literal

Row = dict[str, Any]

AS_OF = dt.date(2024, 4, 10)
WINDOW = 45
ZONE = "Europe/Berlin"
GRAINS = ("month", "quarter")
BEGINNING, END = dt.date(1, 1, 1), dt.date(9999, 12, 31)
PARAMETERS = {
    "as_of": "2024-04-10",
    "data_through": "2024-04-10",
    "min_cell_size": "2",
    "activity_window_days": str(WINDOW),
    "currency": "EUR",
    "timezone": ZONE,
    "week_start": "monday",
    "minimum_amount": "0.0",
    "excluded_statuses": list_literal(["cancelled", "void", "test", "fraud"]),
    "grains": list_literal(GRAINS),
    "cohort_grains": list_literal(["month"]),
    "segments": list_literal(["country"]),
}

_DAYS = {"first": dt.date(2024, 2, 2), "second": dt.date(2024, 3, 2), "third": AS_OF}
_IDS = {"first": "1" * 16, "replaced": "2" * 16, "second": "3" * 16, "third": "4" * 16}

# order, customer, instant (UTC), delivery, status, amount, refund; c's first order falls on 1 February in Berlin
_ORDERS = (
    ("o01", "a", "2024-01-05T10:00", "first", "paid", 100, 0),
    ("o02", "a", "2024-02-10T10:00", "second", "paid", 60, 0),
    ("o03", "b", "2024-01-20T10:00", "first", "paid", 400, 0),
    ("o03", "b", "2024-01-20T10:00", "second", "paid", 40, 0),
    ("o04", "b", "2024-03-15T10:00", "third", "paid", 90, 0),
    ("o05", "c", "2024-01-31T23:30", "first", "paid", 50, 0),
    ("o06", "c", "2024-02-28T10:00", "second", "refunded", 80, 20),
    ("o07", "d", "2024-02-03T10:00", "second", "cancelled", 99, 0),
    ("o08", "d", "2024-02-20T10:00", "second", "paid", 30, 0),
    ("o09", "d", "2024-03-01T10:00", "second", "paid", 50, 0),
    ("o10", None, "2024-02-15T10:00", "second", "paid", 25, 5),
    ("o11", "e", "2024-03-30T10:00", "third", "paid", 45, 0),
    ("o12", "e", "2024-03-30T15:00", "third", "paid", 15, 0),
    ("o13", "f", "2024-01-10T10:00", "first", "paid", 70, 0),
    ("o14", "f", "2024-03-10T10:00", "third", "paid", 0, 0),
    ("o15", "a", "2024-04-02T10:00", "third", "paid", 20, 0),
)
# answer, customer, instant, measure, score, scale; the first of a's two answers of February gives way to the second
_FEEDBACK = (
    ("f1", "a", "2024-02-11T10:00", "nps", 2, (0, 10)),
    ("f2", "a", "2024-02-20T10:00", "nps", 9, (0, 10)),
    ("f3", "b", "2024-02-12T10:00", "nps", 3, (0, 10)),
    ("f4", "c", "2024-03-02T10:00", "nps", 7, (0, 10)),
    ("f5", None, "2024-03-03T10:00", "nps", 10, (0, 10)),
    ("f6", "d", "2024-03-04T10:00", "csat", 5, (1, 5)),
    ("f7", "e", "2024-04-01T10:00", "csat", 2, (1, 5)),
    ("f8", "a", "2024-03-05T10:00", "thumbs", 1, (0, 1)),
    ("f9", "b", "2024-03-06T10:00", "effort", 4, (1, 7)),
)
_COUNTRIES = {"a": "DE", "b": "DE", "c": "AT", "d": "AT", "e": "AT"}
_MOVED = dt.date(2024, 3, 1)
_MOVED_TO = {**_COUNTRIES, "c": "DE"}


def hashed(letter: str | None) -> str | None:
    """What stands in for a customer's number."""
    return None if letter is None else letter * 32


def business_date(instant: dt.datetime) -> dt.date:
    """The date in the shop's time zone."""
    return instant.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(ZONE)).date()


def raw() -> dict[str, list[Row]]:
    """The delivery store."""
    orders = [_order(order, line, _IDS[delivery], _DAYS[delivery]) for line, order, delivery in _numbered(_ORDERS)]
    orders += [
        _order(order, line, _IDS["replaced"], _DAYS["first"])
        for line, order, name in _numbered(_ORDERS)
        if name == "first"
    ]
    customers = [
        {
            "customer_id": hashed(letter), "created_at": dt.datetime.fromisoformat("2024-01-01"), "updated_at": None,
            "attributes": {"country": country}, "known_date": day, "delivery_id": delivery, "line": line,
        }
        for delivery, day, countries in (("5" * 16, dt.date(2024, 1, 1), _COUNTRIES), ("6" * 16, _MOVED, _MOVED_TO))
        for line, (letter, country) in enumerate(countries.items(), start=2)
    ]  # fmt: skip
    feedback = [_answer(answer, line) for line, answer in enumerate(_FEEDBACK, start=2)]
    tables = {"orders": orders, "customers": customers, "feedback": feedback}
    deliveries = [_delivery(source, name, rows) for source, rows in tables.items() for name in _ids(rows)]
    quarantined = {
        "delivery_id": _IDS["third"], "source": "orders", "path": "orders/x.csv", "line": 99,
        "reason": "timestamp_in_future", "column_name": "ordered_at", "record": "{}", "known_date": None,
    }  # fmt: skip
    return {**tables, "deliveries": deliveries, "quarantine": [quarantined]}


def staging(store: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Staging as it follows from the store."""
    current = [row for row in store["orders"] if row["delivery_id"] != _IDS["replaced"]]
    orders = {row["order_id"]: _staged_order(row) for row in sorted(current, key=lambda row: row["known_date"])}
    customers = [
        {name: row[name] for name in ("customer_id", "created_at", "updated_at", "known_date", "delivery_id")}
        for row in store["customers"]
        if row["known_date"] == _MOVED
    ]
    feedback = [_staged_answer(row) for row in store["feedback"]]
    return {
        "stg_orders": list(orders.values()),
        "stg_customers": customers,
        "stg_customer_attributes": _attributes(),
        "stg_feedback": feedback,
    }


def _numbered(rows: tuple[tuple[Any, ...], ...]) -> list[tuple[int, tuple[Any, ...], str]]:
    return [(line, row, row[3]) for line, row in enumerate(rows, start=2)]


def _order(order: tuple[Any, ...], line: int, delivery: str, day: dt.date) -> Row:
    number, letter, instant, _, status, amount, refund = order
    return {
        "order_id": number, "customer_id": hashed(letter), "ordered_at": dt.datetime.fromisoformat(instant),
        "updated_at": None, "status": status, "currency": "EUR", "amount": Decimal(amount),
        "refund_amount": Decimal(refund), "cost_amount": None, "known_date": day, "delivery_id": delivery, "line": line,
    }  # fmt: skip


def _answer(answer: tuple[Any, ...], line: int) -> Row:
    number, letter, instant, measure, score, (low, high) = answer
    return {
        "feedback_id": number, "customer_id": hashed(letter), "order_id": None, "sent_at": None,
        "submitted_at": dt.datetime.fromisoformat(instant), "measure": measure, "score": score, "scale_min": low,
        "scale_max": high, "wave": None, "updated_at": None, "known_date": AS_OF, "delivery_id": "7" * 16, "line": line,
    }  # fmt: skip


def _ids(rows: list[Row]) -> list[str]:
    return sorted({row["delivery_id"] for row in rows})


def _delivery(source: str, delivery: str, rows: list[Row]) -> Row:
    mine = [row for row in rows if row["delivery_id"] == delivery]
    day = mine[0]["known_date"]
    quarantined = int(delivery == _IDS["third"])
    return {
        "delivery_id": delivery, "source": source, "kind": "snapshot" if source == "customers" else "increment",
        "business_date": day, "path": f"{source}/{day}.csv", "content_sha256": delivery * 4, "mapping_hash": "m",
        "sequence": int(delivery[0]), "received_date": AS_OF, "status": "accepted", "refusal": None,
        "records": len(mine) + quarantined + 1, "loaded": len(mine), "quarantined": quarantined, "suppressed": 1,
        "first_known": day, "last_known": day, "is_current": delivery != _IDS["replaced"],
    }  # fmt: skip


def _staged_order(row: Row) -> Row:
    reason = None
    if row["status"] == "cancelled":
        reason = "status_cancelled"
    elif row["amount"] <= 0:
        reason = "non_positive_amount"
    return {
        **{name: row[name] for name in ("order_id", "customer_id", "ordered_at", "updated_at", "status", "currency")},
        "has_customer": row["customer_id"] is not None, "order_date": business_date(row["ordered_at"]),
        "revenue_gross": row["amount"], "refund_amount": row["refund_amount"],
        "revenue_net": row["amount"] - row["refund_amount"], "cost_amount": row["cost_amount"],
        "is_valid": reason is None, "exclusion_reason": reason, "known_date": row["known_date"],
        "delivery_id": row["delivery_id"],
    }  # fmt: skip


def _staged_answer(row: Row) -> Row:
    submitted = business_date(row["submitted_at"])
    kept = {name: value for name, value in row.items() if name not in {"updated_at", "line"}}
    is_counted = row["feedback_id"] != "f1"
    return {**kept, "submitted_date": submitted, "wave": f"{submitted:%Y-%m}", "is_counted": is_counted}


def _attributes() -> list[Row]:
    intervals = [
        (letter, country, BEGINNING, _MOVED if country != _MOVED_TO[letter] else END)
        for letter, country in _COUNTRIES.items()
    ]
    intervals += [
        (letter, country, _MOVED, END) for letter, country in _MOVED_TO.items() if country != _COUNTRIES[letter]
    ]
    return [
        {
            "customer_id": hashed(letter),
            "segment_set": "country",
            "segment_key": key,
            "valid_from": start,
            "valid_to": end,
        }
        for letter, key, start, end in intervals
    ]
