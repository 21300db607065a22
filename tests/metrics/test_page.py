"""The page of the metrics shows the registry as it is."""

from __future__ import annotations

from pathlib import Path

from retention_pipeline.metrics.page import with_definitions
from retention_pipeline.metrics.registry import REGISTRY


def test_the_definitions_on_the_page_are_those_of_the_registry() -> None:
    text = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert with_definitions(text) == text, "run `make docs`"
    assert "`customer_retention_rate.set_based`" in text


def test_the_readme_counts_them_right() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"{len(REGISTRY)} retention metrics" in text
    assert f"lists all {len(REGISTRY)}" in text
