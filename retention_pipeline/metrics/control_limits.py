"""Whether a rate moved more than it moves by itself: control limits of the shop's shares (table ``control_limits``).

Belongs here: the limits, the verdicts, and the sentences that a run warns with. Not here: the shares themselves
(families), which of them are judged (``MetricDefinition.has_control_limits``), who is told (``defs``).

The chart is Laney's p' chart (D. B. Laney, "Improved control charts for attributes", Quality Engineering 14(4), 2002,
531-537): binomial limits, widened by how much more than binomially the periods before differed from each other. A
period is judged by the periods before it and never by itself, so what is said about a past period stays as it is.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from retention_pipeline.core.status import Status
from retention_pipeline.core.tables import METRIC_VALUES, Column, Table
from retention_pipeline.metrics.facts import TOTAL
from retention_pipeline.metrics.intervals import Floats
from retention_pipeline.metrics.registry import REGISTRY

BASELINE_PERIODS: Final = {"week": 26, "month": 12, "quarter": 12, "year": 12}
"""Periods before the one judged that make its limits, at most; no other grain is judged."""
FEWEST_PERIODS: Final = 8
FEWEST_CASES: Final = 30
FEWEST_EXPECTED: Final = 5.0
"""Expected number of cases with, and of cases without, what the share counts."""
IN_CONTROL: Final = "in_control"
ABOVE: Final = "above"
BELOW: Final = "below"
INSUFFICIENT: Final = "insufficient"
WARNINGS_SHOWN: Final = 5
_MEAN_RANGE: Final = 1.128
"""Mean distance of two independent standard normal numbers, as control charts round it."""
_ROUNDING: Final = 1e-12

_SERIES: Final = ["metric", "variant", "basis", "grain", "calendar"]
_LONG: Final = {column.name: column for column in METRIC_VALUES.columns}

CONTROL_LIMITS: Final = Table(
    "metrics", "control_limits",
    "One row per metric, variant, basis, grain and period whose share of everybody is final, with the limits it was"
    " expected within.",
    (*_SERIES, "period_start"),
    (
        *(_LONG[name] for name in (*_SERIES, "period_start", "period_end", "segment_set", "segment_key")),
        Column("value", "DOUBLE", "The share, a fraction."),
        Column("n", "BIGINT", "Cases it is a share of: its denominator."),
        Column("center", "DOUBLE", "The share of all cases of the baseline; NULL: insufficient.", nullable=True),
        Column("lower_limit", "DOUBLE", "Least value by chance alone; NULL: insufficient.", nullable=True),
        Column("upper_limit", "DOUBLE", "Greatest value by chance alone; NULL: insufficient.", nullable=True),
        Column(
            "overdispersion", "DOUBLE",
            "How many times more than binomially the baseline varies, at least 1; NULL: insufficient.", nullable=True,
        ),
        Column("baseline_periods", "INTEGER", "Final periods before this one that made the limits."),
        Column("verdict", "VARCHAR", "in_control, above, below; insufficient: too little before it, or too few cases."),
        Column("is_latest", "BOOLEAN", "Whether it is the latest final period of its metric, basis and grain."),
    ),
)  # fmt: skip


def control_limits(rows: pd.DataFrame, *, sigmas: float, floor: float) -> pd.DataFrame:
    """Judge every final share of everybody by the periods before it.

    Args:
        rows: Rows with the columns of ``METRIC_VALUES``, in any order; only final totals of metrics with control limits
            on the grains of ``BASELINE_PERIODS`` count.
        sigmas: Distance of the limits from the centre, in standard deviations of the over-dispersed share.
        floor: Least distance from the centre, as a fraction, that is ever called outside.

    Returns:
        The columns of ``CONTROL_LIMITS`` in order, sorted by its key.
    """
    wanted = {each.name for each in REGISTRY if each.has_control_limits}
    found = rows.astype(dict.fromkeys((*_SERIES, "segment_set", "segment_key", "status"), "str"))
    is_judged = (
        (found["metric"] + "." + found["variant"]).isin(wanted)
        & found["grain"].isin(BASELINE_PERIODS)
        & (found["segment_set"] == TOTAL)
        & (found["status"] == Status.FINAL)
        & found["cohort_age"].isna()
    )
    chosen = found[is_judged].sort_values([*_SERIES, "period_start"], kind="stable", ignore_index=True)
    series = [_judge(one, str(key[3]), sigmas, floor) for key, one in chosen.groupby(_SERIES, sort=True)]
    judged = pd.concat(series, ignore_index=True) if series else chosen.reindex(columns=CONTROL_LIMITS.column_names)
    return judged[list(CONTROL_LIMITS.column_names)]


def _judge(series: pd.DataFrame, grain: str, sigmas: float, floor: float) -> pd.DataFrame:
    """One series in the order of its periods, with limits and verdicts."""
    count, cases = (series[name].to_numpy(dtype=np.float64) for name in ("numerator", "denominator"))
    share, periods = count / cases, BASELINE_PERIODS[grain]
    center, overdispersion, baseline = _baseline(_before(count, periods), _before(cases, periods))
    expected = np.minimum(cases * center, cases * (1 - center))
    enough = (baseline >= FEWEST_PERIODS) & (cases >= FEWEST_CASES) & (expected >= FEWEST_EXPECTED)
    center, overdispersion = (np.where(enough, each, np.nan) for each in (center, overdispersion))
    reach = sigmas * overdispersion * np.sqrt(center * (1 - center) / cases)
    lower, upper = np.maximum(center - reach, 0.0), np.minimum(center + reach, 1.0)
    far = np.abs(share - center) >= floor - _ROUNDING
    outside = [~enough, far & (share > upper + _ROUNDING), far & (share < lower - _ROUNDING)]
    return series.assign(
        value=share,
        n=cases.astype(np.int64),
        center=center,
        lower_limit=lower,
        upper_limit=upper,
        overdispersion=overdispersion,
        baseline_periods=baseline,
        verdict=pd.Series(np.select(outside, [INSUFFICIENT, ABOVE, BELOW], IN_CONTROL), series.index, dtype="str"),
        is_latest=np.arange(len(series)) == len(series) - 1,
    )


def _before(values: Floats, periods: int) -> Floats:
    """Per period the values of at most so many periods before it, oldest first; NaN where there is none."""
    padded = np.concatenate([np.full(periods, np.nan), values[:-1]])
    return np.asarray(sliding_window_view(padded, periods), dtype=np.float64)


def _baseline(count: Floats, cases: Floats) -> tuple[Floats, Floats, Floats]:
    """Pooled share, over-dispersion and number of periods of each baseline; NaN where there is no baseline."""
    with np.errstate(divide="ignore", invalid="ignore"):
        center = np.nansum(count, axis=1) / np.nansum(cases, axis=1)
        deviation = np.sqrt((center * (1 - center))[:, np.newaxis] / cases)
        ranges = np.abs(np.diff((count / cases - center[:, np.newaxis]) / deviation, axis=1))
        mean = np.nansum(ranges, axis=1) / np.isfinite(ranges).sum(axis=1)
    return center, np.maximum(mean / _MEAN_RANGE, 1.0), np.isfinite(cases).sum(axis=1)


def warnings_of(judged: pd.DataFrame) -> list[str]:
    """A sentence for each latest period outside its limits, a handful at most, and how many more there are.

    Args:
        judged: Result of ``control_limits``, or the published table.
    """
    outside = judged[judged["is_latest"].astype(bool) & judged["verdict"].isin([ABOVE, BELOW])]
    said = [
        f"{row['metric']}.{row['variant']} ({row['basis']}), {row['grain']} from {row['period_start']:%Y-%m-%d}: "
        f"{100 * row['value']:.1f} % lies {row['verdict']} its control limits, "
        f"{100 * row['lower_limit']:.1f} % to {100 * row['upper_limit']:.1f} %"
        for row in outside.to_dict("records")
    ]
    more = len(said) - WARNINGS_SHOWN
    return said if more <= 0 else [*said[:WARNINGS_SHOWN], f"and {more} more outside; see the table control_limits"]
