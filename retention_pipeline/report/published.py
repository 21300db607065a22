"""What the report reads from the published tables.

Belongs here: the queries. Not here: arithmetic on what they return.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retention_pipeline.core.errors import ConfigError
from retention_pipeline.core.periods import period_label
from retention_pipeline.core.status import Status

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from retention_pipeline.core.periods import Grain

PREFERRED_GRAINS: tuple[Grain, ...] = ("month", "quarter", "week", "year", "day")
PERIODS_PLOTTED = 160
COHORTS_PLOTTED = 48


@dataclass(frozen=True)
class Period:
    """One period of the report's grain."""

    start: dt.date
    label: str
    is_final: bool


@dataclass(frozen=True)
class Value:
    """One published value; rates are fractions, ``low`` and ``high`` bound the 95 % interval."""

    value: float | None
    low: float | None
    high: float | None
    status: str
    n: int | None

    @property
    def is_open(self) -> bool:
        """Whether the value may still change because its period is open."""
        return self.status == Status.PROVISIONAL


@dataclass(frozen=True)
class Cohort:
    """Values of one cohort by age, in whole periods since its first."""

    label: str
    by_age: dict[int, Value]


@dataclass(frozen=True)
class Edition:
    """What the report is a report of."""

    version: str
    as_of: dt.date
    currency: str
    data_through: tuple[tuple[str, dt.date | None], ...]


def read_edition(published: DuckDBPyConnection) -> Edition:
    """Version, ``as_of``, currency, and through which date each source has been delivered."""
    version = published.execute("select version, as_of from _versions order by version desc limit 1").fetchall()[0]
    currency = published.execute("select min(currency) from metric_values").fetchall()[0][0]
    sources = published.execute("select source, data_through from _freshness order by source").fetchall()
    return Edition(version[0], version[1], currency or "", tuple((source, through) for source, through in sources))


def choose_grain(published: DuckDBPyConnection, wanted: str | None) -> Grain:
    """The wanted grain, or the first published one of month, quarter, week, year, day.

    Raises:
        ConfigError: The version holds no periods of that grain, or no periods at all.
    """
    held = {grain for (grain,) in published.execute("select distinct grain from dim_period").fetchall()}
    if not held:
        raise ConfigError("there is nothing to report yet: the published version holds no period, so no valid order")
    for grain in PREFERRED_GRAINS:
        if grain in held and wanted in {None, grain}:
            return grain
    offered = ", ".join(grain for grain in PREFERRED_GRAINS if grain in held)
    raise ConfigError(f"--grain: the published version holds no {wanted}s", remedy=f"choose one of {offered}")


def choose_cohort_grain(published: DuckDBPyConnection) -> Grain | None:
    """Monthly cohorts where they are published, else the next best; ``None`` when there are none."""
    rows = published.execute("select distinct grain from metric_values where metric = 'cohort_retention'").fetchall()
    return next((grain for grain in PREFERRED_GRAINS if (grain,) in rows), None)


def final_column(published: DuckDBPyConnection) -> str:
    """The column of ``dim_period`` that says what is final, also in a version from before there was a grace period."""
    names = {row[0] for row in published.execute("describe dim_period").fetchall()}
    return "is_final" if "is_final" in names else "is_complete"


def read_periods(published: DuckDBPyConnection, grain: Grain) -> list[Period]:
    """The latest periods, in order; at most ``PERIODS_PLOTTED``."""
    rows = published.execute(
        f"select period_start, label, {final_column(published)} from dim_period where grain = ? "
        "order by period_start desc limit ?",
        [grain, PERIODS_PLOTTED],
    ).fetchall()
    return [Period(*row) for row in reversed(rows)]


def read_series(
    published: DuckDBPyConnection, grain: Grain, metric: str, variant: str, basis: str
) -> dict[dt.date, Value]:
    """Values of the whole shop by ``period_start``."""
    rows = published.execute(
        "select period_start, value, ci_low, ci_high, status, n from metric_values where grain = ? and metric = ? "
        "and variant = ? and basis = ? and segment_set = 'all'",
        [grain, metric, variant, basis],
    ).fetchall()
    return {start: Value(*rest) for start, *rest in rows}


def read_bases(published: DuckDBPyConnection, grain: Grain, metric: str, variant: str) -> list[str]:
    """Bases (for feedback: scales) on which the metric has a value."""
    rows = published.execute(
        "select distinct basis from metric_values where grain = ? and metric = ? and variant = ? "
        "and segment_set = 'all' and value is not null order by basis",
        [grain, metric, variant],
    ).fetchall()
    return [basis for (basis,) in rows]


