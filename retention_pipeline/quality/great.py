"""Great Expectations, imported once and fitted to DuckDB.

Belongs here: the classes the evaluation uses, what Great Expectations must be told about DuckDB, and what it need not
compute again.
Not here: connections (``database``), what is asked and how answers read (``evaluation``).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from retention_pipeline.core.interrupts import stop_if_told

REMEMBERED = 2_000
"""Configurations kept at a time; the largest suite needs a few hundred."""


@dataclass(frozen=True)
class Great:
    """The imported classes; ``Any`` because Great Expectations ships no types that survive its decorators."""

    expectations: Any
    """The module of all expectation classes."""
    base: Any
    """The class every expectation derives from."""
    map_classes: tuple[Any, ...]
    """Expectations that count violating rows; the cheap way to ask them differs."""
    counting_query: Any
    """``UnexpectedRowsExpectation`` that only counts, half the work."""
    engine: Any
    """Execution engine over an open DuckDB connection."""
    batch_data: Any
    batch: Any
    validator: Any
    context: Any


@cache
def great() -> Great:
    """Import Great Expectations (6 to 7 s of processor time) with telemetry and progress bars off."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read during the import
    import great_expectations
    from great_expectations import expectations
    from great_expectations.core.batch import Batch
    from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
    from great_expectations.expectations import expectation as kinds
    from great_expectations.validator.validator import Validator

    logging.captureWarnings(False)  # great_expectations switches it on for the whole process
    # It logs every failing statement with its traceback; the report says what matters, without rows of data.
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    _remember_configurations(kinds.Expectation)
    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return Great(
        expectations=expectations,
        base=kinds.Expectation,
        map_classes=(kinds.ColumnMapExpectation, kinds.ColumnPairMapExpectation, kinds.MulticolumnMapExpectation),
        counting_query=_counting_query(expectations.UnexpectedRowsExpectation),
        engine=_duckdb_engine(),
        batch_data=SqlAlchemyBatchData,
        batch=Batch,
        validator=Validator,
        context=context,
    )


def _remember_configurations(base: Any) -> None:
    """Let an expectation make its configuration once: it is asked for some fifty times, and nobody here changes it."""
    compute = base.configuration.fget
    made: dict[int, tuple[Any, Any]] = {}

    def remembered(self: Any) -> Any:
        held = made.get(id(self))
        if held is None or held[0] is not self:
            if len(made) >= REMEMBERED:
                made.clear()
            made[id(self)] = held = (self, compute(self))
        return held[1]

    base.configuration = property(remembered)


def _counting_query(base: Any) -> Any:
    metric = "unexpected_rows_query.row_count"

    class CountingQuery(base):  # type: ignore[misc]  # the base is untyped
        """Runs the query once, for the count; the stock class runs it a second time for the rows."""

        metric_dependencies = (metric,)

        def _validate(self, metrics: Any, runtime_configuration: Any = None, execution_engine: Any = None) -> Any:
            del runtime_configuration, execution_engine
            return {"success": metrics[metric] == 0, "result": {"observed_value": metrics[metric]}}

    return CountingQuery


def _duckdb_engine() -> Any:
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine

    class DuckDBEngine(SqlAlchemyExecutionEngine):  # type: ignore[misc]  # the base is untyped
        """Keeps one connection (DuckDB drops results with it) and reads columns from DuckDB's own catalogue."""

        def __init__(self, connection: Any) -> None:
            super().__init__(engine=connection.engine)
            self.held = connection

        @contextmanager
        def get_connection(self) -> Iterator[Any]:
            stop_if_told()
            # A statement that failed leaves its transaction aborted; everything here only reads.
            if self.held.in_transaction():
                self.held.rollback()
            yield self.held

        def close(self) -> None:
            # Called when this object is collected, while the connection still serves others; who opened it closes it.
            return

        def get_inspector(self) -> Any:
            return _Catalogue(self.held)

    return DuckDBEngine


class _Catalogue:
    """The part of an SQLAlchemy inspector that Great Expectations uses; reflection needs PostgreSQL's catalogue."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.dialect = connection.dialect

    def get_columns(self, table_name: str, schema: str) -> list[dict[str, str]]:
        """Names and types of a table's columns, in order."""
        rows = self._connection.exec_driver_sql(
            "select column_name, data_type from duckdb_columns()"
            f" where database_name = current_database() and schema_name = '{schema}' and table_name = '{table_name}'"
            " order by column_index"
        )
        return [{"name": name, "type": type_} for name, type_ in rows.fetchall()]

    def get_pk_constraint(self, table_name: str, schema: str) -> dict[str, list[str]]:
        """No keys: uniqueness is checked, not believed."""
        del table_name, schema
        return {}
