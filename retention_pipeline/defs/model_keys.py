"""The keys of the models between staging and facts, proven together.

Belongs here: what dbt's own tests of these keys would find, without the price of a node of dbt for each.
Not here: keys of staging and facts, which their gates prove; the question itself (``warehouse.grain``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from retention_pipeline.core.errors import GateFailedError
from retention_pipeline.core.home import Home
from retention_pipeline.core.interrupts import insisting
from retention_pipeline.defs.dbt import KEY_TEST, NodeResult
from retention_pipeline.warehouse.connection import connect, duckdb_errors
from retention_pipeline.warehouse.grain import keyless

SCHEMA = "intermediate"


def intermediate_keys(manifest: Path) -> dict[str, tuple[str, ...]]:
    """The columns that dbt's test of the key of each intermediate model looks at, by the model's name."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    tests = [node for node in nodes.values() if (node.get("test_metadata") or {}).get("name") == KEY_TEST]
    return {
        nodes[test["attached_node"]]["name"]: tuple(test["test_metadata"]["kwargs"]["columns"])
        for test in tests
        if nodes[test["attached_node"]]["schema"] == SCHEMA
    }


def prove_keys(home: Home, keys: Mapping[str, tuple[str, ...]]) -> list[NodeResult]:
    """Look for rows of the build file that share a key or lack a part of it.

    Args:
        home: Where the build file is; nobody of this process has it open.
        keys: From :func:`intermediate_keys`.

    Returns:
        One passed test per model.

    Raises:
        GateFailedError: Names every model with such rows.
    """
    with insisting(), connect(home.build, read_only=True) as build, duckdb_errors(home.build):
        found = {name: keyless(build, f"{SCHEMA}.{name}", key) for name, key in keys.items()}
    if any(found.values()):
        raise GateFailedError(
            "\n".join(
                f"test {KEY_TEST}_{name}: {count} values of ({', '.join(keys[name])}) are there more than once or lack"
                " a part"
                for name, count in found.items()
                if count
            ),
            remedy="nothing was published; it is a fault of the pipeline's own code: report it with the names above",
        )
    return [
        NodeResult(
            unique_id=f"test.{name}", name=f"{KEY_TEST}_{name}", resource_type="test", status="pass", message="",
            seconds=0.0, failures=0, table=name,
            description=f"Every row has its own {', '.join(key)}, and none of these is missing.",
        )
        for name, key in keys.items()
    ]  # fmt: skip
