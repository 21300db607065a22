"""What the oracle reads: raw records in contract terms, the shop's settings, and which days were delivered.

Belongs here: shapes and money as exact integers. Not here: reading files (``landing``, ``real_data``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from retention_pipeline.config import Settings
from tests.oracle.source_records import (
    Benchmark,
    ChurnReason,
    ControlTotal,
    Rate,
    SetAside,
    Spend,
    Subscription,
    Ticket,
)

MONEY_SCALE = 10_000
SQUARE_SCALE = MONEY_SCALE * MONEY_SCALE


def to_units(amount: Decimal) -> int:
    """Money as whole ten-thousandths; refuses a value with more than four decimals."""
    scaled = amount * MONEY_SCALE
    if scaled != int(scaled):
        raise ValueError(f"{amount} has more than four decimals")
    return int(scaled)


@dataclass(frozen=True, slots=True)
class Order:
    """One delivered order record (one version of an order)."""

    order_id: str
    customer_id: str | None
    ordered_at: dt.datetime
    """Naive, UTC."""
    updated_at: dt.datetime | None
    status: str
    amount: Decimal
    refund_amount: Decimal
    known_date: dt.date
    line: int
    cost_amount: Decimal | None = None
    refunded_at: dt.datetime | None = None
    currency: str | None = None
    """None: the shop's own."""
    discount_amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """One delivered customer record (one version of a customer)."""

    customer_id: str
    updated_at: dt.datetime | None
    attributes: dict[str, str | None]
    known_date: dt.date
    line: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One delivered feedback record (one version of an answer, or of an invitation nobody has answered yet)."""

    feedback_id: str
    customer_id: str | None
    submitted_at: dt.datetime | None
    """Naive, UTC; None while unanswered, as is the score."""
    measure: str
    score: Decimal | None
    scale_min: Decimal
    scale_max: Decimal
    wave: str | None
    updated_at: dt.datetime | None
    known_date: dt.date
    line: int
    sent_at: dt.datetime | None = None


Version = Order | Customer | Answer | Subscription | Ticket


@dataclass(frozen=True)
class Coverage:
    """Which days one source has been delivered for."""

    dates: tuple[dt.date, ...] = ()
    """Dates of the delivered files of a dated source; empty for a history file."""
    is_dated: bool = False
    is_daily: bool = True
    is_snapshot: bool = False
    history_through: dt.date | None = None
    """History file: ``complete_through``, else the last known date of its rows."""

    def data_through(self, as_of: dt.date) -> dt.date | None:
        """The last day of which everything has been delivered, as known on ``as_of``."""
        if not self.is_dated:
            return None if self.history_through is None else min(as_of, self.history_through)
        known = {day for day in self.dates if day <= as_of}
        if not known:
            return None
        if not self.is_daily:
            return max(known)
        day = min(known)
        while day + dt.timedelta(days=1) in known:
            day += dt.timedelta(days=1)
        return day


@dataclass(frozen=True)
class Rfm:
    """The cut points of recency, frequency and money."""

    version: int
    grain: str
    window_days: int
    recency_days: tuple[Decimal, ...]
    frequency: tuple[Decimal, ...]
    monetary: tuple[Decimal, ...]

    @classmethod
    def from_settings(cls, settings: Settings) -> Rfm:
        """The same cuts as ``[rfm]`` of ``retention.toml`` states."""
        rfm = settings.rfm
        assert rfm is not None
        cuts = [tuple(Decimal(str(cut)) for cut in held) for held in (rfm.recency_days, rfm.frequency, rfm.monetary)]
        return cls(rfm.version, rfm.grain, rfm.window_days, *cuts)


@dataclass(frozen=True)
class Shop:
    """The settings that change a number."""

    timezone: str
    currency: str
    window_days: int
    grains: tuple[str, ...]
    cohort_grains: tuple[str, ...]
    week_start: str
    segments: tuple[str, ...]
    excluded_statuses: tuple[str, ...]
    minimum_amount: Decimal
    min_cell_size: int
    open_ended_cohorts: bool
    derived_segments: tuple[str, ...] = ()
    sources: frozenset[str] = frozenset({"orders", "customers", "feedback"})
    response_window_days: int = 30
    grace_days: int = 0
    control_sigmas: Fraction = Fraction(3)
    control_floor: Fraction = Fraction(1, 100)
    sla_hours: Decimal | None = None
    lifespan_years: Decimal = Decimal(5)
    channel_segment: str | None = None
    loyalty_segment: str | None = None
    loyalty_tiers: tuple[str, ...] = ()
    fx_reference_date: dt.date | None = None
    max_rate_age_days: int = 7
    rfm: Rfm | None = None
    control_includes: tuple[str, ...] | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Shop:
        """The same values as the pipeline reads from ``retention.toml``."""
        shop = settings.shop
        return cls(
            timezone=shop.timezone,
            currency=shop.currency,
            window_days=shop.activity_window_days,
            grains=shop.grains,
            cohort_grains=shop.cohort_grains or (),
            week_start=shop.week_start,
            segments=shop.segments,
            excluded_statuses=shop.excluded_statuses,
            minimum_amount=Decimal(str(shop.minimum_amount)),
            min_cell_size=shop.min_cell_size,
            open_ended_cohorts=shop.open_ended_cohorts,
            derived_segments=settings.derived_segments,
            sources=frozenset(settings.sources.configured()),
            response_window_days=shop.response_window_days,
            grace_days=shop.final_grace_days,
            control_sigmas=Fraction(str(settings.limits.control_sigmas)),
            control_floor=Fraction(str(settings.limits.control_floor)),
            sla_hours=None if shop.sla_hours is None else Decimal(str(shop.sla_hours)),
            lifespan_years=Decimal(str(shop.lifespan_horizon_years)),
            channel_segment=shop.channel_segment,
            loyalty_segment=shop.loyalty_segment,
            loyalty_tiers=shop.loyalty_tiers,
            fx_reference_date=shop.fx_reference_date,
            max_rate_age_days=settings.limits.max_rate_age_days,
            rfm=None if settings.rfm is None else Rfm.from_settings(settings),
            control_includes=settings.sources.control_totals.includes if settings.sources.control_totals else None,
        )

    def business_date(self, instant: dt.datetime) -> dt.date:
        """The calendar day of a naive UTC instant on the shop's own clock."""
        return instant.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(self.timezone)).date()


@dataclass(frozen=True)
class Records:
    """Everything that was delivered; ``feedback`` is None when the source is not configured."""

    orders: list[Order]
    customers: list[Customer] = field(default_factory=list)
    feedback: list[Answer] | None = None
    coverage: dict[str, Coverage] = field(default_factory=dict)
    subscriptions: list[Subscription] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    churn_reasons: list[ChurnReason] = field(default_factory=list)
    spend: list[Spend] = field(default_factory=list)
    fx_rates: list[Rate] = field(default_factory=list)
    benchmarks: list[Benchmark] = field(default_factory=list)
    control_totals: list[ControlTotal] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    """Order records that could not be read."""

    def default_as_of(self) -> dt.date:
        """The last known date of the orders."""
        delivered: Iterable[dt.date] = self.coverage["orders"].dates or (order.known_date for order in self.orders)
        return max(delivered)
