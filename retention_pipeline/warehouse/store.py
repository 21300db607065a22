"""The delivery store: opening it, and what it says about time.

Belongs here: the store's file, ``as_of``, ``data_through``, the fingerprint of a run's inputs.
Not here: its format (``formats``), filling it (``intake``), the meaning of its columns (``core.store_tables``).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings, Source
from retention_pipeline.core.errors import ConfigError, NothingPublishedError
from retention_pipeline.core.failpoints import failpoint
from retention_pipeline.core.home import Home
from retention_pipeline.core.store_tables import BESIDE_THE_CATALOGUE, STORE_TABLES
from retention_pipeline.warehouse import files, seal
from retention_pipeline.warehouse.connection import connect, create, duckdb_errors
from retention_pipeline.warehouse.fingerprints import code_hash, config_hash, libraries_hash
from retention_pipeline.warehouse.formats import EARLIER, FORMAT, bring_up_to_date, checked, setting
from retention_pipeline.warehouse.hashing import combine
from retention_pipeline.warehouse.keys import id_key_fingerprint
from retention_pipeline.warehouse.readings import read_through
from retention_pipeline.warehouse.sql import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ERASURES = "erasures"
"""The setting that holds the number of the last erasure."""


def open_store(home: Home, *, read_only: bool = False) -> DuckDBPyConnection:
    """Open the delivery store; all tables of schema ``raw`` exist afterwards.

    Raises:
        NothingPublishedError: Read-only, and nothing has been delivered yet.
        BusyError: Another process has it open.
        StorageError, CorruptFileError: It cannot be opened, or is of another format.
    """
    if read_only:
        if not home.store.exists():
            raise NothingPublishedError(f"{home.root}: nothing has been delivered yet", remedy="start with a run")
        seal.compare_closed(home)
        return checked(connect(home.store, read_only=True), home)
    with files.os_errors(home.root):
        files.make_dir(home.root, files.TRAVERSE_DIR)
        seal.compare_closed(home)
        seal.break_seal(home.store)
    if not home.store.exists():
        create(home.store)
    connection = connect(home.store)
    try:
        with duckdb_errors(home.store):
            home.store.chmod(files.PRIVATE_FILE)
            connection.execute("BEGIN")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS main.store_settings (name VARCHAR PRIMARY KEY, value VARCHAR)"
            )
            connection.execute("INSERT OR IGNORE INTO main.store_settings VALUES ('format', ?)", [FORMAT])
            checked(connection, home, also=EARLIER)
            _create_tables(connection)
            bring_up_to_date(connection)
            failpoint("store.before_commit")
            connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _create_tables(connection: DuckDBPyConnection) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS raw")
    for table in (*STORE_TABLES, *BESIDE_THE_CATALOGUE):
        connection.execute(table.ddl)


def scratch_store() -> DuckDBPyConnection:
    """An empty delivery store in memory, for looking at sources without keeping anything."""
    connection = connect(None)
    _create_tables(connection)
    return connection


def attach_store(scratch: DuckDBPyConnection, home: Home) -> bool:
    """Attach the delivery store to a scratch store as ``store``, read-only; False where nothing has been delivered yet.

    Raises:
        BusyError: A run is under way.
        StorageError: The store is of another format.
    """
    if not home.store.exists():
        return False
    open_store(home, read_only=True).close()
    with duckdb_errors(home.store):
        scratch.execute(f"ATTACH {literal(home.store)} AS store (READ_ONLY)")
    return True


def bind_id_key(connection: DuckDBPyConnection, id_key: bytes) -> None:
    """Tie the store to the key its customer ids are hashed with; to be called before anything is ingested.

    Raises:
        ConfigError: The store was filled with another key: the same customer would count as two.
    """
    fingerprint = id_key_fingerprint(id_key)
    rows = connection.execute("SELECT count(*) FROM raw.deliveries").fetchall()
    known = setting(connection, "id_key") if rows[0][0] else fingerprint
    if known not in {None, fingerprint}:
        raise ConfigError(
            f"the customer ids in the store were hashed with key {known}, the key in use is {fingerprint}",
            remedy="set RETENTION_ID_KEY (or restore keys/id.key) to the former key, or start with a new home",
        )
    connection.execute("INSERT OR REPLACE INTO main.store_settings VALUES ('id_key', ?)", [fingerprint])


def bind_shop(connection: DuckDBPyConnection, settings: Settings) -> None:
    """Tie the store to one shop. A shop may be renamed or its files may move, but not both at once.

    Raises:
        ConfigError: Name and place of the orders are both another shop's, whose numbers would be published over.
    """
    mine = {"shop_name": settings.shop.name, "shop_orders": settings.sources.orders.place}
    theirs = {name: setting(connection, name) for name in mine}
    if all(theirs[name] not in {None, value} for name, value in mine.items()):
        raise ConfigError(
            f"this home directory holds {theirs['shop_name']!r} (orders from {theirs['shop_orders']}),"
            f" the configuration is of {settings.shop.name!r}",
            remedy="name another home with --home; one home holds one shop",
        )
    for name, value in mine.items():
        connection.execute("INSERT OR REPLACE INTO main.store_settings VALUES (?, ?)", [name, value])


def order_records(connection: DuckDBPyConnection) -> int:
    """How many records of orders the store holds, in all their versions: what the size of a build goes by."""
    return int(connection.execute("SELECT count(*) FROM raw.orders").fetchall()[0][0])


def first_known(connection: DuckDBPyConnection) -> dt.date | None:
    """The first date on which an order was known; no result can be made for an earlier one."""
    return _date(
        connection,
        "SELECT min(coalesce(first_known, business_date)) FROM raw.deliveries"
        " WHERE source = 'orders' AND is_current AND status = 'accepted'",
        [],
    )


def default_as_of(connection: DuckDBPyConnection, until: dt.date | None = None) -> dt.date | None:
    """The date a run is made for when none is given: the latest known date of the orders delivered so far.

    A delivery without rows counts by the date in its name: an empty day is evidence. Never the clock.

    Args:
        connection: The store.
        until: Look at no later date; a history file that goes on counts until then.
    """
    return _date(
        connection,
        "SELECT max(least(coalesce(business_date, last_known), $until)) FROM raw.deliveries"
        " WHERE source = 'orders' AND is_current AND status = 'accepted'"
        " AND ($until IS NULL OR coalesce(business_date, first_known) <= $until)",
        {"until": until},
    )


def data_through(connection: DuckDBPyConnection, settings: Settings, as_of: dt.date) -> dict[str, dt.date | None]:
    """Up to which date each configured source has been delivered without a gap, as far as known at ``as_of``.

    Returns:
        One entry per configured source; ``None`` when nothing of it had been delivered.
    """
    return {name: _through(connection, name, source, as_of) for name, source in settings.sources.configured().items()}


def _through(connection: DuckDBPyConnection, name: str, source: Source, as_of: dt.date) -> dt.date | None:
    if source.is_database:
        return read_through(connection, name, as_of)
    if not source.is_dated:
        known = _date(
            connection,
            "SELECT max(coalesce(?, last_known)) FROM raw.deliveries"
            " WHERE source = ? AND is_current AND status = 'accepted' AND business_date IS NULL",
            [source.complete_through, name],
        )
        return None if known is None else min(known, as_of)
    if source.cadence == "irregular":
        return _date(
            connection,
            "SELECT max(business_date) FROM raw.deliveries"
            " WHERE source = ? AND is_current AND status = 'accepted' AND business_date <= ?",
            [name, as_of],
        )
    rows = connection.execute(
        "SELECT business_date, bool_and(status = 'accepted') FROM raw.deliveries"
        " WHERE source = ? AND is_current AND business_date <= ? GROUP BY business_date ORDER BY business_date",
        [name, as_of],
    ).fetchall()
    through: dt.date | None = None
    for day, accepted in rows:
        if not accepted or (through is not None and day != through + dt.timedelta(days=1)):
            break
        through = day
    return through


def inputs_fingerprint(connection: DuckDBPyConnection, settings: Settings, as_of: dt.date) -> str:
    """SHA-256 over all that a result for ``as_of`` is a function of: deliveries, date, configuration, code.

    Neither the clock nor any path of this machine takes part; deliveries that became known later do not either.
    """
    rows = connection.execute(
        "SELECT delivery_id FROM raw.deliveries WHERE is_current AND status = 'accepted'"
        " AND coalesce(business_date, first_known, ?) <= ? ORDER BY delivery_id",
        [as_of, as_of],
    ).fetchall()
    return combine([as_of.isoformat(), rules_fingerprint(connection, settings), *(str(row[0]) for row in rows)])


def rules_fingerprint(connection: DuckDBPyConnection, settings: Settings) -> str:
    """SHA-256 over what is done with deliveries: configuration, code, libraries, the key of ids, who was erased."""
    origin = [setting(connection, "id_key") or "", str(erasures_applied(connection))]
    return combine([config_hash(settings), code_hash(), libraries_hash(), *origin])


def erasures_applied(connection: DuckDBPyConnection) -> int:
    """Number of the last erasure that the store has been rewritten for; 0 when there was none."""
    return int(setting(connection, ERASURES) or 0)


def _date(connection: DuckDBPyConnection, sql: str, parameters: list[object] | dict[str, object]) -> dt.date | None:
    row = connection.execute(sql, parameters).fetchone()
    return row[0] if row is not None else None
