"""The code location: every asset, check, job and resource of one shop. Not here: any of the stages it merges."""

from __future__ import annotations

import dagster as dg

from retention_pipeline.config import (
    Environment,
    Settings,
    current_environment,
    demo_where_nothing_is_chosen,
    load_settings,
)
from retention_pipeline.core.progress import Progress, Silent
from retention_pipeline.defs.automation import build_jobs, build_schedules, build_sensors
from retention_pipeline.defs.dbt_parsed import ensure_manifest
from retention_pipeline.defs.gates import build_gate
from retention_pipeline.defs.keys import GATED_STAGES, MARTS, STAGING
from retention_pipeline.defs.marts import MartsCatalogue
from retention_pipeline.defs.metrics import build_metric_assets
from retention_pipeline.defs.publish import build_publish_asset
from retention_pipeline.defs.raw import build_ingest_asset, build_raw_assets
from retention_pipeline.defs.resources import RunClock, Writer
from retention_pipeline.defs.transform import build_dbt_assets


def build_definitions(
    settings: Settings, progress: Progress | None = None, environment: Environment | None = None
) -> dg.Definitions:
    """Merge the stages for one shop; nothing runs by itself without an environment (tests and the command line)."""
    watch, manifest = progress or Silent(), ensure_manifest(settings.home)
    raw = [build_ingest_asset(settings, watch), build_raw_assets(settings, watch)]
    transforms = [build_dbt_assets(settings, manifest, stage, watch) for stage in (STAGING, MARTS)]
    version = build_publish_asset(settings, MartsCatalogue.from_manifest(manifest), watch)
    return dg.Definitions(
        assets=[*raw, *transforms, build_metric_assets(settings, watch), version],
        asset_checks=[build_gate(settings, stage, watch) for stage in GATED_STAGES],
        jobs=build_jobs(),
        schedules=build_schedules(settings, environment),
        sensors=build_sensors(settings, environment),
        resources={"clock": RunClock(), "writer": Writer(home_dir=str(settings.home_dir))},
        executor=dg.in_process_executor,
    )


@dg.definitions
def definitions() -> dg.Definitions:
    """What ``dagster dev -w workspace.yaml`` loads."""
    return build_definitions(load_settings(demo_where_nothing_is_chosen()), environment=current_environment())
