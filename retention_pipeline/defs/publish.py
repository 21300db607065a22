"""The last asset: what passed every gate becomes the version that consumers read.

Belongs here: the asset. Not here: which tables are published (``tables``), the protocol (``warehouse.publish``).
"""

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import dagster as dg

from retention_pipeline.alerts import alive
from retention_pipeline.config import Settings
from retention_pipeline.core.interrupts import insisting
from retention_pipeline.core.progress import Progress
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.defs.automation import freshness_policy
from retention_pipeline.defs.freshness import deliveries_frame, freshness_frame, input_checksums
from retention_pipeline.defs.inputs import inputs_of_stage
from retention_pipeline.defs.keys import GATED_STAGES, MARTS, PUBLISHED, PUBLISHED_KEY, metrics_key
from retention_pipeline.defs.marts import MartsCatalogue
from retention_pipeline.defs.metric_tables import METRIC_TABLES
from retention_pipeline.defs.preview import run_metadata
from retention_pipeline.defs.resources import RunClock, Writer
from retention_pipeline.defs.tables import CheckRow, published_tables
from retention_pipeline.metrics.catalog import definitions_hash
from retention_pipeline.metrics.control_limits import CONTROL_LIMITS, warnings_of
from retention_pipeline.metrics.sources import sources_frame
from retention_pipeline.warehouse import carrying
from retention_pipeline.warehouse.build import BuildState, Inputs
from retention_pipeline.warehouse.connection import connect
from retention_pipeline.warehouse.erasure.log import load_log
from retention_pipeline.warehouse.erasure.steps import settle_up
from retention_pipeline.warehouse.fingerprints import config_hash
from retention_pipeline.warehouse.frames import read_frame
from retention_pipeline.warehouse.keys import id_key_fingerprint, load_id_key
from retention_pipeline.warehouse.ledger.ledger import Ledger
from retention_pipeline.warehouse.publish import Published, publish, published_before
from retention_pipeline.warehouse.store import erasures_applied, open_store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NEEDS = tuple(stage for name in GATED_STAGES for stage in (name, f"gate:{name}"))
"""Every stage and every gate, all of the same inputs: a mixture cannot be published."""


def build_publish_asset(settings: Settings, marts: MartsCatalogue, progress: Progress) -> dg.AssetsDefinition:
    """The published version as one asset."""

    @dg.asset(
        key=PUBLISHED_KEY,
        deps=[
            metrics_key(METRIC_VALUES.name),
            *(metrics_key(made.table.name) for made in METRIC_TABLES),
            *(dg.AssetKey([MARTS, table]) for table in marts.tables),
        ],
        group_name=PUBLISHED,
        description="One version: Parquet files, one DuckDB file and a manifest, swapped in atomically.",
        kinds={"parquet", "duckdb"},
        freshness_policy=freshness_policy(settings),
    )
    def version(context: dg.AssetExecutionContext, clock: RunClock, writer: Writer) -> dg.MaterializeResult[None]:
        progress.stage("publish")
        began = time.perf_counter()
        inputs = inputs_of_stage(settings, clock, run_id=context.run.run_id, needs=NEEDS)
        keep = settings.publish.keep_versions
        published = published_before(settings.home, inputs.fingerprint, keep=keep)
        with insisting():
            published = published or _publish(settings, marts, inputs, progress)
            _say_alive(settings, inputs, published)
            _settle_erasures(settings, progress)
        BuildState(settings.home).seal(inputs)
        return dg.MaterializeResult(
            metadata={
                "version": published.version,
                "unchanged": published.unchanged,
                "content_hash": published.content_hash,
                "rows": sum(table.rows for table in published.tables.values()),
                **run_metadata(inputs, time.perf_counter() - began),
                "path": dg.MetadataValue.path(str(published.path)),
            }
        )

    return version


def _say_alive(settings: Settings, inputs: Inputs, published: Published) -> None:
    """Also where nothing was new: an outside monitor alarms on the age of the last success."""
    alive.succeed(
        settings.home,
        inputs.run_id,
        version=published.version,
        unchanged=published.unchanged,
        as_of=inputs.as_of.isoformat(),
        data_through=inputs.data_through,
    )


def _settle_erasures(settings: Settings, progress: Progress) -> None:
    """Close the erasures that this publication has brought to their end."""
    if not settings.home.erasures.exists():
        return
    searched = settle_up(load_log(settings.home, load_id_key(settings.home)))
    if searched is not None and searched.hits:
        progress.warn(f"somebody who was erased is still found in {searched.hits} places; run `retention erase --list`")


def _publish(settings: Settings, marts: MartsCatalogue, inputs: Inputs, progress: Progress) -> Published:
    with open_store(settings.home, read_only=True) as store:
        freshness, checksums = freshness_frame(store, inputs), input_checksums(store, inputs)
        deliveries, erasures = deliveries_frame(store, inputs), erasures_applied(store)
    checks = _checks(settings, inputs)
    metadata = {
        "run_id": inputs.run_id,
        "seconds": _seconds(settings, inputs),
        "build": _build(settings, inputs),
        "as_of": inputs.as_of.isoformat(),
        "data_through": {name: day and day.isoformat() for name, day in inputs.data_through.items()},
        "inputs_fingerprint": inputs.fingerprint,
        "inputs": checksums,
        "config_hash": config_hash(settings),
        "definitions_hash": definitions_hash(),
        "id_key_fingerprint": id_key_fingerprint(load_id_key(settings.home)),
        "erasures": erasures,
        "checks": dict(Counter(str(row["outcome"]) for row in checks)),
    }
    with connect(settings.home.build, read_only=True) as build:
        tables = published_tables(build, marts, freshness, checks)
        published = publish(
            settings.home,
            build,
            tables,
            metadata,
            keep=settings.publish.keep_versions,
            progress=progress,
            ledger=Ledger(settings, sources_frame(), deliveries),
        )
        warn_of_control_limits(build, progress)
    return published


def warn_of_control_limits(build: "DuckDBPyConnection", progress: Progress) -> None:
    """Say which rates lie outside their control limits in their latest final period; nothing depends on it."""
    for warning in warnings_of(read_frame(build, f"from {CONTROL_LIMITS.qualified} where is_latest")):
        progress.warn(warning)


def _build(settings: Settings, inputs: Inputs) -> dict[str, Any]:
    """Whether the build was incremental, on which base, or why it was not, and what became of its tables."""
    plan = BuildState(settings.home).plan
    if plan.base is None:
        return {"kind": "full", "why": plan.why}
    with connect(settings.home.build, read_only=True) as build:
        customers, _ = carrying.touched(build)
        states = carrying.states(build, inputs.fingerprint)
    return {
        "kind": "incremental",
        "base": plan.base.as_of.isoformat(),
        "customers_touched": customers,
        "tables": states,
    }


def _seconds(settings: Settings, inputs: Inputs) -> dict[str, float]:
    """How long each stage and gate took when it was made; ``retention plan`` estimates by it."""
    state = BuildState(settings.home)
    return {stage: round(float(state.require(stage, inputs).detail["seconds"]), 1) for stage in NEEDS}


def _checks(settings: Settings, inputs: Inputs) -> list[CheckRow]:
    """What the gates and dbt's own tests found, as recorded when they passed."""
    state = BuildState(settings.home)
    rows: list[CheckRow] = []
    for stage in GATED_STAGES:
        rows += state.require(stage, inputs).detail.get("tests", [])
        rows += state.require(f"gate:{stage}", inputs).detail["checks"]
    return rows
