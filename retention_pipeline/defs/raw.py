"""Assets of the delivery store: what was delivered on each day, and the tables of everything accepted so far.

Belongs here: the raw assets and their metadata. Not here: how a file is read (``intake``), which days there are
(``partitions``).
"""

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from retention_pipeline.config import Settings
from retention_pipeline.core.erased import Erased
from retention_pipeline.core.interrupts import insisting
from retention_pipeline.core.progress import Progress
from retention_pipeline.core.window import Window
from retention_pipeline.defs.inputs import begin_build, inputs_of_stage
from retention_pipeline.defs.keys import ARRIVALS, RAW, RAW_TABLES, raw_key
from retention_pipeline.defs.partitions import delivery_days, window_of
from retention_pipeline.defs.preview import run_metadata, table_metadata
from retention_pipeline.defs.resources import RunClock, Writer
from retention_pipeline.defs.retrying import retrying
from retention_pipeline.intake.arrival import received_date
from retention_pipeline.intake.ingest import ingest
from retention_pipeline.intake.report import IntakeReport, SourceReport
from retention_pipeline.warehouse.arrivals import finish_arrivals, show_deliveries
from retention_pipeline.warehouse.build import BuildState
from retention_pipeline.warehouse.connection import duckdb_errors
from retention_pipeline.warehouse.erasure.emptied import words_on_emptied
from retention_pipeline.warehouse.erasure.steps import ready
from retention_pipeline.warehouse.keys import load_id_key
from retention_pipeline.warehouse.store import bind_id_key, bind_shop, default_as_of, open_store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DESCRIPTIONS = {
    "arrivals": "What was delivered for each day, and from when on it counts; materialising it takes in the files.",
    "deliveries": "The catalogue: one row per delivered file, with what became of its records.",
    "orders": "Accepted order records of every delivery.",
    "customers": "Accepted customer records of every delivery.",
    "feedback": "Accepted answers and unanswered invitations of every delivery.",
    "subscriptions": "Accepted subscription records of every delivery.",
    "tickets": "Accepted support ticket records of every delivery.",
    "churn_reasons": "Accepted reason codes of leaving customers of every delivery.",
    "spend": "Accepted records of marketing spend of every delivery.",
    "fx_rates": "Accepted exchange rates of every delivery.",
    "benchmarks": "Accepted benchmarks of every delivery: what others report for a metric.",
    "control_totals": "Accepted control totals of every delivery: what the shop's own books say about a period.",
    "quarantine": "Records that were set aside, each with its reason.",
}
MARKED_DAYS = 62
"""Days that a run without chosen days marks as delivered, the newest: Dagster writes each as an event of its own."""


class Intake(dg.Config):
    """What can be asked of the first step."""

    rebuild: bool = False
    """Build every stage anew, also those that were built from the same inputs before."""
    look: bool = True
    """Look for new deliveries; without it the run is about what the store holds already."""


