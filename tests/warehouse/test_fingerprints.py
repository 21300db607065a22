from __future__ import annotations

from pathlib import Path

import pytest

from retention_pipeline.core import resources
from retention_pipeline.core.resources import data_tests_dir, dbt_project_dir
from retention_pipeline.warehouse.fingerprints import code_hash, config_hash
from tests.warehouse.support import settings


def test_the_code_hash_is_one_per_process() -> None:
    assert code_hash() == code_hash()
    assert len(code_hash()) == 64


def test_the_config_hash_ignores_places_and_kept_versions(tmp_path: Path) -> None:
    first = settings(tmp_path)
    moved = settings(tmp_path / "elsewhere")
    kept = first.model_copy(update={"publish": first.publish.model_copy(update={"keep_versions": 3})})
    assert config_hash(first) == config_hash(moved) == config_hash(kept)
    assert config_hash(settings(tmp_path, orders={"path": "other/{date}.csv"})) != config_hash(first)


def test_resources_are_found_beside_the_package_and_first_of_all_inside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dbt_project_dir().name == "dbt_project"
    assert data_tests_dir().name == "data_tests"
    package = tmp_path / "retention_pipeline"
    monkeypatch.setattr(resources, "PACKAGE_DIR", package)
    with pytest.raises(FileNotFoundError, match="install retention-pipeline again"):
        dbt_project_dir()
    (tmp_path / "dbt_project").mkdir()
    assert dbt_project_dir() == tmp_path / "dbt_project"
    (package / "_bundled" / "dbt_project").mkdir(parents=True)
    assert dbt_project_dir() == package / "_bundled" / "dbt_project"
