"""Whether too large a share of what arrived together was quarantined.

Belongs here: the query behind ``limits.max_quarantined_share``. Not here: stopping the run (``report``).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings
from retention_pipeline.intake.report import Excess, Rejected

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_EXAMPLES = 3
_STILL_OPEN = "NOT EXISTS (SELECT 1 FROM raw.deliveries r WHERE r.delivery_id = q.resolved_by AND r.is_current)"
_OPEN = f"SELECT q.delivery_id, count(*) AS n FROM raw.quarantine q WHERE {_STILL_OPEN} GROUP BY q.delivery_id"
"""Records that were set aside and that no repair has brought since."""


def find_excess(connection: DuckDBPyConnection, settings: Settings) -> list[Excess]:
    """Arrivals beyond the limit, as long as the deliveries behind them are current.

    Deliveries of a source that were taken in together are one arrival. It is judged by all of its deliveries and, once
    some have been replaced, also by those still in use: correcting the bad file heals it, replacing a good one does
    not make it worse; repaired records no longer count as bad. A handful of bad records is tolerated whatever their
    share, or a quiet day of ten orders with one bad one would stop a shop. Since it is read from the store, running
    again does not make the problem go away.
    """
    groups = connection.execute(
        f"WITH open AS ({_OPEN})"
        " SELECT source, sequence, sum(records)::BIGINT, sum(n)::BIGINT FROM raw.deliveries"
        " LEFT JOIN open USING (delivery_id)"
        " WHERE status = 'accepted' AND repairs IS NULL AND list_contains($sources, source) GROUP BY ALL"
        " HAVING sum(n) > greatest($limit * sum(records), $tolerated)"
        " AND sum(n) FILTER (WHERE is_current)"
        " > greatest($limit * sum(records) FILTER (WHERE is_current), $tolerated)"
        " ORDER BY source, sequence",
        {
            "limit": settings.limits.max_quarantined_share,
            "tolerated": settings.limits.tolerated_quarantined_rows,
            "sources": list(settings.sources.configured()),
        },
    ).fetchall()
    return [_excess(connection, *group) for group in groups]


def _excess(connection: DuckDBPyConnection, source: str, sequence: int, records: int, quarantined: int) -> Excess:
    rows = connection.execute(
        "SELECT q.reason, count(*), min_by((q.path, q.line, q.column_name), (q.path, q.line)) FROM raw.quarantine q"
        f" JOIN raw.deliveries d USING (delivery_id) WHERE d.source = ? AND d.sequence = ? AND {_STILL_OPEN}"
        " GROUP BY q.reason ORDER BY count(*) DESC, q.reason",
        [source, sequence],
    ).fetchall()
    reasons = Counter({reason: count for reason, count, _ in rows})
    examples = tuple(Rejected(path, line, column, reason) for reason, _, (path, line, column) in rows[:_EXAMPLES])
    return Excess(source, records, quarantined, reasons, examples)
