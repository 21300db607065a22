"""The format of the delivery store: which one this program reads, and bringing earlier ones up to date.

Belongs here: the number, the settings table, migrations. Not here: the tables themselves (``core.store_tables``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_pipeline.core.errors import StorageError
from retention_pipeline.core.home import Home
from retention_pipeline.core.store_tables import RAW_ARRIVALS, RAW_DELIVERIES, RAW_QUARANTINE
from retention_pipeline.warehouse.arrivals import reconstruct_arrivals

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FORMAT = "4"
"""Version of the store's tables; a store of another format is refused rather than misread."""
_BEFORE_ARRIVALS = "2"
"""The format before ``raw.arrivals``."""
_BEFORE_ERASURE = "3"
"""The format before ``raw.deliveries`` counted erased records, and before repairs."""
EARLIER = frozenset({_BEFORE_ARRIVALS, _BEFORE_ERASURE})
"""Stores of these formats are brought up to date when they are opened for writing."""
_ADDED = (RAW_DELIVERIES, RAW_QUARANTINE, RAW_ARRIVALS)
"""Tables that have gained columns since."""


def setting(connection: DuckDBPyConnection, name: str) -> str | None:
    """What the store says about itself under a name."""
    row = connection.execute("SELECT value FROM main.store_settings WHERE name = ?", [name]).fetchone()
    return None if row is None else str(row[0])


def bring_up_to_date(connection: DuckDBPyConnection) -> None:
    """Change a store of an earlier format into one of this; does nothing to any other."""
    found = setting(connection, "format")
    if found not in EARLIER:
        return
    connection.execute("ALTER TABLE raw.deliveries ADD COLUMN IF NOT EXISTS erased BIGINT DEFAULT 0")
    connection.execute("ALTER TABLE raw.deliveries ALTER COLUMN erased DROP DEFAULT")
    for table in _ADDED:
        for column in table.columns:
            if column.nullable:
                connection.execute(
                    f"ALTER TABLE {table.qualified} ADD COLUMN IF NOT EXISTS {column.name} {column.type}"
                )
    if found == _BEFORE_ARRIVALS:
        reconstruct_arrivals(connection)
    connection.execute("UPDATE main.store_settings SET value = ? WHERE name = 'format'", [FORMAT])


def checked(connection: DuckDBPyConnection, home: Home, *, also: frozenset[str] = frozenset()) -> DuckDBPyConnection:
    """The connection, if the store is of a format this program reads; a store of another is left as it is.

    Raises:
        StorageError: It is of another.
    """
    found = setting(connection, "format")
    if found in EARLIER and not also:
        connection.close()
        raise StorageError(
            f"{home.store} was written by an earlier version of the program",
            remedy="run the pipeline once: it brings the store up to date",
        )
    if found != FORMAT and found not in also:
        connection.close()
        raise StorageError(
            f"{home.store} has format {found}, this program reads format {FORMAT}",
            remedy="use the version of the program that wrote it, or name a new home directory and take the delivered"
            " files in again (copy keys/id.key there first, so that customers keep their hashes)",
        )
    return connection
