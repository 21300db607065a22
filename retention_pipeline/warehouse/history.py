"""The table ``_versions``: which versions there are, published inside each of them.

Belongs here: its shape and rows. Not here: keeping or removing versions (``versions``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from retention_pipeline.core.tables import Column
from retention_pipeline.warehouse.manifest import Manifest
from retention_pipeline.warehouse.release import PublishedTable

NAME = "_versions"
COLUMNS = (
    Column("version", "VARCHAR", "Name of the version and of its directory."),
    Column("as_of", "DATE", "Date up to which deliveries were known."),
    Column("published_at", "TIMESTAMP", "When the version was published (UTC)."),
    Column("content_hash", "VARCHAR", "Fingerprint of the content; equal content, equal fingerprint."),
    Column("rows_count", "BIGINT", "Rows of all tables that count for the content."),
    Column("run_id", "VARCHAR", "The run that published it."),
)


@dataclass(frozen=True)
class Entry:
    """One row of ``_versions``, in the order of its columns."""

    version: str
    as_of: str
    published_at: str
    content_hash: str
    rows_count: int
    run_id: str

    @classmethod
    def of(cls, manifest: Manifest) -> Entry:
        """The row about a version that is there already."""
        return cls(
            manifest.version,
            manifest.metadata["as_of"],
            manifest.created_at,
            manifest.content_hash,
            manifest.rows,
            manifest.metadata["run_id"],
        )


def versions_table(kept: Sequence[Manifest], upcoming: Entry) -> PublishedTable:
    """``_versions`` as it stands in the version that is about to be published."""
    entries = [*(Entry.of(manifest) for manifest in kept), upcoming]
    frame = pd.DataFrame([vars(entry) for entry in entries])
    frame["published_at"] = pd.to_datetime(frame["published_at"], utc=True).dt.tz_localize(None)
    return PublishedTable(
        name=NAME,
        key=("version",),
        frame=frame,
        column_types={column.name: column.type for column in COLUMNS},
        column_comments={column.name: column.meaning for column in COLUMNS},
        comment="One row per published version that was kept when this one was published, itself included.",
        counts_for_content=False,
    )
