"""Damage of every kind to every column: nobody chose what the checks happen to look at.

Belongs here: deriving damage from columns and types. Not here: damage thought of by hand (``seeded``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from retention_pipeline.core.tables import METRIC_VALUES
from tests.quality.bench import Bench

METRIC_PARTS = ("value", "numerator", "denominator", "n", "ci_low", "status", "period_start", "segment_key")
"""The columns of metric rows that differ from row to row; the others say the same in every row of a metric."""


class Damage(NamedTuple):
    """SQL statements that do one kind of damage to one table."""

    kind: str
    table: str
    where: str
    statements: tuple[str, ...]


def damages_of_columns(bench: Bench, table: str) -> Iterator[Damage]:
    """One row's value of every column lost, changed, or exchanged with that of the next column of its type.

    Args:
        bench: Whose columns and rows to look at.
        table: A table of any stage.
    """
    columns = _columns(bench, table)
    for name, type_ in columns.items():
        for kind, value, condition in _changes(table, name, type_):
            sql = f"update {table} set {name} = {value} where rowid = {_middle_row(table, condition)}"
            yield Damage(kind, table, name, (sql,))
    for (one, type_), (other, other_type) in zip(columns.items(), list(columns.items())[1:], strict=False):
        if type_ == other_type:
            row = _middle_row(table, f"{one} is distinct from {other}")
            sql = f"update {table} set {one} = {other}, {other} = {one} where rowid = {row}"
            yield Damage("columns swapped", table, f"{one}, {other}", (sql,))


def damages_of_rows(bench: Bench, table: str) -> Iterator[Damage]:
    """A row doubled, a row lost, the rows of a segment lost, those of the last period lost."""
    middle = _middle_row(table, "true")
    yield Damage("row doubled", table, "a row", (f"insert into {table} from {table} where rowid = {middle}",))
    yield Damage("row lost", table, "a row", (f"delete from {table} where rowid = {middle}",))
    columns = _columns(bench, table)
    if "segment_key" in columns:
        some = f"(select max(segment_key) from {table} where segment_set <> 'all')"
        yield Damage("segment dropped", table, "the last key", (f"delete from {table} where segment_key = {some}",))
    if "period_start" in columns:
        last = f"(select max(period_start) from {table})"
        yield Damage("period dropped", table, "the last", (f"delete from {table} where period_start = {last}",))


def damage_of(bench: Bench, table: str, kind: str, where: str) -> Damage:
    """The damage of this kind to this column, or to these rows."""
    every = (*damages_of_columns(bench, table), *damages_of_rows(bench, table))
    return next(damage for damage in every if (damage.kind, damage.where) == (kind, where))


def damages_of_metrics(bench: Bench, family: str) -> Iterator[Damage]:
    """Every part of a row of every metric of a family, in the family's table and the long one alike."""
    long = "metrics.metric_values"
    columns = _columns(bench, family)
    for metric, variant in bench.rows(f"select distinct metric, variant from build.{family} order by all"):
        for name in METRIC_PARTS:
            for kind, value, condition in _changes(family, name, columns[name]):
                chosen = f"metric = '{metric}' and variant = '{variant}' and {condition}"
                same = " and ".join(f"{family}.{part} is not distinct from chosen.{part}" for part in METRIC_VALUES.key)
                middle = _middle_row(family, chosen)
                row = f"create or replace temp table chosen as from {family} where rowid = {middle}"
                sql = f"update {family} set {name} = {value} from chosen where {same}"
                statements = (row, sql, sql.replace(family, long).replace(value, value.replace(family, long)))
                yield Damage(kind, family, f"{metric}.{variant} {name}", statements)


def _columns(bench: Bench, table: str) -> dict[str, str]:
    database = "store" if table.startswith("raw.") else "build"
    return dict(
        bench.rows(
            "select column_name, data_type from duckdb_columns()"
            f" where database_name = '{database}' and schema_name || '.' || table_name = '{table}'"
            " order by column_index"
        )
    )


def _changes(table: str, name: str, type_: str) -> Iterator[tuple[str, str, str]]:
    """Kind of damage, the column's new value, and which rows it changes."""
    there = f"{table}.{name} is not null"
    yield "value lost", "null", there
    if type_.startswith(("DECIMAL", "DOUBLE", "BIGINT", "INTEGER")):
        yield "times a hundred", f"{table}.{name} * 100", f"{table}.{name} <> 0"
        yield "one more", f"{table}.{name} + 1", there
        yield "sign flipped", f"-{table}.{name}", f"{table}.{name} <> 0"
    elif type_ in {"DATE", "TIMESTAMP"}:
        yield "a day later", f"{table}.{name} + interval 1 day", f"{table}.{name} < date '9999-01-01'"
    elif type_ == "BOOLEAN":
        yield "flag turned", f"not {table}.{name}", there
    elif type_ == "VARCHAR":
        other = f"(select max(o.{name}) from {table} as o where o.{name} <> {table}.{name})"
        yield "another's value", f"coalesce({other}, 'x')", there


def _middle_row(table: str, condition: str) -> str:
    return f"(select quantile_disc(rowid, 0.5) from {table} where {condition})"
