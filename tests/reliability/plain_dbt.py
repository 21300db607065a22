"""The baseline of K2: the same dbt project run by dbt alone, killed at random times."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
import signal
from pathlib import Path
from typing import Any

from retention_pipeline.core.home import Home
from retention_pipeline.defs import dbt as product
from retention_pipeline.defs import dbt_parsed
from retention_pipeline.defs.dbt_variables import dbt_vars
from retention_pipeline.warehouse.build import BuildState, Inputs
from tests.reliability import warm
from tests.reliability.shop import Shop


def kill_plain_dbt(shop: Shop, folder: Path, attempts: int) -> tuple[int, int]:
    """Run dbt for an earlier date over the tables of a later one, and kill it.

    Returns:
        How often it was killed before it had ended, and after how many of these kills some tables were those of the run
        before and some those of the killed one.
    """
    whole = _run(shop, folder / "whole", None)
    assert whole is not None
    before, killed, mixed, chance = _tables(shop.home.build), 0, 0, random.Random(6)
    after = _tables(whole)
    changed = [name for name in after if before.get(name) != after[name]]
    assert len(changed) > 5
    for attempt in range(attempts):
        build = _run(shop, folder / f"killed-{attempt}", chance.uniform(0, 1))
        if build is None:
            continue
        killed += 1
        found = _tables(build)
        old = sum(found.get(name) == before.get(name) for name in changed)
        mixed += 0 < old < len(changed)
    return killed, mixed


def _run(shop: Shop, folder: Path, share: float | None) -> Path | None:
    """Run dbt on a copy of the build file, to its end or to a share of it; None where the kill came too late."""
    home = Home(folder)
    home.build.parent.mkdir(parents=True)
    shutil.copy(shop.home.build, home.build)
    shutil.copy(shop.home.store, home.store)
    shutil.copytree(shop.home.dbt_target, home.dbt_target)
    inputs = BuildState(shop.home).inputs
    assert inputs is not None
    earlier = Inputs("", inputs.as_of - dt.timedelta(days=5), inputs.data_through, "plain")
    variables = dbt_vars(shop.settings, earlier)
    noted = str(folder / "noted")
    within = None if share is None else warm.Within(0, share, 0.05, signal.SIGKILL, noted)
    ended = warm.start(_plain_dbt, str(folder), json.dumps(variables), within).end()
    assert ended.code in {0, -signal.SIGKILL}, ended.said
    return home.build if (ended.code == 0) == (share is None) else None


def _plain_dbt(folder: str, variables: str, within: warm.Within | None) -> None:
    """In a child process: ``dbt build`` of every model and test, as dbt does it by itself."""
    from dbt.cli.main import dbtRunner

    home = Home(Path(folder))
    if within is not None:
        warm.interrupt_dbt(within)
    with dbt_parsed.dbt_environment(home):
        manifest = dbt_parsed.parsed_project(home, variables)
        arguments = product.build_arguments(home, ["fqn:*"], json.loads(variables))
        outcome = dbtRunner(manifest=manifest).invoke(arguments)
    assert outcome.success, outcome.exception


def _tables(build: Path) -> dict[str, Any]:
    """A fingerprint of every table of a build file; of one that was killed, as DuckDB restores it from its log."""
    import duckdb

    with duckdb.connect(str(build)) as connection:
        names = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where schema_name in"
            " ('staging', 'intermediate', 'marts')"
        ).fetchall()
        return {
            name: connection.execute(f"select count(*), sum(hash(t)::hugeint) from {name} t").fetchall()
            for (name,) in names
        }
