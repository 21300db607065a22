"""What a run needs, imported once in the fork server (``warm``); nobody else imports this module."""

from __future__ import annotations

import importlib

for name in (
    "dagster", "dagster._core.storage.event_log.sqlite", "dagster._core.storage.runs.sqlite",
    "dagster._core.storage.schedules.sqlite", "dagster._core.workspace.workspace", "dagster_dbt", "alembic.command",
    "dbt.cli.main", "dbt.adapters.duckdb", "dbt.parser.manifest", "duckdb_engine", "pandas",
    "great_expectations", "retention_pipeline.cli.app", "retention_pipeline.cli.running",
    "retention_pipeline.definitions", "retention_pipeline.quality.great", "retention_pipeline.cli.doctoring",
    "retention_pipeline.defs.orphans", "tests.warehouse.support",
):  # fmt: skip
    importlib.import_module(name)
