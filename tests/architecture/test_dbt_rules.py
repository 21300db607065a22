"""Conventions of the dbt project, read from its parsed manifest, and the agreement of every catalogue of columns."""

from __future__ import annotations

from typing import Any

import pytest

from retention_pipeline.core.resources import data_tests_dir
from retention_pipeline.core.store_tables import STORE_TABLES
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.defs.metric_tables import METRIC_TABLES
from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.quality.suites import load_suites

MAY_READ = {
    "staging": {"source", "staging"},
    "intermediate": {"staging", "intermediate", "marts"},
    "marts": {"staging", "intermediate", "marts"},
}
"""Facts read dim_period and fct_customer_period; a period is defined once, so intermediate models may read marts.
Money is converted in staging, so staging models may read stg_fx_rates."""


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> dict[str, Any]:
    found = {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["package_name"] == "retention"
    }
    assert len(found) > 20
    return found


def test_every_model_states_its_grain_and_its_key(models: dict[str, Any]) -> None:
    for node in models.values():
        assert node["description"].startswith("One row per "), node["name"]
        key = node["config"]["meta"]["primary_key"]
        assert set(key) <= set(node["columns"]), node["name"]


def test_nothing_is_said_of_a_model_that_nobody_reads(models: dict[str, Any]) -> None:
    """What a table is clustered by matters where it is published; any other word would be a slip of the pen."""
    for node in models.values():
        meta = node["config"]["meta"]
        assert set(meta) <= {"primary_key", "carry", "cluster_by"}, node["name"]
        if "cluster_by" in meta:
            assert node["schema"] == "marts", node["name"]
            assert set(meta["cluster_by"]) <= set(node["columns"]), node["name"]


def test_every_column_is_described_and_typed(models: dict[str, Any]) -> None:
    for node in models.values():
        for column in node["columns"].values():
            assert column["description"], f"{node['name']}.{column['name']}"
            assert column["data_type"], f"{node['name']}.{column['name']}"


def test_contracts_are_enforced_where_others_read(models: dict[str, Any]) -> None:
    for node in models.values():
        if node["schema"] in {"staging", "marts"}:
            assert node["config"]["contract"]["enforced"], node["name"]


def test_models_read_only_what_their_layer_may(models: dict[str, Any]) -> None:
    for node in models.values():
        for parent in node["depends_on"]["nodes"]:
            layer = "source" if parent.startswith("source.") else models[parent]["schema"]
            assert layer in MAY_READ[node["schema"]], f"{node['name']} reads {parent}"


def test_names_tell_the_layer(models: dict[str, Any]) -> None:
    prefixes = {"staging": ("stg_",), "intermediate": ("int_",), "marts": ("fct_", "dim_")}
    # the list that people ask for and export is published under the name they ask by
    named_by_its_readers = {"customer_scores"}
    for node in models.values():
        named = node["name"] in named_by_its_readers or node["name"].startswith(prefixes[node["schema"]])
        assert named, node["name"]


def test_no_variable_stands_in_a_configuration(models: dict[str, Any]) -> None:
    for node in models.values():
        assert "var(" not in str(node["unrendered_config"]), node["name"]


def suite_columns(stage: str) -> dict[str, dict[str, str]]:
    found = {}
    for suite in load_suites(data_tests_dir(), stage):
        for check in suite.checks:
            if check.columns is not None:
                found[suite.table] = {name: kind.upper() for name, kind in check.columns.items()}
    return found


@pytest.mark.parametrize("stage", ["staging", "marts"])
def test_suites_and_models_agree_on_columns(stage: str, models: dict[str, Any]) -> None:
    expected = {
        f"{stage}.{node['name']}": {name: column["data_type"].upper() for name, column in node["columns"].items()}
        for node in models.values()
        if node["schema"] == stage
    }
    assert {t: list(c.items()) for t, c in suite_columns(stage).items()} == {
        table: list(columns.items()) for table, columns in expected.items()
    }


def test_suites_and_specifications_agree_on_columns() -> None:
    raw = {t.qualified: {c.name: c.type for c in t.columns} for t in STORE_TABLES if t.name != "quarantine"}
    assert suite_columns("raw") == raw
    long = {column.name: column.type for column in METRIC_VALUES.columns}
    beside = {made.table.qualified: {c.name: c.type for c in made.table.columns} for made in METRIC_TABLES}
    assert suite_columns("metrics") == {f"metrics.{name}": long for name in (*FAMILIES, METRIC_VALUES.name)} | beside


def test_sources_and_specifications_agree_on_columns(manifest: dict[str, Any]) -> None:
    specified = {table.qualified: {c.name: c.type.upper() for c in table.columns} for table in STORE_TABLES}
    for source in manifest["sources"].values():
        columns = {name: column["data_type"].upper() for name, column in source["columns"].items()}
        assert columns == specified[f"raw.{source['name']}"], source["name"]
