"""What each dbt model costs by itself: the SQL of a finished run, replayed in one process over the same store.

Belongs here: replaying and timing. Not here: dbt, gates, publication. Processor seconds tell more than the clock on a
machine that does other things, too; a model now and then also pays for a checkpoint of what others wrote.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.report import aligned
from retention_pipeline.core.home import Home


def in_order(nodes: Mapping[str, Any]) -> Iterator[Any]:
    """Models, each after those it reads."""
    done: set[str] = set()

    def visit(key: str) -> Iterator[Any]:
        if key in done or key not in nodes:
            return
        done.add(key)
        for parent in nodes[key]["depends_on"]["nodes"]:
            yield from visit(parent)
        yield nodes[key]

    for key in nodes:
        yield from visit(key)


def replay(home: Home, folder: Path) -> Iterator[tuple[str, int, float]]:
    """Name, rows and processor seconds of each model of the last run in ``home``, built anew in ``folder``."""
    manifest = json.loads((home.dbt_target / "manifest.json").read_text(encoding="utf-8"))
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    with duckdb.connect(str(folder / home.build.name)) as con:
        con.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        con.execute(f"ATTACH '{home.store}' AS store (READ_ONLY)")
        for schema in {node["schema"] for node in models.values()}:
            con.execute(f"CREATE SCHEMA {schema}")
        for node in in_order(models):
            path = home.dbt_target / "run" / node["package_name"] / node["original_file_path"]
            statement = path.read_text(encoding="utf-8").replace("__dbt_tmp", "")
            began = time.process_time()
            con.execute(statement)
            seconds = time.process_time() - began
            if node["config"]["materialized"] == "table":
                rows = con.sql(f"SELECT count(*) FROM {node['schema']}.{node['name']}").fetchall()[0][0]
                yield str(node["name"]), int(rows), seconds


def main() -> None:
    """Print the models of a home's last run with rows and processor seconds, the longest first."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--longest", type=int, default=15)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = sorted(replay(Home(given.home), Path(folder)), key=lambda each: -each[2])
    rows = [(name, f"{count:,}", f"{seconds:.2f}") for name, count, seconds in found[: given.longest]]
    print(aligned([("model", "rows", "cpu s"), *rows]))
    print(f"all {len(found)} models: {sum(seconds for *_, seconds in found):.1f} s")


if __name__ == "__main__":
    main()
