"""The facts that dbt builds for publication, as their YAML describes them.

Belongs here: reading the parsed manifest. Not here: any text about a column (it stands in the YAML).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from retention_pipeline.core.tables import Column, Table
from retention_pipeline.defs.keys import MARTS


@dataclass(frozen=True)
class MartsCatalogue:
    """The dbt models of schema ``marts``, by name."""

    tables: dict[str, Table]

    @classmethod
    def from_manifest(cls, manifest: Path) -> MartsCatalogue:
        """Read the models' YAML as dbt understood it."""
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
        models = [node for node in nodes if node["resource_type"] == "model" and node["schema"] == MARTS]
        return cls(
            {
                node["name"]: Table(
                    schema=MARTS,
                    name=node["name"],
                    grain=_one_line(node["description"]),
                    key=tuple(node["config"]["meta"]["primary_key"]),
                    columns=tuple(
                        Column(column["name"], column["data_type"], _one_line(column["description"]))
                        for column in node["columns"].values()
                    ),
                    cluster_by=tuple(node["config"]["meta"].get("cluster_by", ())),
                )
                for node in sorted(models, key=lambda node: str(node["name"]))
            }
        )


def _one_line(text: str) -> str:
    return " ".join(text.split())
