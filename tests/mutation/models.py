"""The models of a shop as dbt rendered them: SQL, who reads whom, what the contract of each says.

Belongs here: reading dbt's target folder. Not here: mutating (``operators``), building (``warehouse``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Model:
    """One model; ``parents`` are models and raw tables, by ``schema.table``."""

    name: str
    schema: str
    sql: str
    parents: frozenset[str]
    not_null: tuple[str, ...]
    is_contracted: bool

    @property
    def table(self) -> str:
        """``schema.table``."""
        return f"{self.schema}.{self.name}"


def read_models(target: Path) -> dict[str, Model]:
    """Every model by ``schema.table``, parents before children."""
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    compiled = target / "compiled" / "retention" / "models"
    places = {**manifest["nodes"], **manifest["sources"]}
    models = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model":
            continue
        parents = (places[parent] for parent in node["depends_on"]["nodes"])
        model = Model(
            name=node["name"],
            schema=node["schema"],
            sql=(compiled / node["path"]).read_text(encoding="utf-8"),
            parents=frozenset(f"{parent['schema']}.{parent['name']}" for parent in parents),
            not_null=tuple(_not_null(node["columns"].values())),
            is_contracted=bool(node["config"]["contract"]["enforced"]),
        )
        models[model.table] = model
    order = TopologicalSorter({table: sorted(model.parents) for table, model in sorted(models.items())}).static_order()
    return {table: models[table] for table in order if table in models}


def descendants(models: Mapping[str, Model], table: str) -> list[str]:
    """Every model that is computed from ``table``, directly or not, in the order of building."""
    reached = {table}
    found = []
    for name, model in models.items():
        if model.parents & reached:
            reached.add(name)
            found.append(name)
    return found


def _not_null(columns: Iterable[dict[str, Any]]) -> Iterable[str]:
    for column in columns:
        if any(constraint["type"] == "not_null" for constraint in column["constraints"]):
            yield column["name"]
