"""Imports only go down, and each heavy library has one home."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "retention_pipeline"
MODULES = sorted(PACKAGE.rglob("*.py"))

MAY_IMPORT = {
    "core": set(),
    "config_database": {"core"},
    "config_sources": {"core", "config_database"},
    "config_schema": {"core", "config_sources"},
    "config_alerts": {"core", "config_sources"},
    "config_operations": {"core", "config_sources"},
    "config": {"core", "config_sources", "config_schema", "config_alerts", "config_operations"},
    "extract": {"core", "config"},
    "intake": {"core", "config", "extract"},
    "warehouse": {"core", "config"},
    "alerts": {"core", "config", "config_alerts", "warehouse"},
    "metrics": {"core", "config"},
    "quality": {"core", "config"},
    "demo": {"core", "config"},
    "report": {"core", "config", "metrics"},
    "defs": {"core", "config", "intake", "warehouse", "metrics", "quality", "alerts"},
    "definitions": {"core", "config", "defs"},
    "cli": {"core", "config", "intake", "warehouse", "alerts", "metrics", "demo", "report", "defs", "definitions"},
    "__init__": {"warehouse"},
}
HOMES = {
    "duckdb": {"warehouse"},
    "psycopg": {"extract"},
    "sqlalchemy": {"quality", "defs"},  # defs: only to tune the connections that Dagster opens by it
    "great_expectations": {"quality"},
    "dagster": {"defs", "definitions", "cli"},
    "dagster_dbt": {"defs"},
    "dbt": {"defs", "warehouse"},
    "typer": {"cli"},
    "rich": {"cli"},
    "matplotlib": {"report"},
    "jinja2": {"report"},
}
LAZY = {"great_expectations", "dbt", "sqlalchemy", "matplotlib", "jinja2", "psycopg"}


def part_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Every module imported for use at run time, and whether at module level."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.dump(branch.test)
        for node in ast.walk(branch)
    }
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in top
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, id(node) in top


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_the_layers_below(path: Path) -> None:
    part = part_of(path)
    for name, _ in imports(path):
        if name.startswith("retention_pipeline."):
            target = name.split(".")[1]
            assert target == part or target in MAY_IMPORT[part], f"{part} must not import {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_libraries_stay_in_their_home(path: Path) -> None:
    part = part_of(path)
    for name, at_top in imports(path):
        library = name.split(".")[0]
        assert part in HOMES.get(library, {part}), f"{part} must not import {library}"
        assert not (at_top and library in LAZY), f"{library} is imported when the module is; import it where it is used"


def test_core_uses_the_standard_library_only() -> None:
    for path in (PACKAGE / "core").glob("*.py"):
        for name, _ in imports(path):
            library = name.split(".")[0]
            assert library == "retention_pipeline" or library in sys.stdlib_module_names, f"{path.name}: {name}"


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import retention_pipeline, sys; print(sorted(set(sys.modules) & {'duckdb', 'dagster', 'pandas', 'dbt'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
