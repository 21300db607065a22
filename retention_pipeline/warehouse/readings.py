"""How far a source that is read from a database has been read.

Belongs here: that one question. Not here: sources of files (``store``), reading the database (``intake.database``).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def read_through(connection: DuckDBPyConnection, name: str, as_of: dt.date) -> dt.date | None:
    """Up to which day a database was read.

    A night without a reading is no gap: the next one brings all that changed since the last. Before the first day that
    was read for, the history of the first reading speaks for every day.
    """
    row = connection.execute(
        "SELECT max(business_date) FILTER (WHERE business_date <= $day), min(business_date),"
        " bool_or(business_date IS NULL AND first_known <= $day) FROM raw.deliveries"
        " WHERE source = $source AND is_current AND status = 'accepted'",
        {"source": name, "day": as_of},
    ).fetchone()
    if row is None:
        return None
    through: dt.date | None
    through, first, has_history = row
    if through is None and has_history:
        return as_of if first is None else min(as_of, first)
    return through
