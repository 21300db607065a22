"""Published tables: predicting them from another version, comparing them cell by cell.

Belongs here: SQL over whole tables. Not here: what is predicted (``effects``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import duckdb

Effect: TypeAlias = Callable[[str, str, str], str]
"""From table, column and type to the SQL of the predicted value."""

ROUNDED_METRICS = frozenset(
    {"clv", "ltv_to_cac", "acquisition_to_retention_cost", "order_value_uplift", "revenue_concentration"}
)
ROUNDED_COLUMNS = {
    "fct_concentration_period": {"next_value_top", "top_sq", "top_x_existing"},
    "fct_claim_evidence": {"y_sum", "y_sq"},
    "claims": {"value", "ci_low", "ci_high"},
}
"""Quotients and products that are rounded to four decimals: four times a rounded number is not the rounded fourfold."""


@dataclass(frozen=True)
class Published:
    """Where a version is, and the key of each of its tables but those that describe the version itself."""

    database: Path
    keys: Mapping[str, tuple[str, ...]]


@dataclass
class Difference:
    """How much was compared, and what was not as predicted."""

    rows: int = 0
    cells: int = 0
    problems: list[str] = field(default_factory=list)


def predict(base: Published, effects: Iterable[Effect], ids: Mapping[str, str]) -> duckdb.DuckDBPyConnection:
    """A database that holds, in the schema ``predicted``, every table of ``base`` as it must be after all effects."""
    connection = duckdb.connect()
    connection.execute("create table ids (old_id varchar, new_id varchar)")
    connection.executemany("insert into ids values (?, ?)", [["", ""], *map(list, ids.items())])
    connection.execute(f"attach '{base.database}' as base (read_only)")
    connection.execute("create schema predicted")
    for table in base.keys:
        connection.execute(f"create table predicted.{table} as from base.main.{table}")
        for effect in effects:
            columns = connection.execute(f"describe predicted.{table}").fetchall()
            parts = [f"cast({effect(table, name, kind)} as {kind}) as {name}" for name, kind, *_ in columns]
            connection.execute(
                f"create or replace table predicted.{table} as select {', '.join(parts)} from predicted.{table}"
            )
    return connection


def compare(connection: duckdb.DuckDBPyConnection, actual: Published, *, is_rounded: bool = False) -> Difference:
    """Compare the schema ``predicted`` with a published version: every row and every column of every table.

    Args:
        connection: Result of ``predict``.
        actual: The version.
        is_rounded: Whether money was scaled: quotients of money that are stored with four decimals may then differ in
            the last one. Everything else is compared exactly.
    """
    found = Difference()
    connection.execute(f"attach '{actual.database}' as actual (read_only)")
    for table, key in actual.keys.items():
        names = [row[0] for row in connection.execute(f"describe predicted.{table}").fetchall()]
        others = [name for name in names if name not in key]
        both = f"p.{key[0]} is not null and a.{key[0]} is not null"
        counts = [
            "count(*)",
            f"count(*) filter (not ({both}))",
            *(f"count(*) filter ({both} and not ({_same(table, name, is_rounded=is_rounded)}))" for name in others),
        ]
        same_key = " and ".join(f"p.{name} is not distinct from a.{name}" for name in key)
        joined = f"predicted.{table} p full join actual.main.{table} a on {same_key}"
        rows, *wrong = connection.execute(f"select {', '.join(counts)} from {joined}").fetchone() or (0,)
        found.rows += rows
        found.cells += rows * len(names)
        problems = zip(["rows on one side only", *others], wrong, strict=True)
        found.problems += [f"{table}.{name}: {count} of {rows}" for name, count in problems if count]
    connection.execute("detach actual")
    return found


def _same(table: str, name: str, *, is_rounded: bool) -> str:
    exact = f"p.{name} is not distinct from a.{name}"
    near = f"coalesce(abs(p.{name} - a.{name}) <= 0.001 + 1e-4 * abs(p.{name}), false)"
    parts = name.split("__")
    is_wide_value = parts[0] in ROUNDED_METRICS and parts[-1] not in {"status", "assumptions"}
    if is_rounded and (name in ROUNDED_COLUMNS.get(table, ()) or is_wide_value):
        return f"{exact} or {near}"
    if is_rounded and table == "metric_values" and name in {"numerator", "denominator", "value", "ci_low", "ci_high"}:
        metrics = ", ".join(f"'{each}'" for each in sorted(ROUNDED_METRICS))
        return f"{exact} or (p.metric in ({metrics}) and {near})"
    return exact
