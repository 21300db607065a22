"""What consumers are promised about the shape of the published tables.

The contract version is a number that only a breaking change raises: a table or column that goes, a type that is another
one. Additions do not. ``docs/published_schema/v<number>.yml`` records the tables of each contract version.

Belongs here: the number, comparing two shapes. Not here: gathering today's shape (``defs.schema``), refusing to publish
(``warehouse.contract``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CONTRACT_VERSION: Final = 1
"""Raise by one together with a breaking change, then run ``make schema``."""

Schema = Mapping[str, Mapping[str, str]]
"""Type of each column by table and name; the order of columns is no promise."""


@dataclass(frozen=True)
class SchemaChanges:
    """How one shape differs from an earlier one, each difference in words."""

    added: tuple[str, ...]
    broken: tuple[str, ...]


def normalised(type_: str) -> str:
    """A type as DuckDB spells it: ``decimal(38, 4)`` and ``DECIMAL(38,4)`` are the same."""
    return type_.upper().replace(" ", "").replace("STRING", "VARCHAR")


def schema_changes(old: Schema, new: Schema) -> SchemaChanges:
    """Compare two shapes.

    Args:
        old: What consumers have now.
        new: What they would have.
    """
    added = [f"table {table}" for table in new if table not in old]
    broken = [f"table {table} is gone" for table in old if table not in new]
    for table in old:
        if table not in new:
            continue
        before, after = old[table], new[table]
        added += [f"column {table}.{name}" for name in after if name not in before]
        broken += [f"column {table}.{name} is gone" for name in before if name not in after]
        broken += [
            f"column {table}.{name} is {normalised(after[name])} and was {normalised(before[name])}"
            for name in before
            if name in after and normalised(before[name]) != normalised(after[name])
        ]
    return SchemaChanges(tuple(sorted(added)), tuple(sorted(broken)))
