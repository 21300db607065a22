"""What stands behind a version: per source, how far it was delivered and what became of its records.

Belongs here: the rows of ``_freshness``. Not here: the rule of ``data_through`` (``warehouse.store``).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from retention_pipeline.core.history_tables import DELIVERIES
from retention_pipeline.core.tables import Column
from retention_pipeline.warehouse.build import Inputs
from retention_pipeline.warehouse.frames import read_frame

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FRESHNESS_COLUMNS = (
    Column("source", "VARCHAR", "orders, customers or feedback."),
    Column("data_through", "DATE", "Last date up to which nothing is missing; NULL: nothing delivered.", nullable=True),
    Column("as_of", "DATE", "Date up to which deliveries were known."),
    Column("deliveries", "BIGINT", "Current deliveries known at as_of."),
    Column("records", "BIGINT", "Records in them, counted independently of the reader."),
    Column("loaded", "BIGINT", "Records accepted."),
    Column("quarantined", "BIGINT", "Records set aside with a reason."),
    Column("suppressed", "BIGINT", "Exact duplicates within a delivery."),
    Column("erased", "BIGINT", "Records of persons who have been erased; nothing of them is kept."),
)

KNOWN_FROM_THE_BEGINNING = dt.date(1900, 1, 1)
"""What intake writes for a customer without any date: no evidence of how far the source was delivered."""

_TOTALS = """
    select
        source,
        count(*) as deliveries,
        sum(records)::bigint as records,
        sum(loaded)::bigint as loaded,
        sum(quarantined)::bigint as quarantined,
        sum(suppressed)::bigint as suppressed,
        sum(erased)::bigint as erased
    from raw.deliveries
    where is_current and status = 'accepted' and coalesce(business_date, first_known, ?) <= ?
    group by source
"""


def freshness_frame(store: DuckDBPyConnection, inputs: Inputs) -> pd.DataFrame:
    """One row per configured source, in the columns of ``FRESHNESS_COLUMNS``."""
    totals = read_frame(store, _TOTALS, (inputs.as_of, inputs.as_of)).set_index("source")
    counts = totals.reindex(list(inputs.data_through)).fillna(0).astype("int64")
    counts.insert(0, "source", list(inputs.data_through))
    through = [None if day == KNOWN_FROM_THE_BEGINNING else day for day in inputs.data_through.values()]
    counts.insert(1, "data_through", pd.to_datetime(pd.Series(through, index=counts.index)))
    counts.insert(2, "as_of", pd.Timestamp(inputs.as_of))
    return counts.reset_index(drop=True)


def deliveries_frame(store: DuckDBPyConnection, inputs: Inputs) -> pd.DataFrame:
    """The deliveries a version is made from, in the columns of ``DELIVERIES``; only of configured sources.

    Records of erased persons are left out of the count of each file and told only per source (``_freshness``): on which
    days somebody bought is nobody's business any more.
    """
    columns = ", ".join(DELIVERIES.column_names).replace("records", "records - erased as records")
    query = f"""
        select {columns}
        from raw.deliveries
        where is_current and status = 'accepted' and coalesce(business_date, first_known, ?) <= ?
            and source in (select unnest(?))
    """
    return read_frame(store, query, (inputs.as_of, inputs.as_of, list(inputs.data_through)))


def input_checksums(store: DuckDBPyConnection, inputs: Inputs) -> dict[str, dict[str, int | str]]:
    """Per source, how many deliveries a version is made from and the SHA-256 over their contents' checksums."""
    rows = store.execute(
        """
        select source, count(*), sha256(string_agg(content_sha256, '' order by business_date, content_sha256))
        from raw.deliveries
        where is_current and status = 'accepted' and coalesce(business_date, first_known, ?) <= ?
        group by source
        order by source
        """,
        [inputs.as_of, inputs.as_of],
    ).fetchall()
    return {source: {"deliveries": count, "sha256": checksum} for source, count, checksum in rows}
