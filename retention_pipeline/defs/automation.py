"""Jobs: which assets are materialised together.

Belongs here: selections. Not here: what runs them at night (the scheduler of the deployment).
"""

from __future__ import annotations

import dagster as dg

from retention_pipeline.defs.keys import JOB


def build_jobs() -> list[dg.UnresolvedAssetJobDefinition]:
    """The whole pipeline, from the delivered files to the published version, every gate included."""
    return [
        dg.define_asset_job(
            JOB,
            selection=dg.AssetSelection.all(),
            description="Take in what was delivered, rebuild, check, publish.",
            executor_def=dg.in_process_executor,
        )
    ]
