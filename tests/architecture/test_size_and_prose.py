"""Sizes, docstrings and lock files."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "retention_pipeline").rglob("*.py"))
MODELS = sorted((ROOT / "dbt_project" / "models").rglob("*.sql"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_belongs_in_it_and_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    tree = ast.parse(text)
    docstring = ast.get_docstring(tree) or ""
    assert docstring
    if path.name == "__init__.py" and path.parent.name != "retention_pipeline":
        assert "Belongs here" in docstring
        assert "Not here" in docstring
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body_start = node.body[1].lineno if ast.get_docstring(node) and len(node.body) > 1 else node.body[0].lineno
            assert (node.end_lineno or 0) - body_start <= 40, f"{path.name}:{node.name} is long"


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_is_at_most_120_lines_with_its_yaml_beside_it(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120
    assert path.with_suffix(".yml").exists()


def test_locks_pin_hashes_and_name_no_index() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        requirements = [line for line in text.splitlines() if line and line[0] not in "# "]
        assert len(requirements) > 50
        assert all("==" in line for line in requirements)
        assert text.count("--hash=sha256:") >= len(requirements)
