"""The graph and the parsed dbt project of a shop that never ran."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from retention_pipeline.config import load_settings
from retention_pipeline.definitions import build_definitions

CONFIG = """
[shop]
name = "Nobody's shop"
timezone = "UTC"
currency = "EUR"
[sources.orders]
path = "orders.csv"
"""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("graph")


@pytest.fixture(scope="session")
def definitions(home: Path) -> dg.Definitions:
    config = home / "retention.toml"
    config.write_text(CONFIG, encoding="utf-8")
    return build_definitions(load_settings(config))


@pytest.fixture(scope="session")
def manifest(definitions: dg.Definitions, home: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((home / ".retention" / "dbt" / "manifest.json").read_text(encoding="utf-8"))
    return content
