"""The definitions as readers get them."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from retention_pipeline.metrics.catalog import METRIC_CATALOG, catalog_frame, definitions_table
from retention_pipeline.metrics.definition import MetricDefinition, Unit
from retention_pipeline.metrics.registry import BY_NAME, REGISTRY


def test_the_catalogue_has_one_row_per_definition_in_the_columns_of_its_table() -> None:
    frame = catalog_frame()
    assert tuple(frame.columns) == METRIC_CATALOG.column_names
    assert len(frame) == len(REGISTRY)
    assert not frame.duplicated(list(METRIC_CATALOG.key)).any()
    optional = [column.name for column in METRIC_CATALOG.columns if column.nullable]
    assert frame.drop(columns=optional).notna().to_numpy().all()


@pytest.mark.parametrize("definition", REGISTRY, ids=lambda definition: definition.name)
def test_a_definition_is_one_plain_sentence_with_a_formula_and_a_source(definition: MetricDefinition) -> None:
    assert re.fullmatch(r"[A-Z].{15,}\.", definition.meaning)
    assert ". " not in definition.meaning
    assert definition.formula
    assert definition.source
    assert not definition.formula.endswith(".")
    assert re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", definition.name)


@pytest.mark.parametrize("part", ["new", "expansion", "reactivation", "contraction", "churn"])
def test_parts_of_the_bridge_say_at_which_rates_and_of_which_amounts_they_are(part: str) -> None:
    formula = BY_NAME[f"revenue_bridge.{part}"].formula
    assert "rates of the reference date" in formula
    assert "monthly amounts" in formula


def test_every_unit_of_the_vocabulary_is_used() -> None:
    assert {definition.unit for definition in REGISTRY} == set(get_args(Unit))


def test_the_definitions_table_has_four_cells_in_each_row() -> None:
    table, legend = definitions_table().split("\n\n")
    lines = table.splitlines()
    assert len(lines) == len(REGISTRY) + 2
    assert {len(re.split(r"(?<!\\)\|", line)) for line in lines} == {6}
    assert legend.startswith("A1: ")
    letters = {letter for definition in REGISTRY for letter in re.findall(r"\bA\d\b", definition.source)}
    assert all(f"{letter}: " in legend for letter in letters)