def read_cohorts(published: DuckDBPyConnection, grain: Grain, metric: str, variant: str) -> list[Cohort]:
    """The latest cohorts of the whole shop, oldest first; at most ``COHORTS_PLOTTED``."""
    rows = published.execute(
        "select cohort_start, cohort_age, value, ci_low, ci_high, status, n from metric_values where grain = ? "
        "and metric = ? and variant = ? and segment_set = 'all' order by cohort_start, cohort_age",
        [grain, metric, variant],
    ).fetchall()
    cohorts: dict[dt.date, dict[int, Value]] = {}
    for start, age, *rest in rows:
        cohorts.setdefault(start, {})[age] = Value(*rest)
    return [Cohort(period_label(start, grain), cohorts[start]) for start in sorted(cohorts)[-COHORTS_PLOTTED:]]


def read_segments(
    published: DuckDBPyConnection, grain: Grain, start: dt.date, metric: str, variant: str, basis: str
) -> dict[str, dict[str, Value]]:
    """Values of one period by segment set and key."""
    rows = published.execute(
        "select segment_set, segment_key, value, ci_low, ci_high, status, n from metric_values where grain = ? "
        "and period_start = ? and metric = ? and variant = ? and basis = ? and segment_set <> 'all' "
        "order by segment_set, segment_key",
        [grain, start, metric, variant, basis],
    ).fetchall()
    segments: dict[str, dict[str, Value]] = {}
    for segment_set, key, *rest in rows:
        segments.setdefault(segment_set, {})[key] = Value(*rest)
    return segments


def read_meaning(published: DuckDBPyConnection, metric: str, variant: str) -> str:
    """The sentence of the metric catalogue that says what a variant means."""
    rows = published.execute(
        "select meaning from _metric_catalog where metric = ? and variant = ?", [metric, variant]
    ).fetchall()
    return str(rows[0][0]) if rows else ""


def read_history(published: DuckDBPyConnection, metric: str, variant: str, segment_set: str) -> dict[str, Value]:
    """Values over the whole history by segment."""
    rows = published.execute(
        "select segment_key, value, ci_low, ci_high, status, n from metric_values where grain = 'all' "
        "and metric = ? and variant = ? and segment_set = ?",
        [metric, variant, segment_set],
    ).fetchall()
    return {key: Value(*rest) for key, *rest in rows}


@dataclass(frozen=True)
class Estimate:
    """One variant of a yearly metric with what it takes for granted."""

    variant: str
    basis: str
    label: str
    value: Value
    assumptions: str


def read_estimates(published: DuckDBPyConnection, metric: str) -> list[Estimate]:
    """Variants of the whole shop in the latest year that is final for one of them, else in the latest year."""
    rows = published.execute(
        "select variant, basis, period_start, assumptions, value, ci_low, ci_high, status, n from metric_values "
        "where metric = ? and grain = 'year' and segment_set = 'all' and cohort_start is null "
        "order by variant, basis, period_start",
        [metric],
    ).fetchall()
    years = [(status == Status.FINAL, start) for _, _, start, *_, status, _ in rows]
    latest = max(years, default=(False, None))[1]
    return [
        Estimate(variant, basis, period_label(start, "year"), Value(*rest), assumptions or "")
        for variant, basis, start, assumptions, *rest in rows
        if start == latest
    ]


@dataclass(frozen=True)
class Latest:
    """Values of one segment set in one period."""

    label: str
    values: dict[str, Value]


def read_latest(published: DuckDBPyConnection, metric: str, variant: str, segment_set: str) -> Latest:
    """Values by segment in the latest final period, else in the latest one; of the grain they are published in."""
    rows = published.execute(
        "select grain, period_start, segment_key, value, ci_low, ci_high, status, n from metric_values "
        "where metric = ? and variant = ? and segment_set = ? order by period_start, segment_key",
        [metric, variant, segment_set],
    ).fetchall()
    if not rows:
        return Latest("", {})
    is_final = [status != Status.PROVISIONAL for *_, status, _ in rows]
    grain, latest = max(zip(is_final, ((row[1], row[0]) for row in rows), strict=True))[1][::-1]
    values = {row[2]: Value(*row[3:]) for row in rows if row[:2] == (grain, latest)}
    return Latest(period_label(latest, grain), values)


def read_rows(published: DuckDBPyConnection, table: str, query: str, *given: object) -> list[tuple[Any, ...]]:
    """The rows of a query on one table; none where the version was published before there was such a table."""
    is_held = published.execute("select 1 from information_schema.tables where table_name = ?", [table]).fetchall()
    return published.execute(query, list(given)).fetchall() if is_held else []
