"""Reading suites: what a suite file may say, and that the shipped ones agree with every other catalogue of columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from retention_pipeline.core.errors import ConfigError
from retention_pipeline.core.store_tables import STORE_TABLES
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.defs.metric_tables import METRIC_TABLES
from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.metrics.registry import REGISTRY
from retention_pipeline.quality.evaluation import build
from retention_pipeline.quality.suites import STAGES, Suite, load_suites
from tests.quality.bench import ROOT, SUITES, suites_of
from tests.quality.tiny import PARAMETERS

ALL_SUITES = [suite for stage in STAGES for suite in suites_of(stage)]
HAS_ROWS = {
    "name": "has_rows",
    "meaning": "The table is not empty.",
    "expect": "ExpectTableRowCountToBeBetween",
    "kwargs": {"min_value": 1},
}
FILLED = {
    "name": "filled",
    "meaning": "Every order has its number.",
    "expect": "ExpectColumnValuesToNotBeNull",
    "kwargs": {"column": "order_id"},
}
SQL = {"name": "odd", "meaning": "Nothing odd is there.", "no_rows": "select 1 from {table}"}


def suite(*checks: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "table": "raw.orders",
        "description": "Orders as they came.",
        "key": ["order_id"],
        "checks": list(checks or (HAS_ROWS, FILLED)),
        **others,
    }


def load(folder: Path, content: dict[str, Any] | str, name: str = "orders.yml") -> tuple[Suite, ...]:
    (folder / "raw").mkdir()
    text = content if isinstance(content, str) else yaml.safe_dump(content)
    (folder / "raw" / name).write_text(text, encoding="utf-8")
    return load_suites(folder, "raw")


def test_a_suite_is_read(tmp_path: Path) -> None:
    (loaded,) = load(tmp_path, suite())
    assert [expectation.check for expectation in loaded.bind(PARAMETERS)] == ["has_rows", "filled"]


def test_one_check_can_stand_for_several_columns(tmp_path: Path) -> None:
    each = {**FILLED, "kwargs": {}, "each_column": ["order_id", "status"]}
    (loaded,) = load(tmp_path, suite(HAS_ROWS, each))
    bound = loaded.bind(PARAMETERS)
    assert [(one.check, one.kwargs.get("column")) for one in bound[1:]] == [
        ("filled.order_id", "order_id"),
        ("filled.status", "status"),
    ]


def test_parameters_are_filled_in_and_the_table_is_left_to_great_expectations(tmp_path: Path) -> None:
    late = {**SQL, "no_rows": "select 1 from {table} where known_date > date '{as_of}'"}
    (loaded,) = load(tmp_path, suite(HAS_ROWS, late))
    sql = loaded.bind(PARAMETERS)[1].kwargs["unexpected_rows_query"]
    assert sql == "select 1 from {batch} where known_date > date '2024-04-10'"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (suite(FILLED), "the first check must be has_rows"),
        (suite({**HAS_ROWS, "kwargs": {"min_value": 0}}), "the first check must be has_rows"),
        (suite({**HAS_ROWS, "kwargs": {"max_value": 5}}), "the first check must be has_rows"),
        (suite({**SQL, "name": "has_rows"}), "the first check must be has_rows"),
        (suite(HAS_ROWS, FILLED, FILLED), "'filled' stands twice"),
        (suite(HAS_ROWS, {**FILLED, "no_rows": "select 1 from {table}"}), "exactly one of"),
        (suite(HAS_ROWS, {"name": "none", "meaning": "Nothing is checked here."}), "exactly one of"),
        (suite(HAS_ROWS, {**SQL, "kwargs": {"column": "x"}}), "belong to expect"),
        (suite(HAS_ROWS, {**FILLED, "each_column": ["status"]}), "either each_column or kwargs.column"),
        (suite(HAS_ROWS, {**SQL, "no_rows": "select 1 from raw.orders"}), "must read {table}"),
        (suite(HAS_ROWS, {**SQL, "no_rows": "select {now} from {table}"}), "unknown parameter {now}"),
        (suite(HAS_ROWS, {**SQL, "no_rows": "select '{{x}}' from {table}"}), "braces name parameters"),
        (suite(HAS_ROWS, {**SQL, "no_rows": "select '}' from {table}"}), "no_rows"),
        (suite(HAS_ROWS, {**FILLED, "meaning": "short"}), "meaning"),
        (suite(HAS_ROWS, {**FILLED, "severity": "warning"}), "severity"),
        (suite(HAS_ROWS, {**FILLED, "name": "Not A Slug"}), "name"),
        (suite(owner="me"), "owner"),
        (suite(needs="stock"), "needs"),
        (suite(table="raw.customers"), "the path is the address"),
        (suite(checks=[]), "checks"),
        ("table: [", "not readable as YAML"),
        ("table: raw.orders\ntable: raw.customers\n", "'table' stands twice"),
    ],
)
def test_a_suite_that_breaks_a_rule_is_refused(tmp_path: Path, content: dict[str, Any] | str, complaint: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, content)
    assert complaint in str(refused.value)
    assert "orders.yml" in str(refused.value)


def test_a_stage_without_suites_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="would pass everything"):
        load_suites(tmp_path, "raw")


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(ConfigError, match="no stage 'mart'"):
        load_suites(SUITES, "mart")


def test_a_file_that_is_not_a_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"orders\.yaml is not a suite"):
        load(tmp_path, suite(), name="orders.yaml")


@pytest.mark.parametrize("shipped", ALL_SUITES, ids=lambda shipped: shipped.table)
def test_great_expectations_knows_every_class_and_argument(shipped: Suite) -> None:
    for expectation in shipped.bind(PARAMETERS):
        assert build(expectation) is not None
        assert build(expectation, counting=True) is not None


@pytest.mark.parametrize("shipped", ALL_SUITES, ids=lambda shipped: shipped.table)
def test_columns_keys_and_nullability_agree_with_the_specification(shipped: Suite) -> None:
    checks = {check.name: check for check in shipped.checks}
    columns, key, required = specified(shipped.table)
    assert checks["columns"].columns == columns
    assert list(checks["columns"].columns or {}) == list(columns)
    assert shipped.key == key
    assert checks["filled"].each_column == required


def test_every_table_that_is_published_or_staged_has_a_suite() -> None:
    models = (ROOT / "dbt_project" / "models").glob("*/*.sql")
    wanted = {f"{path.parent.name}.{path.stem}" for path in models if path.parent.name in {"staging", "marts"}}
    wanted |= {table.qualified for table in STORE_TABLES if table.name != "quarantine"}
    wanted |= {METRIC_VALUES.qualified, *(f"metrics.{name}" for name in FAMILIES)}
    wanted |= {each.table.qualified for each in METRIC_TABLES}
    assert {shipped.table for shipped in ALL_SUITES} == wanted


def test_the_metrics_that_must_be_there_are_the_registered_ones() -> None:
    values = next(shipped for shipped in ALL_SUITES if shipped.table == "metrics.metric_values")
    sql = next(check.no_rows for check in values.checks if check.name == "every_metric_is_there")
    assert sql is not None
    listed = sql[sql.index("values") : sql.index(") as listed")]
    names = {
        (entry[0], variant)
        for entry in yaml.safe_load("[" + listed.removeprefix("values").replace("(", "[").replace(")", "]") + "]")
        for variant in entry[1]
    }
    assert names == {(definition.metric, definition.variant) for definition in REGISTRY}


def specified(table: str) -> tuple[dict[str, str], list[str], list[str]]:
    """Columns with types, key, and columns that must be filled, from ``core.tables`` or the model's own YAML."""
    schema, name = table.split(".")
    if schema in {"raw", "metrics"}:
        tables = STORE_TABLES if schema == "raw" else [each.table for each in METRIC_TABLES]
        spec = next((each for each in tables if each.name == name), METRIC_VALUES)
        required = [column.name for column in spec.columns if not column.nullable]
        return {column.name: column.type for column in spec.columns}, list(spec.key), required
    path = ROOT / "dbt_project" / "models" / schema / f"{name}.yml"
    model = yaml.safe_load(path.read_text(encoding="utf-8"))["models"][0]
    required = [
        column["name"]
        for column in model["columns"]
        if {"type": "not_null"} in column.get("constraints", []) or "not_null" in column.get("data_tests", [])
    ]
    types = {column["name"]: column["data_type"].upper() for column in model["columns"]}
    return types, model["config"]["meta"]["primary_key"], required
