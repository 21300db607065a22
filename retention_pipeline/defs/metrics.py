"""Metric assets: each family computed with pandas over the small facts, all in one long table, and tables beside it.

Belongs here: the assets. Not here: what each step reads and writes (``metric_steps``), formulas (``metrics``).
"""

import time
from collections.abc import Iterator

import dagster as dg

from retention_pipeline.config import Settings
from retention_pipeline.core.interrupts import insisting
from retention_pipeline.core.progress import Progress
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.defs.inputs import inputs_of_stage
from retention_pipeline.defs.keys import MARTS, METRICS, STAGING, metrics_key
from retention_pipeline.defs.metric_steps import control_warnings, metric_steps, spend_warnings
from retention_pipeline.defs.metric_tables import METRIC_TABLES
from retention_pipeline.defs.preview import run_metadata, table_metadata
from retention_pipeline.defs.resources import RunClock, Writer
from retention_pipeline.metrics.benchmarks import unknown_metrics
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.warehouse.build import BuildState, Inputs, Record
from retention_pipeline.warehouse.connection import connect, duckdb_errors
from retention_pipeline.warehouse.frames import read_frame

NEEDS = (MARTS, "gate:marts")


def metric_context(settings: Settings, inputs: Inputs) -> MetricContext:
    """What the metric functions need to know besides the facts."""
    return MetricContext(
        as_of=inputs.as_of,
        data_through=inputs.data_through,
        currency=settings.shop.currency,
        min_cell_size=settings.shop.min_cell_size,
        open_ended_cohorts=settings.shop.open_ended_cohorts,
        sources=frozenset(settings.sources.configured()),
        activity_window_days=settings.shop.activity_window_days,
        lifespan_horizon_years=settings.shop.lifespan_horizon_years,
        response_window_days=settings.shop.response_window_days,
        final_grace_days=settings.shop.final_grace_days,
        control_sigmas=settings.limits.control_sigmas,
        control_floor=settings.limits.control_floor,
        control_includes=settings.sources.control_totals.includes if settings.sources.control_totals else None,
    )


def metric_specs() -> list[dg.AssetSpec]:
    """One asset per family on the facts it reads, ``metrics/metric_values`` on the families, and the tables beside."""
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
    tables = [
        dg.AssetSpec(
            metrics_key(each.table.name),
            deps=each.upstream,
            group_name=METRICS,
            description=each.table.grain,
            kinds={"pandas"},
        )
        for each in METRIC_TABLES
    ]
    return [*families, union, *tables]


def build_metric_assets(settings: Settings, progress: Progress) -> dg.AssetsDefinition:
    """The metric tables as one multi-asset: one step, so that one gate can stand behind all of them."""

    @dg.multi_asset(name=METRICS, specs=metric_specs())
    def metrics(
        context: dg.AssetExecutionContext, clock: RunClock, writer: Writer
    ) -> Iterator[dg.MaterializeResult[None]]:
        progress.stage(METRICS)
        inputs = inputs_of_stage(settings, clock, run_id=context.run.run_id, needs=NEEDS)
        record = BuildState(settings.home).find(METRICS, inputs) or _build(settings, inputs, progress)
        with connect(settings.home.build) as build:
            for name, seconds in record.detail["tables"].items():
                metadata = table_metadata(build, f"{METRICS}.{name}") | run_metadata(inputs, seconds, record)
                yield dg.MaterializeResult(asset_key=metrics_key(name), metadata=metadata)

    return metrics


def _build(settings: Settings, inputs: Inputs, progress: Progress) -> Record:
    """Write every table of the stage, and record that it was done."""
    state = BuildState(settings.home)
    state.clear(METRICS)
    tables: dict[str, float] = {}
    with insisting(), connect(settings.home.build) as build, duckdb_errors(settings.home.build):
        steps = metric_steps(build, metric_context(settings, inputs))
        for done, (name, write) in enumerate(steps.items()):
            progress.step(name, done, len(steps))
            began = time.perf_counter()
            write()
            tables[name] = time.perf_counter() - began
        for name in unknown_metrics(read_frame(build, f"from {STAGING}.stg_benchmarks")):
            progress.warn(f"benchmarks: there is no metric {name}; the table _metric_catalog lists them all")
        for line in (*control_warnings(build, settings), *spend_warnings(build)):
            progress.warn(line)
    state.mark(METRICS, inputs, {"tables": tables, "seconds": sum(tables.values())})
    return state.require(METRICS, inputs)
