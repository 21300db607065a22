"""Names of the graph: stages, asset keys, groups.

Belongs here: one spelling per thing. Not here: what the assets do.
"""

from __future__ import annotations

import dagster as dg

from retention_pipeline.core.store_tables import RAW_ARRIVALS, STORE_TABLES

RAW = "raw"
STAGING = "staging"
MARTS = "marts"
METRICS = "metrics"
PUBLISHED = "published"

GATED_STAGES = (RAW, STAGING, MARTS, METRICS)
"""Stages whose tables a gate checks, in the order they are built."""

ARRIVALS = RAW_ARRIVALS.name
RAW_TABLES = tuple(table.name for table in STORE_TABLES)
PUBLISHED_KEY = dg.AssetKey([PUBLISHED, "version"])
JOB = "nightly"


def raw_key(table: str) -> dg.AssetKey:
    """The asset of one table of the delivery store."""
    return dg.AssetKey([RAW, table])


def metrics_key(table: str) -> dg.AssetKey:
    """The asset of one metric table."""
    return dg.AssetKey([METRICS, table])
