"""A shop built night after night by the dbt project: once carried on from the night before, once anew.

Belongs here: running dbt both ways and comparing every table. Not here: what happens in the nights.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from _pytest.monkeypatch import MonkeyPatch

from retention_pipeline.defs.transform import SELECTION
from retention_pipeline.warehouse import carrying
from retention_pipeline.warehouse.connection import release_process_caches
from retention_pipeline.warehouse.hashing import content_hash
from tests.dbt.support import VARIABLES, Project, Rows, common_arguments, write_store

Runner = Callable[[Path, Path, dict[str, Any]], None]
"""Builds into a file, from a store, with variables."""
SCHEMAS = ("staging", "intermediate", "marts")


@dataclass
class Nights:
    """One shop, two build files."""

    run: Runner
    folder: Path
    variables: dict[str, Any] = field(default_factory=dict)
    as_of: str | None = None
    number: int = 0
    states: dict[str, str] = field(default_factory=dict)

    def night(self, rows: Rows, as_of: str, **variables: Any) -> dict[str, str]:
        """Build both ways and compare.

        Returns:
            What became of each table in the carried build.
        """
        self.number += 1
        given = {**VARIABLES, "sources": rows.sources, "as_of": as_of, "data_through": as_of, **self.variables}
        through = dict.fromkeys(rows.sources, as_of)
        given |= {"data_through_by_source": through, **variables}
        store = self.folder / "store.duckdb"
        store.unlink(missing_ok=True)
        write_store(store, rows)
        carried, anew = self.folder / "carried", self.folder / f"anew{self.number}"
        anew.mkdir(parents=True)
        carried.mkdir(exist_ok=True)
        # one of the two for a third of the customers after the other, which must come to the same tables, too
        thirds = {"slices": 3}
        self.run(anew / "build.duckdb", store, given | (thirds if self.number % 2 else {}))
        base = {"carried": {"as_of": self.as_of, "run": str(self.number)}} if self.as_of else {}
        if base:
            with duckdb.connect(str(carried / "build.duckdb")) as build:
                carrying.prepare(build)
        self.run(carried / "build.duckdb", store, given | base | ({} if self.number % 2 else thirds))
        self.as_of = as_of
        with duckdb.connect(str(carried / "build.duckdb"), read_only=True) as build:
            self.states = dict(build.execute("select name, state from changes.tables").fetchall())
        assert tables(carried / "build.duckdb") == tables(anew / "build.duckdb"), differences(carried, anew)
        return self.states


def with_dbt(project: Project) -> Runner:
    """By dbt itself, a stage at a time: all customers that were touched are known when the facts begin."""
    from dbt.cli.main import dbtRunner

    def run(build: Path, store: Path, variables: dict[str, Any]) -> None:
        with MonkeyPatch.context() as patch:
            patch.setenv("DBT_RETENTION_BUILD", str(build))
            patch.setenv("DBT_RETENTION_STORE", str(store))
            for selection in SELECTION.values():
                arguments = ["run", *common_arguments(build.parent), "--select", *selection]
                arguments += ["--vars", json.dumps(variables)]
                outcome = dbtRunner(manifest=project.manifest.deepcopy()).invoke(arguments)
                bad = [f"{r.node.name}: {r.message}" for r in outcome.result or () if r.status != "success"]
                assert outcome.success, bad or outcome.exception
        release_process_caches()

    return run


def tables(path: Path) -> dict[str, str]:
    """The content hash of every table of the build."""
    with duckdb.connect(str(path), read_only=True) as build:
        build.execute("SET TimeZone = 'UTC'")
        return {name: content_hash(build, name) for name in names(build)}


def names(build: duckdb.DuckDBPyConnection) -> list[str]:
    """Every table of the build but what it remembers of its changes."""
    rows = build.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where schema_name in "
        f"{SCHEMAS} and database_name = current_database() order by 1"
    ).fetchall()
    return [name for (name,) in rows]


def differences(carried: Path, anew: Path) -> str:
    """Some rows of the tables that differ: what pytest shows when the two builds do."""
    said = []
    with duckdb.connect() as both:
        for name, home in (("carried", carried), ("anew", anew)):
            both.execute(f"attach '{home}/build.duckdb' as {name} (read_only)")
        there = both.execute(
            "select distinct schema_name || '.' || table_name from duckdb_tables()"
            f" where database_name in ('carried', 'anew') and schema_name in {SCHEMAS} order by 1"
        ).fetchall()
        for (name,) in there:
            for kept, other in (("carried", "anew"), ("anew", "carried")):
                rows = both.execute(f"(from {kept}.{name}) except all (from {other}.{name}) limit 3").fetchall()
                if rows:
                    said.append(f"only in {kept} {name}: {rows}")
    return "\n".join(said)
