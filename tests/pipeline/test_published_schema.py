"""What a run really publishes has the shape that is declared and recorded."""

from __future__ import annotations

from pathlib import Path

from retention_pipeline.core.published_schema import CONTRACT_VERSION, schema_changes
from retention_pipeline.defs.dbt_parsed import ensure_manifest
from retention_pipeline.defs.marts import MartsCatalogue
from retention_pipeline.defs.schema import declared_schema, recorded_schema
from retention_pipeline.warehouse.read import published_manifest
from tests.pipeline.conftest import ShopFolder

RECORDED = Path(__file__).parents[2] / "docs" / "published_schema"


def test_a_version_has_the_declared_and_the_recorded_shape(published_shop: ShopFolder) -> None:
    home = published_shop.settings.home
    manifest = published_manifest(home)
    published = {name: dict(table["columns"]) for name, table in manifest["tables"].items()}
    declared = declared_schema(MartsCatalogue.from_manifest(ensure_manifest(home)))
    assert published == declared
    assert not schema_changes(recorded_schema(RECORDED, CONTRACT_VERSION) or {}, published).broken
    assert manifest["contract_version"] == CONTRACT_VERSION
    assert published_shop.rows("select max(contract_version) from _versions") == [(CONTRACT_VERSION,)]
