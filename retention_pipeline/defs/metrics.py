"""Metric assets: each family computed with pandas over the small facts, then all in one long table.

Belongs here: reading facts, writing metric tables. Not here: formulas (``metrics``).
"""

import time
from collections.abc import Iterator

import dagster as dg

from retention_pipeline.config import Settings
from retention_pipeline.core.progress import Progress
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.defs.inputs import inputs_of_stage
from retention_pipeline.defs.keys import MARTS, METRICS, metrics_key
from retention_pipeline.defs.preview import run_metadata, table_metadata
from retention_pipeline.defs.resources import RunClock, Writer
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.warehouse.build import BuildState, Inputs
from retention_pipeline.warehouse.connection import connect, duckdb_errors
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


def metric_specs() -> list[dg.AssetSpec]:
    """One asset per family on the facts it reads, and ``metrics/metric_values`` on the families."""
    families = [
        dg.AssetSpec(
            metrics_key(family.name),
            deps=[dg.AssetKey([MARTS, table]) for table in family.inputs],
            group_name=METRICS,
            description=family.meaning,
            kinds={"pandas"},
        )
        for family in FAMILIES.values()
    ]
    union = dg.AssetSpec(
        metrics_key(METRIC_VALUES.name),
        deps=[metrics_key(name) for name in FAMILIES],
        group_name=METRICS,
        description=METRIC_VALUES.grain,
        kinds={"duckdb"},
    )
    return [*families, union]


def build_metric_assets(settings: Settings, progress: Progress) -> dg.AssetsDefinition:
    """The metric tables as one multi-asset: one step, so that one gate can stand behind all of them."""

    @dg.multi_asset(name=METRICS, specs=metric_specs())
    def metrics(
        context: dg.AssetExecutionContext, clock: RunClock, writer: Writer
    ) -> Iterator[dg.MaterializeResult[None]]:
        progress.stage(METRICS)
        inputs = inputs_of_stage(settings, clock.date, run_id=context.run.run_id, needs=NEEDS)
        state = BuildState(settings.home)
        state.clear(METRICS)
        with connect(settings.home.build) as build, duckdb_errors(settings.home.build):
            for done, family in enumerate(FAMILIES.values()):
                progress.step(family.name, done, len(FAMILIES) + 1)
                began = time.perf_counter()
                facts = {table: read_frame(build, f"from {MARTS}.{table}") for table in family.inputs}
                rows = family.compute(facts, metric_context(settings, inputs))
                write_frame(build, METRIC_VALUES, rows, name=family.name)
                yield dg.MaterializeResult(
                    asset_key=metrics_key(family.name),
                    metadata={
                        **table_metadata(build, f"{METRICS}.{family.name}"),
                        **run_metadata(inputs, time.perf_counter() - began),
                    },
                )
            began = time.perf_counter()
            progress.step(METRIC_VALUES.name, len(FAMILIES), len(FAMILIES) + 1)
            union = " union all ".join(f"select * from {METRICS}.{name}" for name in FAMILIES)
            build.execute(f"create or replace table {METRIC_VALUES.qualified} as {union}")
            metadata = table_metadata(build, METRIC_VALUES.qualified) | run_metadata(
                inputs, time.perf_counter() - began
            )
        state.mark(METRICS, inputs)
        yield dg.MaterializeResult(asset_key=metrics_key(METRIC_VALUES.name), metadata=metadata)

    return metrics