def build_ingest_asset(settings: Settings, progress: Progress) -> dg.AssetsDefinition:
    """What was delivered for each day; materialising it takes in the files."""

    @dg.multi_asset(
        name="ingest",
        specs=[_spec(ARRIVALS)],
        partitions_def=delivery_days(settings),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def ingest_deliveries(
        context: dg.AssetExecutionContext, config: Intake, clock: RunClock, writer: Writer
    ) -> Iterator[dg.MaterializeResult[None]]:
        progress.stage("ingest")
        began = time.perf_counter()
        window, key = window_of(context, clock), load_id_key(settings.home)
        with retrying(context, settings), insisting(), _store_without_erased(settings, key) as (store, erased):
            report = take_in(store, settings, key, window, progress, erased) if config.look else IntakeReport()
            for line in report.warnings():
                context.log.warning(line)
            latest = default_as_of(store)
            inputs = begin_build(store, settings, clock, run_id=context.run.run_id, rebuild=config.rebuild)
            for line in words_on_emptied(store, settings.sources.configured()):
                context.log.warning(line)
                progress.warn(line)
            if latest is not None and inputs.as_of != latest:
                progress.warn(f"consumers will see the shop as of {inputs.as_of}; orders are known up to {latest}")
            metadata = table_metadata(store, f"{RAW}.{ARRIVALS}")
        seconds = time.perf_counter() - began
        intake = {name: _counts(source) for name, source in report.sources.items()}
        BuildState(settings.home).mark(RAW, inputs, {"intake": intake, "seconds": seconds})
        context.instance.add_run_tags(context.run.run_id, {"as_of": inputs.as_of.isoformat()})
        _mark_days(context, report)
        yield dg.MaterializeResult(
            asset_key=raw_key(ARRIVALS),
            metadata={
                **metadata,
                **{f"new {name}": counts["new_deliveries"] for name, counts in intake.items()},
                **run_metadata(inputs, seconds),
            },
        )

    return ingest_deliveries


@contextlib.contextmanager
def _store_without_erased(settings: Settings, key: bytes) -> Iterator[tuple["DuckDBPyConnection", Erased]]:
    """The store, after whoever is to be erased has been, and who must not be taken in again."""
    log = ready(settings.home, key)
    with open_store(settings.home) as store:
        yield store, log.erased


def build_raw_assets(settings: Settings, progress: Progress) -> dg.AssetsDefinition:
    """The tables that intake fills, as one multi-asset behind the intake."""

    @dg.multi_asset(name="raw_tables", specs=[_spec(table) for table in RAW_TABLES])
    def raw_tables(
        context: dg.AssetExecutionContext, clock: RunClock, writer: Writer
    ) -> Iterator[dg.MaterializeResult[None]]:
        inputs = inputs_of_stage(settings, clock, run_id=context.run.run_id, needs=(RAW,))
        detail = BuildState(settings.home).require(RAW, inputs).detail
        with open_store(settings.home, read_only=True) as store:
            for key in context.selected_asset_keys:
                table = key.path[-1]
                yield dg.MaterializeResult(
                    asset_key=key,
                    metadata={
                        **table_metadata(store, f"{RAW}.{table}"),
                        **detail["intake"].get(table, {}),
                        **run_metadata(inputs, detail["seconds"]),
                    },
                )

    return raw_tables


def take_in(
    store: "DuckDBPyConnection",
    settings: Settings,
    key: bytes,
    window: Window,
    progress: Progress,
    erased: Erased | None = None,
) -> IntakeReport:
    """Take in what was delivered within a window, and note from when on it counts.

    Raises:
        ConfigError: The store belongs to another shop or another key, or the mapping contradicts the contract.
        InputRefusedError: A file was refused, or too many of its records were quarantined; the others are stored.
    """
    bind_id_key(store, key)
    bind_shop(store, settings)
    show_deliveries(store)
    with duckdb_errors(settings.home.store):
        today = received_date(settings.shop.timezone)
        report = ingest(store, settings, key, received_date=today, progress=progress, window=window, erased=erased)
    for line in report.warnings():
        progress.warn(line)
    report.raise_for_refusals(settings)
    finish_arrivals(store, default_as_of(store), is_history=window.is_history)
    return report


def _spec(table: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        raw_key(table),
        deps=[] if table == ARRIVALS else [raw_key(ARRIVALS)],
        group_name=RAW,
        description=DESCRIPTIONS[table],
        kinds={"duckdb"},
    )


def _counts(source: SourceReport) -> dict[str, int]:
    return {
        "new_deliveries": source.deliveries_new,
        "new_records": source.records,
        "new_loaded": source.loaded,
        "new_quarantined": source.quarantined,
        "new_duplicates": source.suppressed,
        "new_erased": source.erased,
    }


def _mark_days(context: dg.AssetExecutionContext, report: IntakeReport) -> None:
    """Tell Dagster which days have been delivered, unless the run is about chosen days, which it marks by itself."""
    if context.has_partition_key_range:
        return
    known = {context.partition_key} if context.has_partition_key else set()
    days = {day.isoformat() for source in report.sources.values() for day in source.days_new} - known
    for day in sorted(days)[-MARKED_DAYS:]:
        context.log_event(dg.AssetMaterialization(raw_key(ARRIVALS), partition=day))
