"""A copy of the shop in memory whose damage is undone after every question, and what its checks say of it.

A gate asks Great Expectations, which takes a tenth of a second and more per table; hundreds of kinds of damage need
less. So the checks' own SQL is asked here directly; ``test_suites_pass`` proves that the answers are those of the gate.

Belongs here: asking. Not here: what to damage (``seeded``, ``operators``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from retention_pipeline.quality.expectations import ORDERED_COLUMNS, ROW_COUNT, SQL_CHECK, Expectation
from retention_pipeline.quality.parameters import list_literal
from retention_pipeline.quality.suites import Suite, load_suites
from tests.quality.shop import Files

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "data_tests"


@cache
def suites_of(stage: str) -> tuple[Suite, ...]:
    """The shipped suites of a stage, read once."""
    return load_suites(SUITES, stage)


@cache
def suite_of(table: str) -> Suite:
    """The shipped suite of a table."""
    return next(suite for suite in suites_of(table.split(".", maxsplit=1)[0]) if suite.table == table)


@dataclass(frozen=True)
class DbtTest:
    """A test that dbt runs while it builds a stage."""

    name: str
    stage: str
    tables: frozenset[str]
    sql: str


class Bench:
    """The copy; use one per session."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.changed = 0
        """How many rows the damage of the moment touches."""
        self._statements: tuple[str, ...] = ()
        self.connection = duckdb.connect(":memory:", config={"threads": 2})
        self.connection.execute("set TimeZone = 'UTC'")
        for name, path in (("store", files.store), ("build", files.build)):
            self._copy(name, path)
        self.dbt_tests = tuple(dbt_tests_of(files.manifest, files.compiled_tests))

    @contextmanager
    def damaged(self, *statements: str) -> Iterator[Bench]:
        """The shop with damage done to it; afterwards it is whole again.

        Args:
            statements: All of them of the store, or all of the build file, as both cannot be written at once. Names of
                tables are ``raw.orders`` or ``marts.fct_period``.
        """
        of_raw = any(" raw." in statement for statement in statements)
        self.connection.execute(f"use {'store' if of_raw else 'build'}")
        self._statements = statements
        try:
            self._begin()
            yield self
        finally:
            self.connection.execute("rollback")
            self._statements = ()

    def failing(
        self, suite: Suite, names: Sequence[str] | None = None, *, without: str | None = None, as_of: str | None = None
    ) -> list[str]:
        """The expectations of a suite that would block, in its order.

        Args:
            suite: Of any stage.
            names: Only these checks.
            without: A source that the shop is taken not to have.
            as_of: Another date to look back from.
        """
        parameters = dict(self.files.parameters)
        if without is not None:
            parameters["sources"] = list_literal(self.files.configured - {without, "segments", "rfm"})
        if as_of is not None:
            parameters["as_of"] = as_of
        self.connection.execute(f"use {'store' if suite.table.startswith('raw.') else 'build'}")
        expectations = [
            expectation
            for expectation in suite.bind(parameters)
            if names is None or expectation.check.split(".")[0] in names
        ]
        return [each.check for each in expectations if self._finds_something(violations(suite, each))]

    def failing_tests(self, stage: str, table: str) -> list[str]:
        """The tests of dbt that read ``table``, would run with this stage, and fail."""
        tests = [test for test in self.dbt_tests if test.stage == stage and table in test.tables]
        self.connection.execute("use build")
        return [test.name for test in tests if self._finds_something(test.sql)]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.connection.execute(sql).fetchall()

    def _finds_something(self, sql: str) -> bool:
        try:
            return self.connection.execute(f"select 1 from ({sql}) limit 1").fetchone() is not None
        except duckdb.Error:  # a check that raises blocks, and leaves the transaction aborted
            self.connection.execute("rollback")
            self._begin()
            return True

    def _begin(self) -> None:
        self.connection.execute("begin")
        self.changed = 0
        for statement in self._statements:
            answer = self.connection.execute(statement).fetchone()
            if statement.startswith(("update", "delete", "insert")):
                self.changed += answer[0] if answer else 0

    def _copy(self, name: str, path: Path) -> None:
        """Tables only, rows in one order, without constraints: those of the store would hide what the checks see."""
        self.connection.execute(f"attach ':memory:' as {name}; attach '{path}' as origin (read_only)")
        tables = self.rows(
            "select schema_name, table_name from duckdb_tables() where database_name = 'origin' order by all"
        )
        for schema, table in tables:
            self.connection.execute(f"create schema if not exists {name}.{schema}")
            self.connection.execute(
                f"create table {name}.{schema}.{table} as from origin.{schema}.{table} order by all"
            )
        self.connection.execute("detach origin")


_VIOLATIONS = {
    ROW_COUNT: "select 1 from {table} having count(*) < {min_value}",
    ORDERED_COLUMNS: (
        "select 1 from duckdb_columns() where database_name = current_database()"
        " and schema_name || '.' || table_name = '{table}'"
        " having list(column_name order by column_index) <> {column_list}"
    ),
    "ExpectColumnValuesToNotBeNull": "select 1 from {table} where {column} is null",
    "ExpectColumnValuesToBeUnique": (
        "select 1 from {table} where {column} is not null group by {column} having count(*) > 1"
    ),
    "ExpectColumnValuesToBeInSet": "select 1 from {table} where not list_contains({value_set}, {column})",
    "ExpectColumnValuesToBeBetween": (
        "select 1 from {table} where {column} < coalesce({min_value}, {column})"
        " or {column} > coalesce({max_value}, {column})"
    ),
}


def violations(suite: Suite, expectation: Expectation) -> str:
    """A query that returns rows exactly where the expectation does not hold."""
    if expectation.class_name == SQL_CHECK:
        return str(expectation.kwargs["unexpected_rows_query"]).format(batch=suite.table)
    arguments = {"min_value": "null", "max_value": "null", **expectation.kwargs}
    return _VIOLATIONS[expectation.class_name].format(table=suite.table, **arguments)


def dbt_tests_of(manifest: Path, compiled_tests: Path) -> Iterator[DbtTest]:
    """The data tests that dbt left compiled, with the stage each runs in."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    compiled = {path.name: path for path in compiled_tests.rglob("*.sql")}
    for node in nodes.values():
        if node["resource_type"] == "test" and (path := compiled.get(Path(node["path"]).name)) is not None:
            reads = [nodes[name] for name in node["depends_on"]["nodes"] if name in nodes]
            stage = "staging" if all(each["schema"] == "staging" for each in reads) else "marts"
            tables = frozenset(f"{each['schema']}.{each['alias']}" for each in reads)
            yield DbtTest(node["name"], stage, tables, path.read_text(encoding="utf-8"))
