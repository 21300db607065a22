"""How each table of the metrics stage is written.

Belongs here: reading facts, writing metric tables. Not here: the assets (``defs.metrics``), formulas (``metrics``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.defs.keys import MARTS, METRICS, STAGING
from retention_pipeline.defs.metric_tables import METRIC_TABLES, MetricTable
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.families import FAMILIES, Family
from retention_pipeline.metrics.reconciliation import RECONCILIATION, unexplained
from retention_pipeline.warehouse.frames import read_frame, write_frame

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyConnection


def metric_steps(build: DuckDBPyConnection, context: MetricContext) -> dict[str, Callable[[], None]]:
    """What writes each table of the stage, by its name and in order; facts that several families read are read once."""
    facts: dict[str, pd.DataFrame] = {}
    first = build.execute(f"select min(first_order_date) from {MARTS}.dim_customer").fetchone()
    context = replace(context, first_order_date=None if first is None else first[0])

    def write_family(family: Family) -> None:
        for table in family.inputs:
            if table not in facts:
                facts[table] = read_frame(build, f"from {MARTS}.{table}")
        write_frame(build, METRIC_VALUES, family.compute(facts, context), name=family.name)

    def write_union() -> None:
        facts.clear()
        union = " union all ".join(f"select * from {METRICS}.{name}" for name in FAMILIES)
        build.execute(f"create or replace table {METRIC_VALUES.qualified} as {union}")

    def write_table(made: MetricTable) -> None:
        frames = {name: read_frame(build, query) for name, query in made.inputs.items()}
        write_frame(build, made.table, made.compute(frames, context))

    return {
        **{name: partial(write_family, family) for name, family in FAMILIES.items()},
        METRIC_VALUES.name: write_union,
        **{made.table.name: partial(write_table, made) for made in METRIC_TABLES},
    }


def control_warnings(build: DuckDBPyConnection, settings: Settings) -> list[str]:
    """What should be known about the shop's own totals: which are not explained, and which could not be compared."""
    reconciled = read_frame(build, f"from {RECONCILIATION.qualified}")
    staged = len(read_frame(build, f"select grain from {STAGING}.stg_control_totals"))
    said = unexplained(reconciled, settings.limits.reconciliation_tolerance)
    if left := staged - len(reconciled):
        said.append(
            f"control_totals: {left} totals are of periods that are not computed: of a grain that is not among"
            " shop.grains, before the first order or after the last day"
        )
    return said


def spend_warnings(build: DuckDBPyConnection) -> list[str]:
    """Money that was spent and could not be converted, and how many periods say nothing of their costs for it."""
    found = read_frame(
        build,
        "select count(distinct (grain, period_start)) as periods,"
        " max(acquisition_no_fx_rate_count_to_date + retention_no_fx_rate_count_to_date) as records"
        f" from {MARTS}.fct_spend_period where segment_set = 'all'"
        " and acquisition_no_fx_rate_count_to_date + retention_no_fx_rate_count_to_date > 0"
        " and (grain = 'year' or acquisition_no_fx_rate_count + retention_no_fx_rate_count > 0)",
    )
    periods, records = (int(count) for count in found.fillna(0).iloc[0])
    if not periods:
        return []
    return [f"spend: {records} records have no exchange rate, so that {periods} periods lack costs; deliver the rates"]
