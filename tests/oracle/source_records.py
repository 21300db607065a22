"""Raw records of the optional sources in contract terms.

Belongs here: shapes. Not here: orders, customers and answers (``records``), reading files (``landing_sources``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Subscription:
    """One version of a subscription; instants are naive UTC."""

    subscription_id: str
    customer_id: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    monthly_amount: Decimal
    currency: str | None
    updated_at: dt.datetime | None
    known_date: dt.date
    line: int


@dataclass(frozen=True, slots=True)
class Ticket:
    """One version of a support ticket; instants are naive UTC."""

    ticket_id: str
    customer_id: str | None
    opened_at: dt.datetime
    first_response_at: dt.datetime | None
    due_at: dt.datetime | None
    kind: str
    updated_at: dt.datetime | None
    known_date: dt.date
    line: int


@dataclass(frozen=True, slots=True)
class ChurnReason:
    """One reason code given by a customer."""

    customer_id: str
    given_at: dt.datetime
    reason: str
    known_date: dt.date
    line: int


@dataclass(frozen=True, slots=True)
class Spend:
    """One row of marketing spend; ``known_date`` also tells its delivery."""

    spent_at: dt.datetime
    kind: str
    channel: str | None
    amount: Decimal
    currency: str | None
    known_date: dt.date
    line: int


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of the shop's currency for one unit of ``currency``."""

    currency: str
    quoted_at: dt.datetime
    rate: Decimal
    known_date: dt.date
    line: int


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What somebody else reports for a metric."""

    metric: str
    variant: str
    segment_set: str
    segment_key: str
    value: Decimal
    source: str
    quoted_at: dt.datetime | None
    known_date: dt.date
    line: int


@dataclass(frozen=True, slots=True)
class ControlTotal:
    """What the shop's own books say about a period."""

    grain: str
    start: dt.date
    measure: str
    value: Decimal
    updated_at: dt.datetime | None
    known_date: dt.date
    line: int


@dataclass(frozen=True, slots=True)
class SetAside:
    """What can be told of an order record that could not be read; instants are naive UTC."""

    order_id: str | None
    ordered_at: dt.datetime | None
    refunded_at: dt.datetime | None
    currency: str | None
    amount: Decimal | None
    refund_amount: Decimal | None
    known_date: dt.date
    line: int
