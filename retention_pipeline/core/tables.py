"""Tables that Python writes: the delivery store and the metric rows, column by column.

Belongs here: names, types, keys and meaning. Not here: tables that dbt builds (their YAML is their specification).
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
    """One table; ``grain`` is its first sentence, ``key`` identifies a row and gives the order it is written in."""

    schema: str
    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

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


_PROVENANCE = (
    Column("known_date", "DATE", "Business date on which the row became known."),
    Column("delivery_id", "VARCHAR", "The delivery that brought the row."),
    Column("line", "BIGINT", "Line in the delivered file (header = 1), or row number in Parquet and query results."),
)

RAW_ORDERS = Table(
    "raw", "orders", "One row per accepted order record of each delivery.", ("delivery_id", "line"),
    (
        Column("order_id", "VARCHAR", "The shop's order number."),
        Column("customer_id", "VARCHAR", "Keyed hash of the customer; NULL for a guest.", nullable=True),
        Column("ordered_at", "TIMESTAMP", "When the order was placed (UTC)."),
        Column("updated_at", "TIMESTAMP", "When the record last changed (UTC).", nullable=True),
        Column("status", "VARCHAR", "paid, refunded, pending, cancelled, void, test, fraud or other."),
        Column("currency", "VARCHAR", "ISO 4217 code."),
        Column("amount", "DECIMAL(18,4)", "Gross order value."),
        Column("refund_amount", "DECIMAL(18,4)", "Refunded part of the order value."),
        Column("cost_amount", "DECIMAL(18,4)", "Cost of the goods, where the shop delivers it.", nullable=True),
        *_PROVENANCE,
    ),
)  # fmt: skip

RAW_CUSTOMERS = Table(
    "raw", "customers", "One row per accepted customer record of each delivery.", ("delivery_id", "line"),
    (
        Column("customer_id", "VARCHAR", "Keyed hash of the customer."),
        Column("created_at", "TIMESTAMP", "When the customer was registered (UTC).", nullable=True),
        Column("updated_at", "TIMESTAMP", "When the record last changed (UTC).", nullable=True),
        Column("attributes", "MAP(VARCHAR, VARCHAR)", "The configured segments and their values."),
        *_PROVENANCE,
    ),
)  # fmt: skip

RAW_FEEDBACK = Table(
    "raw", "feedback", "One row per accepted answer of each delivery.", ("delivery_id", "line"),
    (
        Column("feedback_id", "VARCHAR", "The answer's number."),
        Column("customer_id", "VARCHAR", "Keyed hash of the customer; NULL when unknown.", nullable=True),
        Column("order_id", "VARCHAR", "The order the answer is about.", nullable=True),
        Column("sent_at", "TIMESTAMP", "When the survey was sent (UTC).", nullable=True),
        Column("submitted_at", "TIMESTAMP", "When the answer was given (UTC)."),
        Column("measure", "VARCHAR", "nps, csat, thumbs or effort."),
        Column("score", "DECIMAL(9,2)", "The score on its own scale."),
        Column("scale_min", "DECIMAL(9,2)", "Lowest score of the scale."),
        Column("scale_max", "DECIMAL(9,2)", "Highest score of the scale."),
        Column("wave", "VARCHAR", "Survey wave, where the shop names one.", nullable=True),
        Column("updated_at", "TIMESTAMP", "When the record last changed (UTC).", nullable=True),
        *_PROVENANCE,
    ),
)  # fmt: skip

RAW_DELIVERIES = Table(
    "raw", "deliveries", "One row per delivery: one file of one source for one business date.", ("delivery_id",),
    (
        Column("delivery_id", "VARCHAR", "Hash of source, date, content and mapping."),
        Column("source", "VARCHAR", "orders, customers or feedback."),
        Column("kind", "VARCHAR", "increment or snapshot."),
        Column("business_date", "DATE", "The date in the file name; NULL for a history file.", nullable=True),
        Column("path", "VARCHAR", "Path relative to the configuration's folder."),
        Column("content_sha256", "VARCHAR", "Checksum of the delivered bytes."),
        Column("mapping_hash", "VARCHAR", "Fingerprint of the configuration the file was read with."),
        Column("sequence", "BIGINT", "Order of arrival."),
        Column("received_date", "DATE", "Day of arrival."),
        Column("status", "VARCHAR", "accepted or refused."),
        Column("refusal", "VARCHAR", "Why the delivery was refused.", nullable=True),
        Column("records", "BIGINT", "Records in the file, counted independently of the reader."),
        Column("loaded", "BIGINT", "Records accepted."),
        Column("quarantined", "BIGINT", "Records set aside with a reason."),
        Column("suppressed", "BIGINT", "Exact duplicates of another record of the same delivery."),
        Column("first_known", "DATE", "Earliest known date of its rows.", nullable=True),
        Column("last_known", "DATE", "Latest known date of its rows.", nullable=True),
        Column("is_current", "BOOLEAN", "Whether no later content for the same source and date has replaced it."),
    ),
)  # fmt: skip

RAW_QUARANTINE = Table(
    "raw", "quarantine", "One row per record that was set aside.", ("delivery_id", "line"),
    (
        Column("delivery_id", "VARCHAR", "The delivery that brought the record."),
        Column("source", "VARCHAR", "orders, customers or feedback."),
        Column("path", "VARCHAR", "Path relative to the configuration's folder."),
        Column("line", "BIGINT", "Line in the delivered file (header = 1), or row number."),
        Column("reason", "VARCHAR", "Reason code."),
        Column("column_name", "VARCHAR", "The contract column at fault.", nullable=True),
        Column("record", "VARCHAR", "The mapped columns as JSON, the customer hashed."),
        Column("known_date", "DATE", "Business date, where it could be read.", nullable=True),
    ),
)  # fmt: skip

STORE_TABLES = (RAW_DELIVERIES, RAW_ORDERS, RAW_CUSTOMERS, RAW_FEEDBACK, RAW_QUARANTINE)

METRIC_VALUES = Table(
    "metrics", "metric_values",
    "One row per metric, variant, basis, period or cohort cell, and segment.",
    ("metric", "variant", "basis", "grain", "calendar", "period_start", "cohort_start", "cohort_age", "segment_set",
     "segment_key"),
    (
        Column("metric", "VARCHAR", "Metric name; its meaning stands in _metric_catalog."),
        Column("variant", "VARCHAR", "Named variant of the metric; `standard` when there is one."),
        Column("definition_version", "INTEGER", "Version of the definition the value was computed by."),
        Column("basis", "VARCHAR", "purchase_window or calendar; for feedback the scale of the answers."),
        Column("grain", "VARCHAR", "day, week, month, quarter or year."),
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
        Column("unit", "VARCHAR", "fraction, customers, orders, money, orders_per_customer, answers, points or ratio."),
        Column("n", "BIGINT", "Customers (answers, for feedback) behind the value.", nullable=True),
        Column("ci_low", "DOUBLE", "Lower end of the 95 % interval.", nullable=True),
        Column("ci_high", "DOUBLE", "Upper end of the 95 % interval.", nullable=True),
        Column("ci_method", "VARCHAR", "How the interval was computed.", nullable=True),
        Column("status", "VARCHAR", "final, provisional, immature, undefined, suppressed or source_absent."),
        Column("is_additive", "BOOLEAN", "Whether values may be summed over periods and segments."),
        Column("as_of", "DATE", "Date up to which deliveries were known."),
        Column("data_through", "DATE", "Last date fully delivered by the source behind the value.", nullable=True),
    ),
)  # fmt: skip
