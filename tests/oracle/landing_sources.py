"""Records of the optional sources, from the cells of a line.

Belongs here: which cells a source has and when a record of it is broken. Not here: reading cells (``landing_reader``).
"""

from __future__ import annotations

import datetime as dt
import re

from tests.oracle.calendars import end_of, is_start
from tests.oracle.landing_reader import BrokenRecordError, Line
from tests.oracle.source_records import Benchmark, ChurnReason, ControlTotal, Rate, Spend, Subscription, Ticket

CODE = re.compile(r"[a-z0-9][a-z0-9 _./-]{0,39}")
TICKET_KINDS = frozenset({"complaint", "question", "other"})
GRAINS = ("day", "week", "month", "quarter", "year")
MEASURES = ("orders", "revenue_gross", "refunds", "revenue_net")
SPEND_KINDS = frozenset({"acquisition", "retention"})


def subscription(line: Line) -> Subscription:
    """One version of a subscription; it may not end before it began."""
    start, end, updated = line.event("started_at"), line.time("ended_at"), line.time("updated_at")
    if end is not None and end < start:
        raise BrokenRecordError("ended_at")
    number, person, amount = (
        line.required("subscription_id"),
        line.required("customer_id"),
        line.amount("monthly_amount"),
    )
    known = line.known(start, updated)
    return Subscription(number, person, start, end, amount, line.currency(), updated, known, line.number)


def ticket(line: Line) -> Ticket:
    """One version of a ticket; it may not be answered before it was opened."""
    opened, updated, due = line.event("opened_at"), line.time("updated_at"), line.time("due_at")
    responded, resolved = line.time("first_response_at"), line.time("resolved_at")
    if any(at is not None and at < opened for at in (responded, resolved)):
        raise BrokenRecordError("first_response_at")
    kinds: dict[str, str] = getattr(line.source, "kinds", {})
    word = line.text("kind")
    kind = "question" if "kind" not in line.cells else kinds.get(word or "", word or "")
    kind = kind if kind in TICKET_KINDS else "other"
    number, known = line.required("ticket_id"), line.known(opened, updated)
    return Ticket(number, line.text("customer_id"), opened, responded, due, kind, updated, known, line.number)


def churn_reason(line: Line) -> ChurnReason:
    """One reason; what is not a code may be what a person wrote and is set aside."""
    at, person, reason = line.event("given_at"), line.required("customer_id"), line.required("reason").lower()
    if not CODE.fullmatch(reason):
        raise BrokenRecordError("reason")
    return ChurnReason(person, at, reason, line.known(at), line.number)


def spend(line: Line) -> Spend:
    """One row of spend on acquisition or retention."""
    at, amount = line.event("spent_at"), line.amount("amount")
    kinds: dict[str, str] = getattr(line.source, "kinds", {})
    kind = kinds.get(line.required("kind"), line.required("kind"))
    if kind not in SPEND_KINDS:
        raise BrokenRecordError("kind")
    return Spend(at, kind, line.text("channel"), amount, line.currency(), line.known(at), line.number)


def rate(line: Line) -> Rate:
    """One exchange rate."""
    at, value, currency = line.event("quoted_at"), line.number_of("rate"), line.required("currency")
    if value <= 0 or not re.fullmatch("[A-Z]{3}", currency):
        raise BrokenRecordError("rate")
    return Rate(currency, at, value, line.known(at), line.number)


def benchmark(line: Line) -> Benchmark:
    """One benchmark."""
    quoted, value = line.time("quoted_at"), line.number_of("value")
    return Benchmark(
        line.required("metric"), line.text("variant") or "standard", line.text("segment_set") or "all",
        line.text("segment_key") or "all", value, line.required("source"), quoted, line.known(quoted), line.number,
    )  # fmt: skip


def control_total(line: Line) -> ControlTotal:
    """One total of the books, on the first day of a period, in the shop's currency."""
    grain, value, updated = line.required("grain").lower(), line.number_of("value"), line.time("updated_at")
    try:
        start = dt.date.fromisoformat(line.required("period_start"))
    except ValueError:
        raise BrokenRecordError("period_start") from None
    words: dict[str, str] = getattr(line.source, "measures", {})
    measure = words.get(line.required("measure"), line.required("measure"))
    if grain not in GRAINS or measure not in MEASURES or not is_start(start, grain, line.shop.week_start):
        raise BrokenRecordError("measure")
    if (value < 0 and measure != "revenue_net") or (measure == "orders" and value != int(value)):
        raise BrokenRecordError("value")
    if line.currency() != line.shop.currency:
        raise BrokenRecordError("currency")
    known = line.known(None, updated)
    if line.day is None and updated is None:
        known = end_of(start, grain, line.shop.week_start)
    return ControlTotal(grain, start, measure, value, updated, known, line.number)
