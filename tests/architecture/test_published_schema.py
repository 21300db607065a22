"""The shape of the published tables against what was recorded, and who reads the facts."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest

from retention_pipeline.core.errors import PublishedSchemaError
from retention_pipeline.core.published_schema import CONTRACT_VERSION, Schema, schema_changes
from retention_pipeline.defs.marts import MartsCatalogue
from retention_pipeline.defs.metric_tables import METRIC_TABLES
from retention_pipeline.defs.schema import declared_schema, record_schema, recorded_schema
from retention_pipeline.metrics.families import FAMILIES

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "docs" / "published_schema"
REPORT = ROOT / "retention_pipeline" / "report"
REMEDY = "bring it back, or raise CONTRACT_VERSION in core/published_schema.py and run `make schema`"


@pytest.fixture(scope="module")
def declared(manifest: dict[str, Any], home: Path) -> Schema:
    return declared_schema(MartsCatalogue.from_manifest(home / ".retention" / "dbt" / "manifest.json"))


def test_nothing_published_is_gone_or_of_another_type(declared: Schema) -> None:
    recorded = recorded_schema(RECORDED, CONTRACT_VERSION)
    assert recorded is not None, f"contract version {CONTRACT_VERSION} is not recorded: run `make schema`"
    changes = schema_changes(recorded, declared)
    assert not changes.broken, f"{changes.broken}: {REMEDY}"
    if changes.added:
        warnings.warn(f"not recorded yet, run `make schema`: {', '.join(changes.added)}", stacklevel=1)


def test_every_contract_version_up_to_this_one_is_recorded() -> None:
    found = sorted(int(path.stem.removeprefix("v")) for path in RECORDED.glob("v*.yml"))
    assert found == list(range(1, CONTRACT_VERSION + 1))


def changed(schema: Schema, table: str, **columns: str | None) -> dict[str, dict[str, str]]:
    """A copy with columns of a table added, retyped or (None) dropped."""
    copy = {name: dict(held) for name, held in schema.items()}
    for name, type_ in columns.items():
        copy[table].pop(name) if type_ is None else copy[table].update({name: type_})
    return copy


@pytest.mark.parametrize("columns", [{"revenue_net": None}, {"revenue_net": "DOUBLE"}], ids=["dropped", "retyped"])
def test_a_break_is_recorded_only_under_a_new_contract_version(
    columns: dict[str, str | None], declared: Schema, tmp_path: Path
) -> None:
    record_schema(tmp_path, declared, 1)
    first = (tmp_path / "v1.yml").read_bytes()
    broken = changed(declared, "fct_period", **columns)
    with pytest.raises(PublishedSchemaError, match=r"fct_period\.revenue_net") as caught:
        record_schema(tmp_path, broken, 1)
    assert "CONTRACT_VERSION" in str(caught.value.remedy)
    assert "contract version 2 begins" in record_schema(tmp_path, broken, 2)
    assert (tmp_path / "v1.yml").read_bytes() == first
    assert recorded_schema(tmp_path, 2) == broken


def test_an_addition_is_recorded_under_the_same_contract_version(declared: Schema, tmp_path: Path) -> None:
    record_schema(tmp_path, declared, 1)
    wider = changed(declared, "fct_period", orders_count_gifts="BIGINT")
    assert schema_changes(declared, wider).broken == ()
    assert record_schema(tmp_path, wider, 1).endswith("new: column fct_period.orders_count_gifts")
    assert recorded_schema(tmp_path, 1) == wider


def readers(manifest: dict[str, Any]) -> dict[str, set[str]]:
    return {
        exposure["name"]: {unique_id.split(".")[-1] for unique_id in exposure["depends_on"]["nodes"]}
        for exposure in manifest["exposures"].values()
    }


def test_every_fact_has_a_reader_and_every_reader_names_models_that_exist(manifest: dict[str, Any]) -> None:
    models = {node["name"]: node["schema"] for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    named = set().union(*readers(manifest).values())
    assert named <= set(models)
    assert {name for name, schema in models.items() if schema == "marts"} <= named


def test_the_metrics_read_what_their_exposure_says(manifest: dict[str, Any]) -> None:
    beside = {key.path[-1] for made in METRIC_TABLES for key in made.upstream if key.path[0] != "metrics"}
    assert readers(manifest)["metrics"] == {name for family in FAMILIES.values() for name in family.inputs} | beside


def test_the_report_reads_what_its_exposure_says(manifest: dict[str, Any]) -> None:
    marts = {node["name"] for node in manifest["nodes"].values() if node["schema"] == "marts"}
    text = "\n".join(path.read_text(encoding="utf-8") for path in REPORT.glob("*.py"))
    queried = set(re.findall(r"\b(?:from|join|describe) ([a-z_]+)", text))
    assert readers(manifest)["report"] == queried & marts
