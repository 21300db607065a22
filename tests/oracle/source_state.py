"""What the optional sources say at ``as_of``.

Belongs here: subscriptions, tickets, reasons for leaving, spend, benchmarks. Not here: orders, answers (``state``).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from tests.oracle.exchange import Exchange, convert
from tests.oracle.records import Coverage, Records, Shop
from tests.oracle.source_records import Benchmark, ChurnReason, Spend, Ticket
from tests.oracle.versions import BEGINNING_OF_TIME, known_rows, last_versions

OPEN_END = dt.date(9999, 12, 31)
NO_CHANNEL = "(unknown)"
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """A valid subscription: active at ``x`` iff ``start < x <= end``; worth so much a month."""

    customer_id: str
    start: dt.date
    end: dt.date
    monthly: int
    monthly_constant: int


@dataclass(frozen=True, slots=True)
class OpenedTicket:
    """A ticket opened up to ``as_of``."""

    customer_id: str | None
    day: dt.date
    kind: str
    response_hours: Decimal | None
    is_sla_met: bool | None
    opened_at: dt.datetime
    ticket_id: str


@dataclass(frozen=True, slots=True)
class Leaver:
    """The reason a customer gave on a day."""

    customer_id: str
    day: dt.date
    reason: str


SpendKey = tuple[dt.date, str, str]
"""spend_date, kind, channel"""


def subscriptions(records: Records, shop: Shop, as_of: dt.date, exchange: Exchange) -> list[Interval]:
    """Valid subscriptions, last versions."""
    rows = known_rows(records.subscriptions, records.coverage.get("subscriptions", Coverage()), as_of)
    found = []
    for row in last_versions(rows, lambda row: row.subscription_id):
        start = shop.business_date(row.started_at)
        end = OPEN_END if row.ended_at is None else shop.business_date(row.ended_at)
        rate = exchange.rate(row.currency, start)
        if rate is None or start > as_of or end == start:
            continue
        constant = convert(row.monthly_amount, exchange.reference_rate(row.currency))
        found.append(Interval(row.customer_id, start, end, convert(row.monthly_amount, rate), constant))
    return found


def tickets(records: Records, shop: Shop, as_of: dt.date) -> list[OpenedTicket]:
    """Tickets opened up to ``as_of``, last versions."""
    coverage = records.coverage.get("tickets", Coverage())
    rows, through = known_rows(records.tickets, coverage, as_of), coverage.data_through(as_of)
    found = []
    for row in last_versions(rows, lambda row: row.ticket_id):
        day = shop.business_date(row.opened_at)
        if day > as_of:
            continue
        answered = row.first_response_at
        if answered is not None and shop.business_date(answered) > as_of:
            answered = None
        hours = None if answered is None else _hours(answered - row.opened_at)
        is_met = _is_sla_met(row, answered, shop, through)
        found.append(OpenedTicket(row.customer_id, day, row.kind, hours, is_met, row.opened_at, row.ticket_id))
    return found


def _hours(span: dt.timedelta) -> Decimal:
    microseconds = Decimal(span // dt.timedelta(microseconds=1))
    return (microseconds / 3_600_000_000).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def _is_sla_met(row: Ticket, answered: dt.datetime | None, shop: Shop, through: dt.date | None) -> bool | None:
    """Whether the promise was kept; broken only when all was delivered of the day it ran out."""
    due = row.due_at
    if due is None and shop.sla_hours is not None:
        due = row.opened_at + dt.timedelta(seconds=float(shop.sla_hours * 3600))
    if due is None:
        return None
    if answered is not None:
        return answered <= due
    return False if through is not None and shop.business_date(due) <= through else None


def leavers(records: Records, shop: Shop, as_of: dt.date) -> list[Leaver]:
    """One reason per customer and day: the last one given."""
    rows = known_rows(records.churn_reasons, records.coverage.get("churn_reasons", Coverage()), as_of)
    last: dict[tuple[str, dt.date], ChurnReason] = {}
    for row in sorted(rows, key=lambda row: (row.given_at, row.known_date, row.line)):
        day = shop.business_date(row.given_at)
        if day <= as_of:
            last[(row.customer_id, day)] = row
    return [Leaver(customer, day, row.reason) for (customer, day), row in last.items()]


def spend(records: Records, shop: Shop, as_of: dt.date, exchange: Exchange) -> dict[SpendKey, int]:
    """Money per day, kind and channel: the last delivery that says something about it says it all."""
    amounts = {}
    for key, rows in _last_spend(records, shop, as_of).items():
        converted = [(row.amount, exchange.rate(row.currency, key[0])) for row in rows]
        amounts[key] = sum(convert(amount, rate) for amount, rate in converted if rate is not None)
    return amounts


def unrated_spend(records: Records, shop: Shop, as_of: dt.date, exchange: Exchange) -> dict[SpendKey, int]:
    """How many of the records behind the money of a day, kind and channel have no exchange rate."""
    return {
        key: sum(exchange.rate(row.currency, key[0]) is None for row in rows)
        for key, rows in _last_spend(records, shop, as_of).items()
    }


def _last_spend(records: Records, shop: Shop, as_of: dt.date) -> dict[SpendKey, list[Spend]]:
    coverage = records.coverage.get("spend", Coverage())
    told: dict[SpendKey, dict[dt.date, list[Spend]]] = defaultdict(lambda: defaultdict(list))
    for row in known_rows(records.spend, coverage, as_of):
        day = shop.business_date(row.spent_at)
        if day <= as_of:
            delivery = row.known_date if coverage.is_dated else dt.date.min
            told[(day, row.kind, (row.channel or "").strip() or NO_CHANNEL)][delivery].append(row)
    return {key: deliveries[max(deliveries)] for key, deliveries in told.items()}


def benchmarks(records: Records, as_of: dt.date) -> list[Benchmark]:
    """The last word of each publisher on each metric and segment."""
    rows = known_rows(records.benchmarks, records.coverage.get("benchmarks", Coverage()), as_of)
    last: dict[tuple[str, ...], Benchmark] = {}
    for row in sorted(
        rows,
        key=lambda row: (row.quoted_at is not None, row.quoted_at or BEGINNING_OF_TIME, row.known_date, row.line),
    ):
        last[(row.metric, row.variant, row.segment_set, row.segment_key, row.source)] = row
    return list(last.values())
