"""The keys of ``retention.toml``: type, default, meaning and error message of each.

Belongs here: one class per table of the file. Not here: finding and reading the file (``config``).
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from retention_pipeline.core.periods import GRAINS, Grain

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
_DATE_FIELD = re.compile(r"\{date(?::([^}]*))?\}")
RESERVED_SEGMENTS = frozenset({"all", "customer_id", "created_at", "updated_at"})


class Section(BaseModel):
    """A table of the file: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not an IANA time zone such as 'Europe/Berlin'")
    return name


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
    excluded_statuses: tuple[str, ...] = ("cancelled", "void", "test", "fraud")
    minimum_amount: Annotated[float, Field(ge=0)] = 0.0

    _zone = field_validator("timezone")(_known_zone)

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
    def _cohorts_follow_grains(self) -> Self:
        if self.cohort_grains is None:
            coarse = tuple(grain for grain in self.grains if grain not in {"day", "week"})
            object.__setattr__(self, "cohort_grains", coarse or self.grains[-1:])
        elif missing := [grain for grain in self.cohort_grains if grain not in self.grains]:
            raise ValueError(f"cohort_grains: {missing[0]!r} is not among grains")
        return self


class Source(Section):
    """``[sources.<name>]``: where one source's files are and how their columns map to the contract."""

    path: str
    format: Literal["csv", "parquet"] | None = None
    kind: Literal["increment", "snapshot"] = "increment"
    cadence: Literal["daily", "irregular"] = "daily"
    complete_through: dt.date | None = None
    select: str | None = None
    columns: dict[str, str] = {}
    timestamp_format: str = "iso"
    timezone: str | None = None
    encoding: Literal["utf-8", "latin-1", "utf-16"] = "utf-8"
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        return value if value is None else _known_zone(value)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(_DATE_FIELD.findall(self.path)) > 1:
            raise ValueError("path: {date} may stand once")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same character")
        if self.format is None:
            suffix = Path(self.path).suffix.lower()
            if suffix not in {".csv", ".parquet"}:
                raise ValueError(f'path: cannot tell the format of {self.path!r}; add format = "csv" or "parquet"')
            object.__setattr__(self, "format", suffix[1:])
        return self

    @property
    def is_dated(self) -> bool:
        """Whether there is one file per business date (``{date}`` in the path) rather than one history file."""
        return _DATE_FIELD.search(self.path) is not None

    @property
    def date_format(self) -> str:
        """The ``strftime`` format of ``{date}`` in the path."""
        found = _DATE_FIELD.search(self.path)
        return (found.group(1) if found else None) or "%Y-%m-%d"

    def split_path(self) -> tuple[str, str]:
        """The path before and after ``{date}``; the whole path and ``""`` for a history file."""
        before, *rest = _DATE_FIELD.sub("\0", self.path).split("\0")
        return before, rest[0] if rest else ""


class OrdersSource(Source):
    """``[sources.orders]``; ``status`` maps the shop's words to the vocabulary of ``intake.contracts``."""

    status: dict[str, str] = {}


class CustomersSource(Source):
    """``[sources.customers]``; each configured segment is a further entry of ``columns``."""


class Scale(Section):
    """What a score of one kind of feedback measures, and between which ends."""

    measure: Literal["nps", "csat", "thumbs", "effort"]
    min: float
    max: float

    @model_validator(mode="after")
    def _shape(self) -> Self:
        fixed = {"nps": (0.0, 10.0), "thumbs": (0.0, 1.0)}
        if self.measure in fixed and (self.min, self.max) != fixed[self.measure]:
            low, high = fixed[self.measure]
            raise ValueError(f"{self.measure} is defined on {low:g} to {high:g}; another scale is csat or effort")
        if self.min >= self.max:
            raise ValueError("min must lie below max")
        if self.measure == "csat" and self.max - self.min < 2:
            raise ValueError("csat needs at least three points, of which two count as satisfied; two points are thumbs")
        return self


class FeedbackSource(Source):
    """``[sources.feedback]``; ``scales`` says what each value of the ``kind`` column measures."""

    scales: dict[str, Scale] = {
        "nps": Scale(measure="nps", min=0, max=10),
        "csat": Scale(measure="csat", min=1, max=5),
        "thumbs": Scale(measure="thumbs", min=0, max=1),
    }


class Sources(Section):
    """``[sources]``: orders are required; a source that is not configured makes its metrics ``source_absent``."""

    orders: OrdersSource
    customers: CustomersSource | None = None
    feedback: FeedbackSource | None = None

    def configured(self) -> dict[str, Source]:
        """The configured sources by name, in the order they are read."""
        found = {"orders": self.orders, "customers": self.customers, "feedback": self.feedback}
        return {name: source for name, source in found.items() if source is not None}


class Limits(Section):
    """``[limits]``: from where on an input is refused rather than repaired."""

    max_quarantined_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    tolerated_quarantined_rows: Annotated[int, Field(ge=0)] = 10
    earliest_date: dt.date = dt.date(1990, 1, 1)


class Publish(Section):
    """``[publish]``: how many published versions are kept."""

    keep_versions: Annotated[int, Field(ge=2)] = 10
