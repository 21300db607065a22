"""What others report, beside the shop's own values (section 9 of the metric definitions).

Belongs here: which value a benchmark is compared with, and the table of comparisons. Not here: where benchmarks come
from (staging), the values themselves (families).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from retention_pipeline.core.status import Status
from retention_pipeline.core.tables import METRIC_VALUES, Column, Table
from retention_pipeline.metrics.registry import BY_NAME

ABOVE: Final = "above"
BELOW: Final = "below"
WITHIN: Final = "within_interval"

_LONG: Final = {column.name: column for column in METRIC_VALUES.columns}
_SAME: Final = ["metric", "variant", "segment_set", "segment_key"]

BENCHMARK_COMPARISON: Final = Table(
    "metrics", "benchmark_comparison",
    "One row per benchmark, basis and grain: the latest final value of the metric beside it.",
    ("metric", "variant", "basis", "grain", "segment_set", "segment_key", "source"),
    (
        *(_LONG[name] for name in ("metric", "variant", "basis", "grain", "period_start", "period_end")),
        *(_LONG[name] for name in ("segment_set", "segment_key")),
        Column("value", "DOUBLE", "The shop's own value; rates are fractions."),
        _LONG["ci_low"],
        _LONG["ci_high"],
        Column("benchmark", "DOUBLE", "What others report, in the same unit."),
        Column("gap", "DOUBLE", "value - benchmark."),
        Column("verdict", "VARCHAR", "above or below the benchmark; within_interval where the interval holds it."),
        Column("source", "VARCHAR", "Who published the benchmark."),
    ),
)  # fmt: skip


def unknown_metrics(benchmarks: pd.DataFrame) -> tuple[str, ...]:
    """The ``metric.variant`` names among the benchmarks that no definition has, each once, in alphabetical order."""
    names = benchmarks["metric"].astype("str") + "." + benchmarks["variant"].astype("str")
    return tuple(sorted(set(names) - set(BY_NAME)))


def compare(rows: pd.DataFrame, benchmarks: pd.DataFrame) -> pd.DataFrame:
    """Put each benchmark beside the latest final value per basis and grain.

    Args:
        rows: Rows with the columns of ``METRIC_VALUES``. Cells of cohorts are left out: a benchmark knows no cohort.
        benchmarks: ``stg_benchmarks``: metric, variant, segment_set, segment_key, source, value.

    Returns:
        The columns of ``BENCHMARK_COMPARISON`` in order, sorted by its key. A benchmark without a final value, or of an
        unknown metric, has no row.
    """
    is_comparable = (rows["status"] == Status.FINAL) & rows["cohort_start"].isna() & rows["cohort_age"].isna()
    names = [*_SAME, "basis", "grain"]
    own = rows[is_comparable].astype(dict.fromkeys(names, "str"))
    others = benchmarks.rename(columns={"value": "benchmark"}).astype(dict.fromkeys([*_SAME, "source"], "str"))
    beside = own.merge(others, on=_SAME, how="inner")
    key = list(BENCHMARK_COMPARISON.key)
    latest = beside.sort_values([*key, "period_start"], kind="stable").drop_duplicates(key, keep="last")
    benchmark = latest["benchmark"].astype("float64")
    gap = latest["value"] - benchmark
    verdict = np.select([_holds(latest, benchmark) | (gap == 0), gap > 0], [WITHIN, ABOVE], BELOW)
    compared = latest.assign(benchmark=benchmark, gap=gap, verdict=pd.Series(verdict, index=latest.index, dtype="str"))
    return compared[list(BENCHMARK_COMPARISON.column_names)].reset_index(drop=True)


def _holds(latest: pd.DataFrame, benchmark: pd.Series) -> pd.Series:
    """Whether the interval of the value holds the benchmark; a value without interval holds nothing."""
    return (latest["ci_low"] <= benchmark) & (benchmark <= latest["ci_high"])
