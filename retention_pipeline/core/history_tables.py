"""The published tables that remember: what was restated and why, how long periods move, what each version knew.

Their content depends on what was published before, so none of them counts for a version's content hash.
Belongs here: names, types, keys and meaning. Not here: filling them (``warehouse.ledger``, ``warehouse.history``).
"""

from __future__ import annotations

from typing import Final

from retention_pipeline.core.tables import METRIC_VALUES, Column, Table

COMPARED: Final = (
    "numerator", "denominator", "value", "n", "ci_low", "ci_high", "status", "definition_version", "unit", "currency",
)  # fmt: skip
"""Columns of a metric row that make a restatement when they change."""

_OF_VALUES: Final = {column.name: column for column in METRIC_VALUES.columns}
CELL_KEY: Final = METRIC_VALUES.key


def _sides() -> tuple[Column, ...]:
    """The compared columns before and after; NULL on the side where the cell does not exist."""
    return tuple(
        Column(f"{side}_{name}", _OF_VALUES[name].type, f"{words}: {_OF_VALUES[name].meaning}", nullable=True)
        for name in COMPARED
        for side, words in (("old", "Before"), ("new", "After"))
    )


METRIC_RESTATEMENTS: Final = Table(
    "main", "metric_restatements",
    "One row per cell of a finished period that a version changed after another version had published it.",
    ("version", *CELL_KEY, "period_end"),
    (
        Column("version", "VARCHAR", "The version that changed the cell."),
        Column("previous_version", "VARCHAR", "The version it was compared with."),
        Column("as_of", "DATE", "Date up to which deliveries were known to the version."),
        Column("previous_as_of", "DATE", "The same of the version it was compared with."),
        Column("published_at", "TIMESTAMP", "When the version was published (UTC)."),
        *(_OF_VALUES[name] for name in CELL_KEY),
        _OF_VALUES["period_end"],
        *_sides(),
        Column("cause", "VARCHAR", "Why it changed; `several` when there is more than one cause."),
        Column("causes", "VARCHAR", "All causes in alphabetical order, separated by commas."),
        Column("delivery_ids", "VARCHAR[]", "Deliveries behind the change, at most 20; see _deliveries."),
        Column("deliveries_count", "BIGINT", "How many deliveries are behind the change."),
    ),
)  # fmt: skip

PERIOD_SETTLING: Final = Table(
    "main", "period_settling",
    "One row per metric, variant, grain and days since a period's end: how many cells moved after that.",
    ("metric", "variant", "grain", "lag_days"),
    (
        _OF_VALUES["metric"],
        _OF_VALUES["variant"],
        _OF_VALUES["grain"],
        Column("lag_days", "INTEGER", "Days since the first day after the period."),
        Column("cells_count", "BIGINT", "Cells that were published by then and whose period is that old."),
        Column("moved_count", "BIGINT", "Of these, cells that a delivery changed later."),
        Column("moved_share", "DOUBLE", "moved_count / cells_count."),
        Column("largest_change", "DOUBLE", "Largest relative change of a value from then until now.", nullable=True),
        Column("median_change", "DOUBLE", "Median relative change of the values that moved.", nullable=True),
        Column("suggested_grace_days", "INTEGER",
               "Shortest of the listed times after which at most 1 % of the cells moved; NULL when none is known.",
               nullable=True),
    ),
)  # fmt: skip

DELIVERIES: Final = Table(
    "main", "_deliveries", "One row per delivery that this version is made from.", ("delivery_id",),
    (
        Column("delivery_id", "VARCHAR", "Hash of source, date, content and mapping."),
        Column("source", "VARCHAR", "Name of the source, such as orders."),
        Column("kind", "VARCHAR", "increment or snapshot."),
        Column("business_date", "DATE", "The date in the file name; NULL for a history file.", nullable=True),
        Column("path", "VARCHAR", "Path relative to the configuration's folder."),
        Column("content_sha256", "VARCHAR", "Checksum of the delivered bytes."),
        Column("records", "BIGINT", "Records in the file, counted independently, less those of erased persons."),
        Column("loaded", "BIGINT", "Records accepted."),
        Column("quarantined", "BIGINT", "Records set aside with a reason."),
        Column("suppressed", "BIGINT", "Exact duplicates of another record of the same delivery."),
    ),
)  # fmt: skip

VERSIONS: Final = Table(
    "main", "_versions", "One row per version that was ever published, this one included.", ("version",),
    (
        Column("version", "VARCHAR", "Name of the version and of its directory."),
        Column("as_of", "DATE", "Date up to which deliveries were known."),
        Column("data_through", "DATE", "Last date up to which orders had been delivered.", nullable=True),
        Column("periods_from", "DATE", "A day of the first published period of every grain.", nullable=True),
        Column("published_at", "TIMESTAMP", "When the version was published (UTC)."),
        Column("content_hash", "VARCHAR", "Fingerprint of the content; equal content, equal fingerprint."),
        Column("rows_count", "BIGINT", "Rows of all tables that count for the content."),
        Column("run_id", "VARCHAR", "The run that published it."),
        Column("compared_with", "VARCHAR",
               "The version whose cells were compared for the restatement ledger; NULL where none was.", nullable=True),
        Column("is_reenactment", "BOOLEAN",
               "Whether a later as_of had been published before: an answer about the past, which restates nothing."),
        Column("contract_version", "INTEGER",
               "Version of the promise about tables, columns and types; NULL where none was noted.", nullable=True),
        Column("build", "VARCHAR", "incremental, or full and why; NULL for versions from before it was noted.",
               nullable=True),
        Column("is_kept", "BOOLEAN", "Whether the version could still be opened when this one was published."),
    ),
)  # fmt: skip

COVERAGE: Final = Table(
    "main", "_coverage", "One row per version and source: how far the source had been delivered.",
    ("version", "source"),
    (
        Column("version", "VARCHAR", "Name of the version."),
        Column("source", "VARCHAR", "Name of the source, such as orders."),
        Column("data_through", "DATE", "Last date up to which nothing was missing; NULL: nothing delivered.",
               nullable=True),
    ),
)  # fmt: skip

METRIC_SOURCES: Final = Table(
    "main", "_metric_sources", "One row per metric, variant, basis and source that can move its values.",
    ("metric", "variant", "basis", "source"),
    (
        _OF_VALUES["metric"],
        _OF_VALUES["variant"],
        _OF_VALUES["basis"],
        Column("source", "VARCHAR", "Name of the source, such as orders."),
        Column("is_completing", "BOOLEAN", "Whether a period is complete only once this source has delivered it."),
        Column("looks_ahead", "BOOLEAN", "Whether records from after a period can move its values."),
        Column("looks_back", "BOOLEAN", "Whether records from any time before a period can move its values."),
        Column("since_version", "VARCHAR", "The first version that had the metric on this basis."),
    ),
)  # fmt: skip

HISTORY_TABLES: Final = (METRIC_RESTATEMENTS, PERIOD_SETTLING, DELIVERIES, METRIC_SOURCES, VERSIONS, COVERAGE)
