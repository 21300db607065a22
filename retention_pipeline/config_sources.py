"""``[sources.…]`` of ``retention.toml``: where the files of each source are and how their columns are read.

Belongs here: one class per source, and what all tables of the file share. Not here: the other tables of the file
(``config_schema``), reading any file (``intake``).
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, StringConstraints, field_validator, model_validator

from retention_pipeline.config_database import DatabaseKeys

Cause = Annotated[
    str,
    StringConstraints(
        pattern="^(no_customer|excluded_status|status_[a-z_]+|non_positive_amount|no_fx_rate|quarantine"
        "|time_basis|refund_basis|currency_basis)$"
    ),
]
"""What can make a total of the shop differ from the published figure."""
_DATE_FIELD = re.compile(r"\{date(?::([^}]*))?\}")


class Section(BaseModel):
    """A table of the file: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def known_zone(name: str) -> str:
    """The name, if it is an IANA time zone; ValueError otherwise."""
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not an IANA time zone such as 'Europe/Berlin'")
    return name


class Source(DatabaseKeys, Section):
    """``[sources.<name>]``: where one source's files (or rows) are and how their columns map to the contract."""

    format: Literal["csv", "parquet"] | None = None
    cadence: Literal["daily", "irregular"] = "daily"
    complete_through: dt.date | None = None
    select: str | None = None
    columns: dict[str, str] = {}
    may_lack: tuple[str, ...] = ()
    comparable_from: dt.date | None = None
    timestamp_format: str = "iso"
    timezone: str | None = None
    encoding: Literal["utf-8", "latin-1", "utf-16"] = "utf-8"
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        return value if value is None else known_zone(value)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(_DATE_FIELD.findall(self.path)) > 1:
            raise ValueError("path: {date} may stand once")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same character")
        if self.is_database:
            object.__setattr__(self, "format", "csv")
        elif self.format is None:
            suffix = Path(self.path).suffix.lower()
            if suffix not in {".csv", ".parquet"}:
                raise ValueError(f'path: cannot tell the format of {self.path!r}; add format = "csv" or "parquet"')
            object.__setattr__(self, "format", suffix[1:])
        return self

    @property
    def is_dated(self) -> bool:
        """Whether there is one file per business date (``{date}`` in the path) rather than one history file.

        What is read from a database is dated too, by the day it is read for; only its first reading is a history.
        """
        return self.is_database or _DATE_FIELD.search(self.path) is not None

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
    """``[sources.orders]``; ``status`` maps the shop's words to the vocabulary of ``intake.vocabulary``."""

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


class SubscriptionsSource(Source):
    """``[sources.subscriptions]``: one record per subscription interval with what it is worth a month."""


class TicketsSource(Source):
    """``[sources.tickets]``; ``kinds`` maps the shop's words to complaint, question or other."""

    kinds: dict[str, Literal["complaint", "question", "other"]] = {}


class ChurnReasonsSource(Source):
    """``[sources.churn_reasons]``: the reason code a leaving customer gave."""


class SpendSource(Source):
    """``[sources.spend]``; ``kinds`` maps the shop's words to acquisition or retention."""

    kinds: dict[str, Literal["acquisition", "retention"]] = {}


class FxRatesSource(Source):
    """``[sources.fx_rates]``: units of the shop's currency for one unit of a foreign one, by day."""


class BenchmarksSource(Source):
    """``[sources.benchmarks]``: what others report for a metric, to be shown beside the shop's own value."""


class ControlTotalsSource(Source):
    """``[sources.control_totals]``: the shop's own totals per period, to be compared with what is published.

    ``measures`` maps the shop's words to orders, revenue_gross, refunds or revenue_net; ``includes`` says what the
    shop's totals hold beyond the published figures, where it is known and need not be found out.
    """

    measures: dict[str, Literal["orders", "revenue_gross", "refunds", "revenue_net"]] = {}
    includes: tuple[Cause, ...] | None = None


class Sources(Section):
    """``[sources]``: orders are required; a source that is not configured makes its metrics ``source_absent``."""

    orders: OrdersSource
    customers: CustomersSource | None = None
    feedback: FeedbackSource | None = None
    subscriptions: SubscriptionsSource | None = None
    tickets: TicketsSource | None = None
    churn_reasons: ChurnReasonsSource | None = None
    spend: SpendSource | None = None
    fx_rates: FxRatesSource | None = None
    benchmarks: BenchmarksSource | None = None
    control_totals: ControlTotalsSource | None = None

    def configured(self) -> dict[str, Source]:
        """The configured sources by name, in the order they are read."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: source for name, source in found.items() if source is not None}
