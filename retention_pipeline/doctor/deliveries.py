"""Delivered files: are those that the catalogue names still where they were?

Belongs here: comparing names. Not here: reading files (``intake``).
"""

from __future__ import annotations

from collections.abc import Iterator

from retention_pipeline.config import Settings
from retention_pipeline.core.errors import RetentionError
from retention_pipeline.core.store_tables import COUNTING
from retention_pipeline.doctor.finding import Finding, fine, note
from retention_pipeline.warehouse.connection import duckdb_errors
from retention_pipeline.warehouse.store import open_store

LISTED = 3
KEPT = "nothing: what was read stays in the store; only a new home or a changed mapping needs the files again"


def look(settings: Settings) -> Iterator[Finding]:
    """Files of accepted deliveries that are gone. No writer may be at work."""
    if not settings.home.store.exists():
        return
    try:
        with open_store(settings.home, read_only=True) as store, duckdb_errors(settings.home.store):
            rows = store.execute(
                "SELECT source, path FROM raw.deliveries"
                f" WHERE delivery_id IN ({COUNTING}) AND status = 'accepted' ORDER BY source, path"
            ).fetchall()
    except RetentionError:  # said by the look at the store itself
        return
    folder, sources = settings.config_path.parent, settings.sources.configured()
    named = [(source, path) for source, path in rows if source in sources and not sources[source].is_database]
    gone = [path for _, path in named if not (folder / path).exists()]
    if gone:
        more = " …" if len(gone) > LISTED else ""
        what = f"{len(gone)} of {len(named)} delivered files are no longer there: {', '.join(gone[:LISTED])}{more}"
        yield note("deliveries", what, KEPT)
    else:
        yield fine("deliveries", f"{len(named)} delivered files are where they were")
