"""A night does not run dbt's own tests of keys; each of them is asked by somebody else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retention_pipeline.core.errors import GateFailedError
from retention_pipeline.core.home import Home
from retention_pipeline.core.resources import data_tests_dir
from retention_pipeline.defs.dbt import KEY_TEST
from retention_pipeline.defs.model_keys import intermediate_keys, prove_keys
from retention_pipeline.quality.suites import load_suites
from retention_pipeline.warehouse.connection import connect


@pytest.fixture(scope="module")
def tested(manifest: dict[str, Any]) -> dict[tuple[str, str], list[str]]:
    """The columns that dbt's tests of keys look at, by schema and model."""
    nodes = manifest["nodes"]
    found = {}
    for node in nodes.values():
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == KEY_TEST:
            model = nodes[node["attached_node"]]
            found[model["schema"], model["name"]] = node["test_metadata"]["kwargs"]["columns"]
    return found


def test_dbt_tests_the_key_of_every_table_that_others_read_directly(
    manifest: dict[str, Any], tested: dict[tuple[str, str], list[str]]
) -> None:
    untested = set()
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            columns = tested.get((node["schema"], node["name"]))
            if columns is None:
                untested.add(node["name"])
            else:
                assert set(columns) == set(node["config"]["meta"]["primary_key"]), node["name"]
    views = {node["name"] for node in manifest["nodes"].values() if node["config"].get("materialized") == "view"}
    # parts of one table, whose own key shows their double rows
    assert untested - views == {"int_control_parts_dated", "int_control_parts_summed"}


def test_between_staging_and_facts_they_are_proven_together(
    manifest: dict[str, Any], tested: dict[tuple[str, str], list[str]], tmp_path: Path
) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    keys = intermediate_keys(path)
    assert len(keys) > 40
    assert keys == {name: tuple(columns) for (schema, name), columns in tested.items() if schema == "intermediate"}


@pytest.mark.parametrize("stage", ["staging", "marts"])
def test_in_staging_and_facts_the_gate_proves_them(stage: str, tested: dict[tuple[str, str], list[str]]) -> None:
    suites = {suite.table.partition(".")[2]: suite for suite in load_suites(data_tests_dir(), stage)}
    assert set(suites) == {name for schema, name in tested if schema == stage}
    for name, suite in suites.items():
        proofs = [check for check in suite.checks if check.name.endswith("_once")]
        assert len(proofs) == 1, name
        said = str(proofs[0])
        for column in suite.key:
            assert column in said, f"{name}: {proofs[0].name} does not look at {column}"


def test_models_whose_rows_share_a_key_are_named(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.build.parent.mkdir(parents=True)
    with connect(home.build) as build:
        build.execute("create schema intermediate")
        build.execute("create table intermediate.int_good as select range as a from range(3)")
        build.execute("create table intermediate.int_twice as select 1 as a, 2 as b from range(2)")
        build.execute("create view intermediate.int_lacking as select null as a")
    assert [result.name for result in prove_keys(home, {"int_good": ("a",)})] == ["one_row_per_int_good"]
    with pytest.raises(GateFailedError) as raised:
        prove_keys(home, {"int_good": ("a",), "int_twice": ("a", "b"), "int_lacking": ("a",)})
    assert str(raised.value).splitlines()[:2] == [
        "test one_row_per_int_twice: 1 values of (a, b) are there more than once or lack a part",
        "test one_row_per_int_lacking: 1 values of (a) are there more than once or lack a part",
    ]
