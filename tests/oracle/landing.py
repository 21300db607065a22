"""Records of a shop that delivers CSV files, parsed in plain Python by its own ``retention.toml``.

Belongs here: orders, customers and answers, and which days were delivered. Not here: reading cells
(``landing_reader``), the optional sources (``landing_sources``), last versions, validity of an order.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from retention_pipeline.config import Settings
from tests.oracle import landing_sources
from tests.oracle.books import aside
from tests.oracle.landing_reader import BrokenRecordError, Delivered, Line, Reader
from tests.oracle.records import Answer, Coverage, Customer, Order, Records
from tests.oracle.versions import Known

WORDS = frozenset({"paid", "refunded", "pending", "cancelled", "void", "test", "fraud", "other"})


@dataclass
class Landing:
    """All sources of a shop."""

    records: Records
    delivered: dict[str, Delivered]


def read_landing(settings: Settings) -> Landing:
    """Parse every file that the configuration names."""
    reader = Reader(settings)
    orders = reader.read("orders", _order)
    customers = reader.read("customers", _customer)
    feedback = reader.read("feedback", _answer)
    subscriptions = reader.read("subscriptions", landing_sources.subscription)
    tickets = reader.read("tickets", landing_sources.ticket)
    reasons = reader.read("churn_reasons", landing_sources.churn_reason)
    spend = reader.read("spend", landing_sources.spend)
    rates = reader.read("fx_rates", landing_sources.rate)
    benchmarks = reader.read("benchmarks", landing_sources.benchmark)
    control_totals = reader.read("control_totals", landing_sources.control_total)
    set_aside = [
        aside(line.cells, line.day, line.number, reader.shop, line.source.timezone or reader.shop.timezone)
        for line in reader.delivered["orders"].aside
        if line.day is not None
    ]
    rows: dict[str, Sequence[Known]] = {
        "orders": orders, "customers": customers, "feedback": feedback, "subscriptions": subscriptions,
        "tickets": tickets, "churn_reasons": reasons, "spend": spend, "fx_rates": rates, "benchmarks": benchmarks,
        "control_totals": control_totals,
    }  # fmt: skip
    coverage = {name: _coverage(reader, name, rows[name]) for name in settings.sources.configured()}
    records = Records(
        orders, customers, feedback if settings.sources.feedback else None, coverage, subscriptions, tickets, reasons,
        spend, rates, benchmarks, control_totals, set_aside,
    )  # fmt: skip
    return Landing(records, reader.delivered)


def _coverage(reader: Reader, name: str, rows: Sequence[Known]) -> Coverage:
    source = reader.settings.sources.configured()[name]
    last: dt.date | None = max((row.known_date for row in rows), default=None)
    return Coverage(
        dates=tuple(reader.delivered[name].dates),
        is_dated=source.is_dated,
        is_daily=source.cadence == "daily",
        is_snapshot=source.kind == "snapshot",
        history_through=None if source.is_dated else source.complete_through or last,
    )


def _order(line: Line) -> Order:
    at, updated, refunded = line.event("ordered_at"), line.time("updated_at"), line.time("refunded_at")
    words = getattr(line.source, "status", {})
    word = words.get(line.cells.get("status", ""), line.text("status") or "paid")
    amount, refund = line.number_of("amount"), line.optional_amount("refund_amount") or Decimal(0)
    discount = line.optional_amount("discount_amount")
    number, cost, currency = line.required("order_id"), line.optional_amount("cost_amount"), line.currency()
    known = line.known(at, updated)
    status = word if word in WORDS else "other"
    person = line.text("customer_id")
    return Order(
        number, person, at, updated, status, amount, refund, known, line.number, cost, refunded, currency, discount
    )  # fmt: skip


def _customer(line: Line) -> Customer:
    created, updated = line.time("created_at"), line.time("updated_at")
    person, known = line.required("customer_id"), line.known(created, updated)
    return Customer(person, updated, {name: line.cells[name] for name in line.shop.segments}, known, line.number)


def _answer(line: Line) -> Answer:
    sent, at, updated = line.time("sent_at"), line.time("submitted_at"), line.time("updated_at")
    number = line.required("feedback_id")
    score = line.number_of("score") if line.text("score") else None
    if (at is None) is not (score is None) or (at is None and sent is None):
        raise BrokenRecordError("score")
    scale = getattr(line.source, "scales", {}).get(line.cells.get("kind", ""))
    if scale is None or (score is not None and not scale.min <= score <= scale.max):
        raise BrokenRecordError("score")
    known = line.known(at or sent, updated)
    return Answer(
        number, line.text("customer_id"), at, scale.measure, score, Decimal(str(scale.min)), Decimal(str(scale.max)),
        line.text("wave"), updated, known, line.number, sent,
    )  # fmt: skip
