"""What the report reads from the published tables that are not metric rows.

Belongs here: the queries. Not here: metric rows (``published``), arithmetic on what the queries return.

A version that was published before one of these tables existed is read as if the table were empty.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retention_pipeline.core.periods import period_label
from retention_pipeline.report.published import Value, final_column, read_rows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from retention_pipeline.core.periods import Grain


@dataclass(frozen=True)
class Waiting:
    """One curve: the share that still waits for the next order after so many days, with its interval."""

    days: tuple[int, ...]
    survival: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    orders: int


@dataclass(frozen=True)
class Judged:
    """A share with the limits that the periods before it set; without limits there was too little before it."""

    value: float
    center: float | None
    low: float | None
    high: float | None
    verdict: str


@dataclass(frozen=True)
class Moves:
    """Customers by their group at the start and at the end of one period."""

    label: str
    counts: dict[tuple[str, str], int]


@dataclass(frozen=True)
class AtRisk:
    """Customers with one reason in ``customer_scores``."""

    reason: str
    is_at_risk: bool
    customers: int
    value_at_stake: float


@dataclass(frozen=True)
class Claim:
    """One row of ``claims``."""

    statement: str
    source: str
    measured: Value
    unit: str
    supported_when: str
    verdict: str
    estimator: str
    caveat: str


@dataclass(frozen=True)
class Comparison:
    """One row of ``benchmark_comparison``, with the unit of the metric."""

    metric: str
    variant: str
    basis: str
    grain: Grain
    segment: tuple[str, str]
    start: dt.date
    measured: Value
    unit: str
    benchmark: float
    gap: float
    verdict: str
    source: str

    @property
    def period(self) -> str:
        """The period's name."""
        return period_label(self.start, self.grain)


def read_waiting(published: DuckDBPyConnection, segment_set: str) -> dict[str, Waiting]:
    """Curves of a segment set over the whole history, by segment."""
    curves: dict[str, list[tuple[Any, ...]]] = {}
    for key, *point in read_rows(
        published, "order_gap_survival",
        "select segment_key, gap_days, survival, ci_low, ci_high, at_risk from order_gap_survival "
        "where segment_set = ? order by segment_key, gap_days", segment_set,
    ):  # fmt: skip
        curves.setdefault(key, []).append(tuple(point))
    found = {}
    for key, points in curves.items():
        days, survival, low, high, at_risk = zip(*points, strict=True)
        found[key] = Waiting(days, survival, low, high, max(at_risk))
    return found


def read_moves(published: DuckDBPyConnection) -> Moves | None:
    """Customers between groups in the latest final period."""
    rows = read_rows(
        published, "fct_rfm_transition",
        "select label, from_group, to_group, customers_count from fct_rfm_transition "
        f"join dim_period using (grain, period_start) where {final_column(published)} "
        "qualify period_start = max(period_start) over () order by from_group, to_group",
    )  # fmt: skip
    return Moves(rows[0][0], {(start, end): count for _, start, end, count in rows}) if rows else None


def read_control(
    published: DuckDBPyConnection, grain: Grain, metric: str, variant: str, basis: str
) -> dict[dt.date, Judged]:
    """A share of everybody and its control limits by ``period_start``; final periods only."""
    rows = read_rows(
        published, "control_limits",
        "select period_start, value, center, lower_limit, upper_limit, verdict from control_limits "
        "where grain = ? and metric = ? and variant = ? and basis = ?",
        grain, metric, variant, basis,
    )  # fmt: skip
    return {start: Judged(*rest) for start, *rest in rows}


def read_at_risk(published: DuckDBPyConnection) -> list[AtRisk]:
    """How many customers each reason applies to, and the value they stand for; never a single customer."""
    rows = read_rows(
        published, "customer_scores",
        "select at_risk_reason, is_at_risk, count(*), sum(value_at_stake)::double from customer_scores "
        "where at_risk_reason is not null group by all order by 4 desc, 1",
    )  # fmt: skip
    return [AtRisk(*row) for row in rows]


def read_claims(published: DuckDBPyConnection) -> list[Claim]:
    """The claims by name."""
    rows = read_rows(
        published, "claims",
        "select value, ci_low, ci_high, n, statement, source, unit, supported_when, verdict, estimator, caveat "
        "from claims order by claim",
    )  # fmt: skip
    return [
        Claim(
            statement=statement,
            source=source,
            measured=Value(value, low, high, "final" if value is not None else "-", n),
            unit=unit,
            supported_when=supported_when,
            verdict=verdict,
            estimator=estimator,
            caveat=caveat,
        )
        for value, low, high, n, statement, source, unit, supported_when, verdict, estimator, caveat in rows
    ]


def read_comparisons(published: DuckDBPyConnection) -> list[Comparison]:
    """Benchmarks and the values beside them, totals first, by metric, segment, source and basis."""
    rows = read_rows(
        published, "benchmark_comparison",
        "select metric, variant, basis, grain, segment_set, segment_key, period_start, value, ci_low, ci_high, unit, "
        "benchmark, gap, verdict, benchmark_comparison.source from benchmark_comparison "
        "join _metric_catalog using (metric, variant) "
        "order by metric, variant, segment_set <> 'all', segment_set, segment_key, benchmark_comparison.source, basis, "
        "period_end - period_start",
    )  # fmt: skip
    return [
        Comparison(
            metric, variant, basis, grain, (segment_set, key), start, Value(value, low, high, "final", None), *rest
        )
        for metric, variant, basis, grain, segment_set, key, start, value, low, high, *rest in rows
    ]
