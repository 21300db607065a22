"""Damage that is written down: seeded corruptions, and what certain checks are there for.

A corruption is a mistake that pipelines make, done to a shop that is right. It must be noticed by the gate of its own
stage or by a test dbt runs with that stage; that later stages would notice does not count, because they are computed
from the damaged tables and agree with them.

Belongs here: reading ``damage/*.yml``. Not here: damage of every column (``operators``), judging (``score``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.quality.suites import STAGES

LONG = "metrics.metric_values"
FAMILY_TABLES = frozenset(f"metrics.{name}" for name in FAMILIES)
_FOLDER = Path(__file__).parent / "damage"


class Corruption(NamedTuple):
    """A kind of mistake, and SQL that makes it in a table."""

    kind: str
    table: str
    statements: tuple[str, ...]

    @property
    def stage(self) -> str:
        """Whose gate must notice."""
        return self.table.split(".")[0]


class Mutant(NamedTuple):
    """SQL that damages ``table`` or what it is compared with, and the checks of ``table`` that must fail.

    ``without`` is a source the shop is taken not to have.
    """

    table: str
    sql: str
    checks: tuple[str, ...]
    without: str | None = None


class ColumnMutant(NamedTuple):
    """Damage that ``operators`` does to a column or a row, and the checks that must fail."""

    table: str
    kind: str
    where: str
    checks: tuple[str, ...]


def _entries(name: str) -> Iterator[tuple[str, dict[str, str]]]:
    tables = yaml.safe_load((_FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    return ((table, entry) for table, entries in tables.items() for entry in entries)


def _corruptions(stage: str) -> Iterator[Corruption]:
    """A family of metrics is damaged together with the long table that repeats it, or their difference would tell."""
    for table, entry in _entries(f"corruptions_{stage}"):
        both = (table, LONG) if table in FAMILY_TABLES else (table,)
        yield Corruption(entry["kind"], table, tuple(entry["sql"].replace("$", each) for each in both))


CORRUPTIONS = tuple(corruption for stage in STAGES for corruption in _corruptions(stage))
MUTANTS = tuple(
    Mutant(table, entry["sql"].replace("$", table), tuple(entry["checks"].split()), entry.get("without"))
    for table, entry in _entries("for_checks")
)
COLUMN_MUTANTS = tuple(
    ColumnMutant(table, entry["kind"], entry["where"], tuple(entry["checks"].split()))
    for table, entry in _entries("for_checks_columns")
)
