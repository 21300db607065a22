"""How a table is described, and the table of metric rows.

Belongs here: names, types, keys and meaning. Not here: the delivery store (``store_tables``), tables that dbt builds
(their YAML is their specification).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: DuckDB type and meaning."""

    name: str
    type: str
    meaning: str
    nullable: bool = False

    @property
    def ddl(self) -> str:
        """The column as it stands in ``CREATE TABLE``."""
        return f"{self.name} {self.type}" + ("" if self.nullable else " NOT NULL")


@dataclass(frozen=True)
class Table:
    """One table; ``grain`` is its first sentence, ``key`` identifies a row and gives the order it is written in.

    Rows that are alike in the columns of ``cluster_by`` are written together, whatever their keys.
    """

    schema: str
    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    cluster_by: tuple[str, ...] = ()

    @property
    def qualified(self) -> str:
        """``schema.table``."""
        return f"{self.schema}.{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def ddl(self) -> str:
        """``CREATE TABLE IF NOT EXISTS`` for this table."""
        return f"CREATE TABLE IF NOT EXISTS {self.qualified} ({', '.join(column.ddl for column in self.columns)})"


METRIC_VALUES = Table(
    "metrics", "metric_values",
    "One row per metric, variant, basis, period or cohort cell, and segment.",
    ("metric", "variant", "basis", "grain", "calendar", "period_start", "cohort_start", "cohort_age", "segment_set",
     "segment_key"),
    (
        Column("metric", "VARCHAR", "Metric name; its meaning stands in _metric_catalog."),
        Column("variant", "VARCHAR", "Named variant of the metric; `standard` when there is one."),
        Column("definition_version", "INTEGER", "Version of the definition the value was computed by."),
        Column("basis", "VARCHAR", "purchase_window, subscription or calendar; for scores the scale of the answers."),
        Column("grain", "VARCHAR", "day, week, month, quarter or year; `all` for the whole history up to as_of."),
        Column("calendar", "VARCHAR", "Calendar the period belongs to."),
        Column("period_start", "DATE", "First day of the period."),
        Column("period_end", "DATE", "First day after the period."),
        Column("cohort_start", "DATE", "First day of the cohort's first period; NULL outside cohorts.", nullable=True),
        Column("cohort_age", "INTEGER", "Whole periods since the cohort's first; NULL outside cohorts.", nullable=True),
        Column("segment_set", "VARCHAR", "Name of the segment dimension; `all` for totals."),
        Column("segment_key", "VARCHAR", "Value of the segment as known at the period's start; `all` for totals."),
        Column("currency", "VARCHAR", "Currency of money values, else NULL.", nullable=True),
        Column("numerator", "DECIMAL(38,4)", "What was counted or summed.", nullable=True),
        Column("denominator", "DECIMAL(38,4)", "What it was divided by; NULL for counts and sums.", nullable=True),
        Column("value", "DOUBLE", "The value; rates are fractions.", nullable=True),
        Column("unit", "VARCHAR", "What the value is measured in, such as fraction, money or days."),
        Column("n", "BIGINT", "Customers (answers, for feedback) behind the value.", nullable=True),
        Column("ci_low", "DOUBLE", "Lower end of the 95 % interval.", nullable=True),
        Column("ci_high", "DOUBLE", "Upper end of the 95 % interval.", nullable=True),
        Column("ci_method", "VARCHAR", "How the interval was computed.", nullable=True),
        Column("status", "VARCHAR", "final, provisional, immature, undefined, suppressed or source_absent."),
        Column("assumptions", "VARCHAR", "What it takes as given: horizon, discounting, margin basis.", nullable=True),
        Column("is_additive", "BOOLEAN", "Whether values may be summed over periods and segments."),
        Column("as_of", "DATE", "Date up to which deliveries were known."),
        Column("data_through", "DATE", "Last date fully delivered by the source behind the value.", nullable=True),
    ),
)  # fmt: skip
