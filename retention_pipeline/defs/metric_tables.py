"""Tables beside the metric rows: curves, and what is judged by published values.

Belongs here: what each reads and how it is made. Not here: the making (``metrics``), families of metrics
(``metrics.families``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import dagster as dg
import pandas as pd

from retention_pipeline.core.tables import METRIC_VALUES, Table
from retention_pipeline.defs.keys import MARTS, STAGING, metrics_key
from retention_pipeline.metrics.benchmarks import BENCHMARK_COMPARISON, compare
from retention_pipeline.metrics.claim_estimates import Evidence
from retention_pipeline.metrics.claims import CLAIMS, judge_claims
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.control_limits import CONTROL_LIMITS, control_limits
from retention_pipeline.metrics.order_gap_survival import ORDER_GAP_SURVIVAL, survival_rows
from retention_pipeline.metrics.reconciliation import RECONCILIATION, reconcile
from retention_pipeline.metrics.reconciliation_parts import AMOUNTS

Frames = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class MetricTable:
    """A published table of the metrics stage that holds no metric rows.

    Attributes:
        table: Its specification.
        inputs: Queries by the name under which ``compute`` finds their rows.
        upstream: Assets that the queries read.
        compute: Pure function from these rows to the columns of ``table``.
    """

    table: Table
    inputs: Mapping[str, str]
    upstream: tuple[dg.AssetKey, ...]
    compute: Callable[[Frames, MetricContext], pd.DataFrame]


def _marts(table: str) -> dg.AssetKey:
    return dg.AssetKey([MARTS, table])


def _as_text(*columns: str) -> str:
    return ", ".join(f"cast({name} as varchar) as {name}" for name in columns)


def _benchmarks(facts: Frames, context: MetricContext) -> pd.DataFrame:
    return compare(facts[METRIC_VALUES.name], facts["stg_benchmarks"])


def _reconciliation(facts: Frames, context: MetricContext) -> pd.DataFrame:
    return reconcile(facts["fct_control_total"], context)


def _claims(facts: Frames, context: MetricContext) -> pd.DataFrame:
    evidence = Evidence(
        values=facts[METRIC_VALUES.name],
        sums=facts["fct_claim_evidence"],
        nps_retention=facts["fct_nps_retention_period"],
    )
    return judge_claims(evidence, context)


def _control_limits(facts: Frames, context: MetricContext) -> pd.DataFrame:
    values = facts[METRIC_VALUES.name]
    return control_limits(values, sigmas=context.control_sigmas, floor=context.control_floor)


METRIC_TABLES: Final = (
    MetricTable(
        ORDER_GAP_SURVIVAL,
        {"fct_order_gap_period": f"from {MARTS}.fct_order_gap_period where grain = 'all'"},
        (_marts("fct_order_gap_period"),),
        survival_rows,
    ),
    MetricTable(
        BENCHMARK_COMPARISON,
        {
            METRIC_VALUES.name: f"from {METRIC_VALUES.qualified} where status = 'final'"
            f" and metric in (select metric from {STAGING}.stg_benchmarks)",
            "stg_benchmarks": f"from {STAGING}.stg_benchmarks",
        },
        (metrics_key(METRIC_VALUES.name), dg.AssetKey([STAGING, "stg_benchmarks"])),
        _benchmarks,
    ),
    MetricTable(
        CLAIMS,
        {
            METRIC_VALUES.name: f"from {METRIC_VALUES.qualified} where segment_set = 'all' and status = 'final'",
            "fct_claim_evidence": f"from {MARTS}.fct_claim_evidence",
            "fct_nps_retention_period": f"from {MARTS}.fct_nps_retention_period",
        },
        (metrics_key(METRIC_VALUES.name), _marts("fct_claim_evidence"), _marts("fct_nps_retention_period")),
        _claims,
    ),
    MetricTable(
        CONTROL_LIMITS,
        {METRIC_VALUES.name: f"from {METRIC_VALUES.qualified} where segment_set = 'all' and status = 'final'"},
        (metrics_key(METRIC_VALUES.name),),
        _control_limits,
    ),
    MetricTable(
        RECONCILIATION,
        # as text: a data frame would hold exact amounts as floating-point numbers
        {
            "fct_control_total": "select calendar, measure, grain, period_start, period_end, component, is_complete,"
            f" is_final, unreadable_count, {_as_text('control_value', *AMOUNTS)} from {MARTS}.fct_control_total",
        },
        (_marts("fct_control_total"),),
        _reconciliation,
    ),
)
"""In the order they are made; all of them after ``metric_values``."""
