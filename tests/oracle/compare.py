"""Cell by cell: tables of a database against the oracle.

Belongs here: equality (exact for counts and money, 1e-9 relative for doubles), missing and extra rows, the report.
Not here: computing either side.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.oracle.expected import Identify, Table, tables
from tests.oracle.world import World

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Cell = object
TOLERANCE = 1e-9
VARIANCE_TOLERANCE = 1e-12
ROUNDED = 0.00005001
"""An estimate's numerator is stored with four decimals."""
WEIGHTED_SQUARES = frozenset({"top_sq", "top_x_existing"})
"""Products with the part of a customer that is at the cut: a double between two decimals, used for an interval only."""
SHOWN = 12


@dataclass
class TableDifference:
    """What differs in one table."""

    name: str
    cells: int = 0
    rows: int = 0
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """Whether every row and every cell agrees."""
        return not (self.missing or self.extra or self.different)

    def lines(self) -> Iterable[str]:
        """The report, the first mismatches of each kind only."""
        yield f"{self.name}: {self.cells:,} cells in {self.rows:,} rows compared"
        for title, found in (
            ("rows only the oracle has", self.missing),
            ("rows only the table has", self.extra),
            ("cells that differ", self.different),
        ):
            if found:
                yield f"  {len(found):,} {title}:"
                yield from (f"    {line}" for line in found[:SHOWN])


@dataclass
class Comparison:
    """All tables."""

    tables: list[TableDifference]

    @property
    def cells(self) -> int:
        """Number of cells compared."""
        return sum(table.cells for table in self.tables)

    @property
    def text(self) -> str:
        """The report of all tables."""
        return "\n".join(line for table in self.tables for line in table.lines())

    def require(self) -> None:
        """Fail with the report unless everything agrees.

        Raises:
            AssertionError: Some row or cell differs, or nothing was compared.
        """
        if not self.cells or not all(table.is_equal for table in self.tables):
            raise AssertionError(self.text)


def compare(
    connection: DuckDBPyConnection,
    world: World,
    *,
    schemas: dict[str, str] | None = None,
    identify: Identify | None = None,
) -> Comparison:
    """Compare the tables of a database with the oracle.

    Args:
        connection: Any DuckDB connection.
        world: The oracle's answer.
        schemas: Schema of each table by name; ``main`` (a published version) where omitted.
        identify: How the customers' ids are published; without it the tables about single customers are left out.
    """
    held = tables(world, identify)
    return Comparison([_compare_table(connection, table, (schemas or {}).get(table.name, "main")) for table in held])


def _compare_table(connection: DuckDBPyConnection, table: Table, schema: str) -> TableDifference:
    found = TableDifference(table.name)
    columns = [row[0] for row in connection.execute(f"describe {schema}.{table.name}").fetchall()]
    unknown = set(columns) - set(table.columns) - table.ignored
    absent = set(table.columns) - set(columns)
    if table.rows and (unknown or absent):
        found.different.append(f"columns not known to the oracle {sorted(unknown)}, not in the table {sorted(absent)}")
        return found
    order = (*table.key, *(name for name in table.columns if name not in table.key))
    actual: dict[tuple[Cell, ...], dict[str, Cell]] = {}
    for row in connection.execute(f"select {', '.join(order)} from {schema}.{table.name}").fetchall():
        key = table.normalise(tuple(row[: len(table.key)]))
        if key in actual:
            found.extra.append(f"twice: {show_key(table, key)}")
        actual[key] = dict(zip(order[len(table.key) :], row[len(table.key) :], strict=True))
    for key, expected in table.rows.items():
        held = actual.pop(key, None)
        if held is None:
            found.missing.append(show_key(table, key))
            continue
        found.rows += 1
        for column, value in expected.items():
            found.cells += 1
            if not is_same(value, held[column], expected, held, column):
                found.different.append(f"{show_key(table, key)}: {column} = {held[column]}, oracle {value}")
    found.extra.extend(show_key(table, key) for key in actual)
    return found


def show_key(table: Table, key: tuple[Cell, ...]) -> str:
    """The key of a row as a reader would say it."""
    return " ".join(f"{name}={part}" for name, part in zip(table.key, key, strict=True) if part is not None)


def is_same(
    expected: Cell, actual: Cell, expected_row: dict[str, Cell], actual_row: dict[str, Cell], column: str
) -> bool:
    """Exact equality, but doubles within 1e-9 relative.

    An interval computed from sums of squares loses digits by cancellation where its width is close to zero; the ends
    may therefore also differ so far that the squared half-width is off by 1e-12 of the squared value.
    """
    if expected is None or actual is None:
        return expected is actual
    if isinstance(expected, float):
        if column in {"ci_low", "ci_high"} and not _is_same_double(expected, actual, column):
            return isinstance(actual, float) and _is_same_width(expected_row, actual_row)
        return _is_same_double(expected, actual, column)
    if column in WEIGHTED_SQUARES:
        return math.isclose(float(str(expected)), float(str(actual)), rel_tol=VARIANCE_TOLERANCE, abs_tol=2e-8)
    if isinstance(expected, int | Decimal):
        return isinstance(actual, int | Decimal) and expected == actual
    return type(expected) is type(actual) and expected == actual


def _is_same_double(expected: float, actual: Cell, column: str) -> bool:
    """Doubles within 1e-9; NaN equals nothing. A quotient's parts are stored with four decimals."""
    if isinstance(actual, Decimal) and column in {"numerator", "denominator"}:
        return math.isclose(expected, actual, rel_tol=TOLERANCE, abs_tol=ROUNDED)
    return isinstance(actual, float) and math.isclose(expected, actual, rel_tol=TOLERANCE, abs_tol=1e-12)


def _is_same_width(expected: dict[str, Cell], actual: dict[str, Cell]) -> bool:
    ends = [(row["ci_low"], row["ci_high"], row["value"]) for row in (expected, actual)]
    if not all(isinstance(number, float) for end in ends for number in end):
        return False
    (low, high, value), (actual_low, actual_high, actual_value) = [tuple(map(float, map(str, end))) for end in ends]
    centred = math.isclose((actual_low + actual_high) / 2, actual_value, rel_tol=1e-6, abs_tol=1e-9)
    squares = ((high - low) / 2) ** 2, ((actual_high - actual_low) / 2) ** 2
    return centred and abs(squares[0] - squares[1]) <= VARIANCE_TOLERANCE * max(1.0, value * value)
