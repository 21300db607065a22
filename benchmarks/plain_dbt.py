"""The models by dbt alone: what they would cost without the gates, tests, metrics and publication around them.

Belongs here: one dbt run over the store of a pipeline. Not here: the models.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path
from typing import Any

from retention_pipeline.config import load_settings
from retention_pipeline.core.home import Home
from retention_pipeline.core.resources import dbt_project_dir
from retention_pipeline.defs.dbt_variables import dbt_vars
from retention_pipeline.warehouse.build import BuildState
from retention_pipeline.warehouse.connection import create


def run_models(config: Path, pipeline: Home, folder: Path) -> dict[str, float]:
    """Build every model over the store of ``pipeline`` in an own file; returns the seconds of each.

    Raises:
        RuntimeError: dbt failed.
    """
    from dbt.cli.main import dbtRunner

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    create(folder / "build.duckdb")
    settings, inputs = load_settings(config), BuildState(pipeline).inputs
    if inputs is None:
        raise RuntimeError(f"{pipeline.root} has not been run")
    os.environ |= {"DBT_RETENTION_BUILD": str(folder / "build.duckdb"), "DBT_RETENTION_STORE": str(pipeline.store)}
    project = str(dbt_project_dir())
    outcome: Any = dbtRunner().invoke(
        ["run", "--quiet", "--no-send-anonymous-usage-stats", "--project-dir", project, "--profiles-dir", project,
         "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
         "--vars", json.dumps(dbt_vars(settings, inputs))]
    )  # fmt: skip
    if not outcome.success:
        raise RuntimeError(f"dbt failed: {outcome.exception}")
    return {str(result.node.name): float(result.execution_time) for result in outcome.result.results}


def main() -> None:
    """Run the models and print the seconds of each as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    print(json.dumps(run_models(given.config, Home(given.home), given.folder)))


if __name__ == "__main__":
    main()
