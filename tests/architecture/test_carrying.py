"""Declarations of how tables are carried on from the build before: each is complete, or the table is simply rebuilt."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from retention_pipeline.core.resources import dbt_project_dir

WORDS = {
    "staging": {"source", "key", "history", "ages", "rated", "compared"},
    "customer": {"by", "days", "compared"},
    "customer_and_period": {"by"},
    "period": {"by", "of"},
    "periods": {"by"},
    "days": {"by"},
    None: {"compared"},
}
KEYS = {
    "customer": {"customer_id"},
    "customer_and_period": {"customer_id", "grain", "period_start"},
    "period": {"grain", "period_start"},
    "periods": {"grain", "period_start"},
    "days": {"calendar_date"},
}
"""What a row of such a table must be told by, so that taking some away and putting others in leaves the key unique."""


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}


@pytest.fixture(scope="module")
def declared(models: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {
        name: node["config"]["meta"]["carry"] for name, node in models.items() if "carry" in node["config"]["meta"]
    }
    assert len(found) > 20
    return found


def text(node: dict[str, Any]) -> str:
    return (dbt_project_dir() / str(node["original_file_path"])).read_text(encoding="utf-8")


def test_a_declaration_uses_the_words_of_its_kind(models: dict[str, Any], declared: dict[str, Any]) -> None:
    for name, carry in declared.items():
        kind = "staging" if models[name]["schema"] == "staging" else carry.get("by")
        assert set(carry) <= WORDS[kind], name


def test_rows_are_replaced_by_a_part_of_their_key(models: dict[str, Any], declared: dict[str, Any]) -> None:
    for name, carry in declared.items():
        key = set(models[name]["config"]["meta"]["primary_key"])
        wanted = {carry["key"]} if "key" in carry else KEYS.get(carry.get("by"), set())
        assert wanted <= key, name


def test_a_staged_table_is_patched_by_the_key_its_versions_are_ranked_by(
    models: dict[str, Any], declared: dict[str, Any]
) -> None:
    for name, carry in declared.items():
        if models[name]["schema"] == "staging":
            sources = [id_ for id_ in models[name]["depends_on"]["nodes"] if id_.startswith("source.")]
            assert {id_.rpartition(".")[2] for id_ in sources} <= {carry["source"], "deliveries"}, name
            partitions = re.findall(r"partition by (?:\w+\.)?(\w+)", text(models[name]))
            assert set(partitions) == {carry["key"]}, name
            reads_rates = "model.retention.stg_fx_rates" in models[name]["depends_on"]["nodes"]
            assert reads_rates == ("rated" in carry), name


def test_no_window_of_a_table_by_customer_looks_at_other_customers(
    models: dict[str, Any], declared: dict[str, Any]
) -> None:
    for name, carry in declared.items():
        if carry.get("by") in {"customer", "customer_and_period"}:
            windows = re.findall(r"\bover\s*\(\s*(partition by\s+[\w.]+)?", text(models[name]))
            named = re.findall(r"\bas \(\s*(partition by\s+[\w.]+)?(?:[^()]*order by)", text(models[name]))
            assert all(window.endswith("customer_id") for window in (*windows, *named)), name


def test_what_is_built_for_a_part_of_the_customers_needs_no_others_of_any_input(
    models: dict[str, Any], declared: dict[str, Any]
) -> None:
    """Such a model sees only its customers' rows even of a table that carried builds read as a whole."""
    found = set()
    for name, carry in declared.items():
        if carry.get("by") in {"customer", "customer_and_period"} and models[name]["schema"] != "staging":
            for input_ in (id_.rpartition(".")[2] for id_ in models[name]["depends_on"]["nodes"]):
                is_whole = input_ in models and "by" not in declared.get(input_, {})
                is_whole &= models.get(input_, {}).get("schema") != "staging"
                if is_whole and "customer_id" in models[input_]["columns"]:
                    found.add((name, input_))
    # whose intervals are made of changes from one group of the same customer to the next
    assert found == {("int_customer_rfm_intervals", "int_customer_rfm_grouped")}


def test_a_sum_by_period_names_what_it_adds_up(models: dict[str, Any], declared: dict[str, Any]) -> None:
    for name, carry in declared.items():
        if carry.get("by") == "period":
            assert f"model.retention.{carry['of']}" in models[name]["depends_on"]["nodes"], name
            assert declared[carry["of"]]["by"] in {"customer", "customer_and_period"}, name
            assert not re.search(r"percentile|median|\bmin\(|\bmax\(|\bavg\(|\bover\b", text(models[name])), name


def test_no_fact_is_made_of_where_a_row_came_from(models: dict[str, Any]) -> None:
    """Staged rows that differ in their provenance alone count as the same for the tables behind them."""
    macro = (Path(dbt_project_dir()) / "macros/engine/carrying/difference.sql").read_text(encoding="utf-8")
    (listed,) = re.findall(r"macro provenance\(\).*return\((.*?)\)", macro)
    assert listed == "['known_date', 'delivery_id']"
    for name, node in models.items():
        if node["schema"] != "staging":
            assert not re.search(r"known_date|delivery_id", text(node)), name
