"""The tables of the delivery store as a format: its number, creating them, bringing an earlier store up to date.

Belongs here: what is done to a store when it is opened. Not here: opening it (``store``), the columns
(``core.store_tables``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_pipeline.core.store_tables import RAW_ARRIVALS, RAW_DELIVERIES, RAW_QUARANTINE, STORE_TABLES
from retention_pipeline.warehouse.arrivals import reconstruct_arrivals

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FORMAT = "4"
"""Version of the store's tables; a store of another format is refused rather than misread."""
_BEFORE_ARRIVALS = "2"
EARLIER = (_BEFORE_ARRIVALS, "3")
"""Formats before ``raw.arrivals`` and before repairs; a store of them is brought up to date when opened for writing."""
_ADDED = (RAW_DELIVERIES, RAW_QUARANTINE, RAW_ARRIVALS)
"""Tables that have gained columns since."""


def create_tables(connection: DuckDBPyConnection) -> None:
    """Create what is not there yet."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS raw")
    for table in (*STORE_TABLES, RAW_ARRIVALS):
        connection.execute(table.ddl)


def bring_up_to_date(connection: DuckDBPyConnection) -> None:
    """Add to a store of an earlier format what it lacks; a store of this one stays as it is."""
    found = setting(connection, "format")
    if found not in EARLIER:
        return
    for table in _ADDED:
        for column in table.columns:
            if column.nullable:
                connection.execute(
                    f"ALTER TABLE {table.qualified} ADD COLUMN IF NOT EXISTS {column.name} {column.type}"
                )
    if found == _BEFORE_ARRIVALS:
        reconstruct_arrivals(connection)
    connection.execute("UPDATE main.store_settings SET value = ? WHERE name = 'format'", [FORMAT])


def setting(connection: DuckDBPyConnection, name: str) -> str | None:
    """One of the store's settings."""
    row = connection.execute("SELECT value FROM main.store_settings WHERE name = ?", [name]).fetchone()
    return None if row is None else str(row[0])
