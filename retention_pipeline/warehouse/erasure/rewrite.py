"""The delivery store, written anew without the erased persons.

DuckDB does not overwrite the blocks of deleted rows: what was deleted can be read from the file until the block happens
to be used again. So the rows that stay are copied to a new file, which replaces the old one in one step.
Belongs here: copying, counting, replacing. Not here: which rows go (``people``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_pipeline.core.erased import Erased
from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.core.failpoints import failpoint
from retention_pipeline.core.home import Home
from retention_pipeline.core.store_tables import RAW_PROFILES
from retention_pipeline.warehouse import files
from retention_pipeline.warehouse.connection import connect, create, duckdb_errors
from retention_pipeline.warehouse.erasure.people import QUARANTINE, Found, mark_rows
from retention_pipeline.warehouse.sql import literal, quote
from retention_pipeline.warehouse.store import ERASURES, open_store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_COUNTS = """
update raw.deliveries as deliveries set
    loaded = deliveries.loaded - lost.taken, quarantined = deliveries.quarantined - lost.set_aside,
    erased = deliveries.erased + lost.taken + lost.set_aside
from (
    select delivery_id, count(*) filter (table_name <> $quarantine) as taken,
        count(*) filter (table_name = $quarantine) as set_aside
    from gone
    group by delivery_id
) as lost
where deliveries.delivery_id = lost.delivery_id
"""


def rewrite_store(home: Home, erased: Erased, sequence: int) -> Found:
    """Replace the store by one without the erased persons that says which erasure it was rewritten for.

    Killed at any point, the old store or the new one is there, whole.

    Returns:
        What was removed.

    Raises:
        StorageError: There is no room for a second copy; the store is as before.
    """
    open_store(home).close()  # of this program's format, nothing left in a log beside it
    _refuse_log(home)
    target = home.temporary / home.store.name
    files.make_dir(home.temporary)
    files.remove(target)
    create(target)
    connection = connect(target)
    try:
        with duckdb_errors(target):
            connection.execute(f"ATTACH {literal(home.store)} AS old (READ_ONLY)")
            found = mark_rows(connection, erased, "old.raw")
            _copy(connection)
            # what a day looked like with them in it would tell about them
            of_theirs = "delivery_id IN (SELECT delivery_id FROM gone)"
            connection.execute(f"DELETE FROM {RAW_PROFILES.qualified} WHERE {of_theirs}")
            connection.execute(_COUNTS, {"quarantine": QUARANTINE})
            connection.execute("INSERT OR REPLACE INTO main.store_settings VALUES (?, ?)", [ERASURES, str(sequence)])
            connection.execute("DETACH old")
            connection.execute("CHECKPOINT")
    finally:
        connection.close()
    with files.os_errors(home.store):
        target.chmod(files.PRIVATE_FILE)
        files.fsync_path(target)
        failpoint("erase.before_store")
        target.replace(home.store)
        files.fsync_path(home.root)
    failpoint("erase.after_store")
    return found


def _copy(connection: DuckDBPyConnection) -> None:
    """All tables of the old store, those of the product and any other, without the rows that go."""
    own = connection.execute("SELECT current_database()").fetchall()[0][0]
    connection.execute(f"COPY FROM DATABASE old TO {quote(own)} (SCHEMA)")
    tables = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'old' ORDER BY 1, 2"
    ).fetchall()
    for schema, name in tables:
        place = f"{quote(schema)}.{quote(name)}"
        kept = f"SELECT * FROM old.{place}"
        if connection.execute("SELECT count(*) FROM gone WHERE table_name = ?", [f"{schema}.{name}"]).fetchall()[0][0]:
            named = f"SELECT (delivery_id, line) FROM gone WHERE table_name = {literal(f'{schema}.{name}')}"
            kept += f" WHERE (delivery_id, line) NOT IN ({named})"
        connection.execute(f"INSERT INTO {place} {kept}")


def _refuse_log(home: Home) -> None:
    """A log of the old file beside the new one would be played into it."""
    log = home.store.with_name(home.store.name + ".wal")
    if log.exists():
        raise CorruptFileError(f"{log} was not taken over into the store", remedy="run the pipeline once, then erase")
