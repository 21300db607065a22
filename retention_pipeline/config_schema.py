"""The keys of ``retention.toml`` but its sources: type, default, meaning and error message of each.

Belongs here: one class per table of the file. Not here: finding and reading the file (``config``), the tables of the
sources (``config_sources``).
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from retention_pipeline.config_sources import Section, known_zone
from retention_pipeline.core.periods import GRAINS, Grain

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
DerivedSegment = Literal["new_returning", "nps_group", "rfm"]
RESERVED_SEGMENTS = frozenset(
    {"all", "customer_id", "created_at", "updated_at", "new_returning", "nps_group", "rfm"}
    | {"order_number", "orders_bucket", "churn_reason"}
)
RFM_CUTS = 4


class Shop(Section):
    """``[shop]``: what the business is and how its time is cut."""

    name: str
    timezone: str
    currency: CurrencyCode
    activity_window_days: Annotated[int, Field(ge=1, le=3650)] = 90
    grains: tuple[Grain, ...] = ("week", "month", "quarter", "year")
    cohort_grains: tuple[Grain, ...] | None = None
    open_ended_cohorts: bool = False
    week_start: Literal["monday", "sunday", "saturday"] = "monday"
    segments: tuple[Name, ...] = ()
    min_cell_size: Annotated[int, Field(ge=1)] = 5
    derived_segments: tuple[DerivedSegment, ...] = ("new_returning", "nps_group", "rfm")
    excluded_statuses: tuple[str, ...] = ("cancelled", "void", "test", "fraud")
    minimum_amount: Annotated[float, Field(ge=0)] = 0.0
    response_window_days: Annotated[int, Field(ge=1, le=365)] = 30
    final_grace_days: Annotated[int, Field(ge=0, le=365)] = 0
    sla_hours: Annotated[float, Field(gt=0)] | None = None
    lifespan_horizon_years: Annotated[float, Field(gt=0, le=50)] = 5.0
    channel_segment: Name | None = None
    loyalty_segment: Name | None = None
    loyalty_tiers: tuple[str, ...] = ()
    fx_reference_date: dt.date | None = None

    _zone = field_validator("timezone")(known_zone)

    @field_validator("grains", "cohort_grains")
    @classmethod
    def _ordered(cls, value: tuple[Grain, ...] | None) -> tuple[Grain, ...] | None:
        if value is None:
            return None
        if not value:
            raise ValueError("at least one of " + ", ".join(GRAINS))
        return tuple(grain for grain in GRAINS if grain in value)

    @field_validator("segments")
    @classmethod
    def _not_reserved(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name in RESERVED_SEGMENTS:
                raise ValueError(f"{name!r} is reserved")
        if len(set(value)) != len(value):
            raise ValueError("a segment is named twice")
        return value

    @model_validator(mode="after")
    def _named_segments_exist(self) -> Self:
        for key in ("channel_segment", "loyalty_segment"):
            name = getattr(self, key)
            if name is not None and name not in self.segments:
                raise ValueError(f"{key}: {name!r} is not among segments")
        if self.loyalty_segment is not None and len(set(self.loyalty_tiers)) < 2:
            raise ValueError("loyalty_segment needs loyalty_tiers: at least two of its values, the lowest first")
        if self.loyalty_segment is None and self.loyalty_tiers:
            raise ValueError("loyalty_tiers needs loyalty_segment: the segment whose values they are")
        return self

    @model_validator(mode="after")
    def _cohorts_follow_grains(self) -> Self:
        if self.cohort_grains is None:
            coarse = tuple(grain for grain in self.grains if grain not in {"day", "week"})
            object.__setattr__(self, "cohort_grains", coarse or self.grains[-1:])
        elif missing := [grain for grain in self.cohort_grains if grain not in self.grains]:
            raise ValueError(f"cohort_grains: {missing[0]!r} is not among grains")
        return self


class Rfm(Section):
    """``[rfm]``: the frozen cut points of recency, frequency and money; ``retention rfm`` proposes them.

    Four ascending cuts make the scores 1 to 5. They stand in the configuration so that a new customer never moves
    somebody else's past segment; a refit raises ``version``.
    """

    version: Annotated[int, Field(ge=1)] = 1
    grain: Grain = "quarter"
    window_days: Annotated[int, Field(ge=1, le=3650)] = 365
    recency_days: tuple[float, ...]
    frequency: tuple[float, ...]
    monetary: tuple[float, ...]

    @field_validator("recency_days", "frequency", "monetary")
    @classmethod
    def _four_ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) != RFM_CUTS or list(value) != sorted(set(value)):
            raise ValueError("must be four numbers, each larger than the one before")
        return value


class Limits(Section):
    """``[limits]``: from where on an input is refused rather than repaired, and a rate is called out of control."""

    max_quarantined_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    tolerated_quarantined_rows: Annotated[int, Field(ge=0)] = 10
    max_rate_age_days: Annotated[int, Field(ge=0)] = 7
    reconciliation_tolerance: Annotated[float, Field(ge=0, le=1)] = 0.005
    earliest_date: dt.date = dt.date(1990, 1, 1)
    drift: Literal["warn", "refuse", "off"] = "warn"
    control_sigmas: Annotated[float, Field(ge=1, le=10)] = 3.0
    control_floor: Annotated[float, Field(ge=0, le=1)] = 0.01


class Build(Section):
    """``[build]``: how tables are made; it changes no number."""

    incremental: Literal["auto"] | bool = "auto"


class Publish(Section):
    """``[publish]``: how many published versions are kept."""

    keep_versions: Annotated[int, Field(ge=2)] = 10
