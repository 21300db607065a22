"""What every published column means, gathered from where it is said once.

Marts speak through their dbt YAML, metric rows through ``core.tables``, wide tables and catalogue through ``metrics``.
Belongs here: gathering. Not here: any text about a column that has a home elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from retention_pipeline.core.tables import METRIC_VALUES, Column
from retention_pipeline.defs.keys import MARTS
from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.metrics.wide import wide_columns


@dataclass(frozen=True)
class MartTable:
    """A published dbt model."""

    name: str
    key: tuple[str, ...]
    comment: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class MartsCatalogue:
    """The dbt models of schema ``marts``, by name."""

    tables: dict[str, MartTable]

    @classmethod
    def from_manifest(cls, manifest: Path) -> MartsCatalogue:
        """Read the models' YAML as dbt understood it."""
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
        models = [node for node in nodes if node["resource_type"] == "model" and node["schema"] == MARTS]
        return cls(
            {
                node["name"]: MartTable(
                    name=node["name"],
                    key=tuple(node["config"]["meta"]["primary_key"]),
                    comment=" ".join(node["description"].split()),
                    columns=tuple(
                        Column(column["name"], column["data_type"], " ".join(column["description"].split()))
                        for column in node["columns"].values()
                    ),
                )
                for node in sorted(models, key=lambda node: str(node["name"]))
            }
        )


def data_dictionary(marts: MartsCatalogue) -> pd.DataFrame:
    """One row per column of every published table: table_name, column_position, column_name, data_type, meaning."""
    return pd.DataFrame(
        [
            {
                "table_name": table,
                "column_position": position,
                "column_name": column.name,
                "data_type": column.type,
                "meaning": column.meaning,
            }
            for table, columns in _columns(marts)
            for position, column in enumerate(columns, start=1)
        ]
    )


def _columns(marts: MartsCatalogue) -> Iterator[tuple[str, tuple[Column, ...]]]:
    for table in marts.tables.values():
        yield table.name, table.columns
    yield METRIC_VALUES.name, METRIC_VALUES.columns
    for family in FAMILIES:
        yield family, tuple(wide_columns(family))
