"""Metric assets: each family computed with pandas over the small facts, then all in one long table.

Belongs here: reading facts, writing metric tables. Not here: formulas (``metrics``).
"""

from __future__ import annotations

import time

import dagster as dg

from retention_pipeline.config import Settings
from retention_pipeline.core.progress import Progress
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.defs.inputs import inputs_of_stage
from retention_pipeline.defs.keys import MARTS, METRICS, metrics_key
from retention_pipeline.defs.preview import table_metadata
from retention_pipeline.defs.resources import RunClock, Writer
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.families import FAMILIES, Family
from retention_pipeline.warehouse.build import BuildState, Inputs
from retention_pipeline.warehouse.connection import connect
from retention_pipeline.warehouse.frames import read_frame, write_frame

NEEDS = (MARTS, "gate:marts")


def metric_context(settings: Settings, inputs: Inputs) -> MetricContext:
    """What the metric functions need to know besides the facts."""
    return MetricContext(
        as_of=inputs.as_of,
        data_through=inputs.data_through,
        currency=settings.shop.currency,
        min_cell_size=settings.shop.min_cell_size,
        open_ended_cohorts=settings.shop.open_ended_cohorts,
        has_feedback=settings.sources.feedback is not None,
    )


def build_metric_assets(settings: Settings, progress: Progress) -> list[dg.AssetsDefinition]:
    """One asset per metric family, and ``metrics/metric_values`` over all of them."""
    families = [
        _family_asset(settings, name, family, position, progress)
        for position, (name, family) in enumerate(FAMILIES.items())
    ]
    return [*families, _union_asset(settings, progress)]


def _family_asset(
    settings: Settings, name: str, family: Family, position: int, progress: Progress
) -> dg.AssetsDefinition:
    @dg.asset(
        key=metrics_key(name),
        deps=[dg.AssetKey([MARTS, table]) for table in family.inputs],
        group_name=METRICS,
        description=family.description,
        kinds={"pandas"},
    )
    def compute(context: dg.AssetExecutionContext, clock: RunClock, writer: Writer) -> dg.MaterializeResult[None]:
        if position == 0:
            progress.stage(METRICS)
        progress.step(name, position, len(FAMILIES) + 1)
        began = time.perf_counter()
        inputs = inputs_of_stage(settings, clock.date, run_id=context.run_id, needs=NEEDS)
        state = BuildState(settings.home)
        state.clear(METRICS)
        with connect(settings.home.build) as build:
            facts = {table: read_frame(build, f"from {MARTS}.{table}") for table in family.inputs}
            write_frame(build, METRIC_VALUES, family.compute(facts, metric_context(settings, inputs)), name=name)
            metadata = table_metadata(build, f"{METRICS}.{name}")
        state.mark(f"{METRICS}:{name}", inputs, {})
        return dg.MaterializeResult(metadata={**metadata, "seconds": round(time.perf_counter() - began, 3)})

    return compute


def _union_asset(settings: Settings, progress: Progress) -> dg.AssetsDefinition:
    families = [f"{METRICS}:{name}" for name in FAMILIES]

    @dg.asset(
        key=metrics_key(METRIC_VALUES.name),
        deps=[metrics_key(name) for name in FAMILIES],
        group_name=METRICS,
        description=METRIC_VALUES.grain,
        kinds={"duckdb"},
    )
    def metric_values(context: dg.AssetExecutionContext, clock: RunClock, writer: Writer) -> dg.MaterializeResult[None]:
        progress.step(METRIC_VALUES.name, len(FAMILIES), len(FAMILIES) + 1)
        inputs = inputs_of_stage(settings, clock.date, run_id=context.run_id, needs=(*NEEDS, *families))
        with connect(settings.home.build) as build:
            union = " union all ".join(f"select * from {METRICS}.{name}" for name in FAMILIES)
            build.execute(f"create or replace table {METRIC_VALUES.qualified} as {union}")
            metadata = table_metadata(build, METRIC_VALUES.qualified)
        BuildState(settings.home).mark(METRICS, inputs, {})
        return dg.MaterializeResult(metadata=metadata)

    return metric_values
