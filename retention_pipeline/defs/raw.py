"""Assets of the delivery store: one step that takes in whatever has been delivered.

Belongs here: the raw assets and their metadata. Not here: how a file is read (``intake``).
"""

import time
from collections.abc import Iterator

import dagster as dg

from retention_pipeline.config import Settings
from retention_pipeline.core.progress import Progress
from retention_pipeline.defs.inputs import begin_build
from retention_pipeline.defs.keys import RAW, RAW_TABLES, raw_key
from retention_pipeline.defs.preview import run_metadata, table_metadata
from retention_pipeline.defs.resources import RunClock, Writer
from retention_pipeline.intake.arrival import received_date
from retention_pipeline.intake.ingest import ingest
from retention_pipeline.intake.report import IntakeReport
from retention_pipeline.warehouse.connection import duckdb_errors
from retention_pipeline.warehouse.keys import load_id_key
from retention_pipeline.warehouse.store import bind_id_key, bind_shop, default_as_of, open_store

DESCRIPTIONS = {
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
    "quarantine": "Records that were set aside, each with its reason.",
}


def build_raw_assets(settings: Settings, progress: Progress) -> dg.AssetsDefinition:
    """The delivery store's tables as one multi-asset."""

    @dg.multi_asset(
        name="ingest",
        specs=[
            dg.AssetSpec(raw_key(table), group_name=RAW, description=DESCRIPTIONS[table], kinds={"duckdb"})
            for table in RAW_TABLES
        ],
    )
    def ingest_deliveries(
        context: dg.AssetExecutionContext, clock: RunClock, writer: Writer
    ) -> Iterator[dg.MaterializeResult[None]]:
        progress.stage("ingest")
        began = time.perf_counter()
        key = load_id_key(settings.home)
        with open_store(settings.home) as store:
            bind_id_key(store, key)
            bind_shop(store, settings)
            with duckdb_errors(settings.home.store):
                report = ingest(
                    store, settings, key, received_date=received_date(settings.shop.timezone), progress=progress
                )
            for line in report.warnings():
                context.log.warning(line)
                progress.warn(line)
            report.raise_for_refusals(settings)
            inputs = begin_build(store, settings, clock.date, run_id=context.run.run_id)
            latest = default_as_of(store)
            if latest is not None and inputs.as_of != latest:
                progress.warn(f"consumers will see the shop as of {inputs.as_of}; orders are known up to {latest}")
            for table in RAW_TABLES:
                yield dg.MaterializeResult(
                    asset_key=raw_key(table),
                    metadata={
                        **table_metadata(store, f"{RAW}.{table}", without=("record",) if table == "quarantine" else ()),
                        **_source_metadata(report, table),
                        **run_metadata(inputs, time.perf_counter() - began),
                    },
                )

    return ingest_deliveries


def _source_metadata(report: IntakeReport, table: str) -> dict[str, int | str]:
    source = report.sources.get(table)
    if source is None:
        return {}
    return {
        "new_deliveries": source.deliveries_new,
        "new_records": source.records,
        "new_loaded": source.loaded,
        "new_quarantined": source.quarantined,
        "new_duplicates": source.suppressed,
    }
