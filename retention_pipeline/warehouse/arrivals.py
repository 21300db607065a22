"""Which delivery counted for a source and date at which time: what makes a past ``as_of`` come out as it did then.

Belongs here: the log ``raw.arrivals``, and the flag ``is_current`` of ``raw.deliveries``, which shows it as of one
date. Not here: deciding that a delivery replaces another (``intake.catalogue`` appends to the log).

Each entry says that from ``known_from`` on a delivery (none: nothing) counts for a source and business date. The first
file of a date counts from that date on. A file that came when runs had already gone beyond its date, and any that
replaces one that a run has used, counts from the frontier on: the last date with orders when it arrived. No clock takes
part.

A repair of records that had been set aside has entries of its own (``repair_id``). It counts from the frontier on, or,
where no run has used the delivery it repairs, from when on that counts; and never without it.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BEGINNING = dt.date(1, 1, 1)
_FRONTIER = "frontier"
_USED = """
CREATE OR REPLACE TEMP TABLE arrivals_used AS
SELECT DISTINCT delivery_id FROM raw.arrivals WHERE known_from IS NOT NULL AND delivery_id IS NOT NULL
"""
"""Deliveries that an intake before this one has dated: runs may have used them."""
_DATE_REPAIRS = """
UPDATE raw.arrivals AS a SET known_from = CASE
    WHEN r.repairs IN (FROM arrivals_used) THEN greatest(t.known_from, $frontier) ELSE t.known_from END
FROM raw.deliveries AS r
INNER JOIN (SELECT delivery_id, max(known_from) AS known_from FROM raw.arrivals GROUP BY delivery_id) AS t
    ON r.repairs = t.delivery_id
WHERE a.repair_id = r.delivery_id AND a.known_from IS NULL
"""


def finish_arrivals(connection: DuckDBPyConnection, frontier: dt.date | None, *, is_history: bool) -> None:
    """Date the entries of an intake that has come to its end.

    Args:
        connection: The store, all latest deliveries current.
        frontier: The last date with orders now.
        is_history: Whether late files are history that is filled in (see :class:`core.window.Window`).
    """
    reached = _frontier(connection)
    connection.execute("BEGIN")
    connection.execute(_USED)
    connection.execute(
        """
        UPDATE raw.arrivals AS a SET known_from = CASE
            WHEN s.is_first AND ($is_history OR $reached IS NULL OR coalesce(a.business_date > $reached, true))
                THEN coalesce(a.business_date, $beginning)
            ELSE greatest(coalesce(a.business_date, $frontier), $frontier)
        END
        FROM (
            SELECT position, count(d.delivery_id) FILTER (e.known_from IS NOT NULL AND d.status = 'accepted') OVER (
                PARTITION BY e.source, e.business_date) = 0 AS is_first
            FROM raw.arrivals AS e LEFT JOIN raw.deliveries AS d USING (delivery_id)
            WHERE e.repair_id IS NULL
        ) AS s
        WHERE a.position = s.position AND a.known_from IS NULL
        """,
        {
            "is_history": is_history,
            "reached": reached,
            "frontier": frontier or BEGINNING,
            "beginning": BEGINNING,
        },
    )
    connection.execute(_DATE_REPAIRS, {"frontier": frontier or BEGINNING})
    later = max((day for day in (reached, frontier) if day is not None), default=None)
    if later is not None:
        connection.execute("INSERT OR REPLACE INTO main.store_settings VALUES (?, ?)", [_FRONTIER, later.isoformat()])
    connection.execute("COMMIT")


def show_deliveries(connection: DuckDBPyConnection, as_of: dt.date | None = None) -> None:
    """Make the flag ``is_current`` say what counted at ``as_of``; what counts now when it is None."""
    connection.execute(
        """
        UPDATE raw.deliveries SET is_current = s.counts
        FROM (
            WITH latest AS (
                SELECT delivery_id FROM raw.arrivals
                WHERE $as_of IS NULL OR known_from <= $as_of
                QUALIFY row_number() OVER (PARTITION BY source, business_date, repair_id ORDER BY position DESC) = 1
            ),
            counting AS (SELECT delivery_id FROM latest WHERE delivery_id IS NOT NULL)
            SELECT delivery_id, delivery_id IN (FROM counting)
                AND (repairs IS NULL OR repairs IN (FROM counting)) AS counts
            FROM raw.deliveries
        ) AS s
        WHERE raw.deliveries.delivery_id = s.delivery_id AND raw.deliveries.is_current <> s.counts
        """,
        {"as_of": as_of},
    )


def reconstruct_arrivals(connection: DuckDBPyConnection) -> None:
    """Fill the log of a store from before there was one, from the order in which deliveries arrived.

    When a file came back to an earlier content is not on record there; what is current now stays current.
    """
    connection.execute(
        """
        INSERT INTO raw.arrivals (position, source, business_date, delivery_id, known_from)
        WITH frontiers AS (
            SELECT sequence, max(max(coalesce(business_date, last_known)) FILTER (source = 'orders')) OVER (
                ORDER BY sequence) AS frontier
            FROM raw.deliveries WHERE status = 'accepted' GROUP BY sequence
        ),
        listed AS (
            SELECT d.source, d.business_date, d.delivery_id, d.sequence, f.frontier, d.is_current,
                row_number() OVER (PARTITION BY d.source, d.business_date ORDER BY d.sequence, d.delivery_id) AS nth,
                max(d.delivery_id) FILTER (d.is_current) OVER (PARTITION BY d.source, d.business_date) AS now
            FROM raw.deliveries AS d LEFT JOIN frontiers AS f USING (sequence)
        ),
        entries AS (
            SELECT * FROM listed
            UNION ALL BY NAME
            SELECT source, business_date, now AS delivery_id, max(sequence) + 1 AS sequence,
                (SELECT max(frontier) FROM frontiers) AS frontier,
                true AS is_current, max(nth) + 1 AS nth, now
            FROM listed
            GROUP BY source, business_date, now
            HAVING NOT coalesce(arg_max(is_current, nth), false)
        )
        SELECT row_number() OVER (ORDER BY sequence, source, business_date, nth), source, business_date, delivery_id,
            CASE WHEN nth = 1 THEN coalesce(business_date, $beginning)
                ELSE greatest(coalesce(business_date, $beginning), coalesce(frontier, $beginning)) END
        FROM entries
        """,
        {"beginning": BEGINNING},
    )
    connection.execute(
        "INSERT OR REPLACE INTO main.store_settings SELECT ?, max(known_from)::VARCHAR FROM raw.arrivals"
        " WHERE source = 'orders' HAVING max(known_from) > ?",
        [_FRONTIER, BEGINNING],
    )


def _frontier(connection: DuckDBPyConnection) -> dt.date | None:
    row = connection.execute("SELECT value FROM main.store_settings WHERE name = ?", [_FRONTIER]).fetchone()
    return None if row is None else dt.date.fromisoformat(str(row[0]))
