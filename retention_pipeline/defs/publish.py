"""The last asset: what passed every gate becomes the version that consumers read.

Belongs here: which tables are published, the metadata tables. Not here: the protocol (``warehouse.publish``).
"""

from __future__ import annotations

from typing import Any

import dagster as dg
import pandas as pd

from retention_pipeline.config import Settings
from retention_pipeline.core.progress import Progress
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.defs.dictionary import MartsCatalogue, data_dictionary
from retention_pipeline.defs.inputs import inputs_of_stage
from retention_pipeline.defs.keys import GATED_STAGES, MARTS, PUBLISHED, PUBLISHED_KEY, metrics_key
from retention_pipeline.defs.resources import RunClock, Writer
from retention_pipeline.metrics.catalog import catalog_frame
from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.metrics.wide import wide_columns, wide_key, widen
from retention_pipeline.warehouse.build import BuildState, Inputs
from retention_pipeline.warehouse.connection import connect
from retention_pipeline.warehouse.frames import read_frame
from retention_pipeline.warehouse.keys import id_key_fingerprint, load_id_key
from retention_pipeline.warehouse.publish import Published, PublishedTable, publish
from retention_pipeline.warehouse.versions import versions_frame

NEEDS = tuple(stage for name in GATED_STAGES for stage in (name, f"gate:{name}"))
"""Every stage and every gate, all of the same inputs: a mixture cannot be published."""


def build_publish_asset(settings: Settings, marts: MartsCatalogue, progress: Progress) -> dg.AssetsDefinition:
    """The published version as one asset."""

    @dg.asset(
        key=PUBLISHED_KEY,
        deps=[metrics_key(METRIC_VALUES.name), *(dg.AssetKey([MARTS, table]) for table in marts.tables)],
        group_name=PUBLISHED,
        description="One version: Parquet files, one DuckDB file and a manifest, swapped in atomically.",
        kinds={"parquet", "duckdb"},
    )
    def version(context: dg.AssetExecutionContext, clock: RunClock, writer: Writer) -> dg.MaterializeResult[None]:
        progress.stage("publish")
        inputs = inputs_of_stage(settings, clock.date, run_id=context.run_id, needs=NEEDS)
        published = _publish(settings, marts, inputs)
        return dg.MaterializeResult(
            metadata={
                "version": published.version,
                "unchanged": published.unchanged,
                "content_hash": published.content_hash,
                "as_of": inputs.as_of.isoformat(),
                "path": dg.MetadataValue.path(str(published.path)),
            }
        )

    return version


def _publish(settings: Settings, marts: MartsCatalogue, inputs: Inputs) -> Published:
    state = BuildState(settings.home)
    with connect(settings.home.build) as build:
        rows = read_frame(build, f"from {METRIC_VALUES.qualified}")
        tables = [
            *_fact_tables(marts),
            PublishedTable(
                name=METRIC_VALUES.name,
                sql=f"select * from {METRIC_VALUES.qualified}",
                key=METRIC_VALUES.key,
                comment=METRIC_VALUES.grain,
                column_comments={column.name: column.meaning for column in METRIC_VALUES.columns},
            ),
            *_wide_tables(rows),
            *_metadata_tables(settings, marts, inputs, state),
        ]
        metadata: dict[str, Any] = {
            "as_of": inputs.as_of.isoformat(),
            "data_through": {name: day.isoformat() if day else None for name, day in inputs.data_through.items()},
            "inputs_fingerprint": inputs.fingerprint,
            "id_key_fingerprint": id_key_fingerprint(load_id_key(settings.home)),
            "shop": settings.shop.name,
        }
        return publish(settings.home, build, tables, metadata, keep=settings.publish.keep_versions)


def _fact_tables(marts: MartsCatalogue) -> list[PublishedTable]:
    return [
        PublishedTable(
            name=table.name,
            sql=f"select * from {MARTS}.{table.name}",
            key=table.key,
            comment=table.comment,
            column_comments={column.name: column.meaning for column in table.columns},
        )
        for table in marts.tables.values()
    ]


def _wide_tables(rows: pd.DataFrame) -> list[PublishedTable]:
    return [
        PublishedTable(
            name=name,
            frame=widen(rows[rows["metric"].isin(family.metrics)], name),
            key=wide_key(name),
            comment=family.description,
            column_comments={column.name: column.meaning for column in wide_columns(name)},
        )
        for name, family in FAMILIES.items()
    ]


def _metadata_tables(
    settings: Settings, marts: MartsCatalogue, inputs: Inputs, state: BuildState
) -> list[PublishedTable]:
    checks = [row for name in GATED_STAGES for row in state.detail(f"gate:{name}")["checks"]]
    freshness = pd.DataFrame(
        [
            {"source": name, "data_through": pd.Timestamp(day) if day else pd.NaT, "as_of": pd.Timestamp(inputs.as_of)}
            for name, day in inputs.data_through.items()
        ]
    )
    return [
        PublishedTable("_freshness", frame=freshness, key=("source",), comment="One row per configured source."),
        PublishedTable(
            "_metric_catalog", frame=catalog_frame(), key=("metric", "variant"), comment="One row per metric variant."
        ),
        PublishedTable(
            "_data_dictionary",
            frame=data_dictionary(marts),
            key=("table_name", "column_position"),
            comment="One row per column of every published table.",
        ),
        PublishedTable(
            "_check_results",
            frame=pd.DataFrame(checks),
            key=("stage", "table_name", "check_name"),
            comment="One row per check that this version passed.",
            counts_for_content=False,
        ),
        PublishedTable(
            "_versions",
            frame=versions_frame(settings.home, upcoming={"as_of": inputs.as_of}),
            key=("version",),
            comment="One row per kept version up to this one.",
            counts_for_content=False,
        ),
    ]
