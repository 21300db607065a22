"""Dagster's event log at the speed of a run: hundreds of events, each of which opens its SQLite files anew.

Belongs here: how these files are opened during a run of the command line. Not here: what the events are.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def quick_event_log() -> Iterator[None]:
    """Write events without waiting for the disk at each one, and without folding the log into the file in between.

    SQLite folds its write-ahead log into the database whenever the last connection closes, and Dagster closes its only
    one after every statement; a connection that stays open meanwhile prevents that. With ``synchronous = NORMAL`` a
    power cut can lose the last events of the run history, never damage it: nothing that is published depends on it.
    Dagster makes an engine for each statement, which learns anew what an INSERT is; here one is kept for each file.
    """
    from dagster._core.storage.event_log.sqlite import sqlite_event_log
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    held: dict[str, sqlite3.Connection] = {}

    def opened(connection: Any, _record: object) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        connection.execute("PRAGMA synchronous = NORMAL")
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        if path:
            if path not in held:
                held[path] = sqlite3.connect(path, check_same_thread=False)
            held[path].execute("SELECT count(*) FROM sqlite_master").fetchall()  # only a reader takes part in the log

    engines: dict[str, Engine] = {}
    library: Any = sqlite_event_log
    create = library.create_engine

    def kept(url: str, **how: Any) -> Engine:
        if url not in engines:
            engines[url] = create(url, **how)
        return engines[url]

    event.listen(Engine, "connect", opened)
    library.create_engine = kept
    try:
        yield
    finally:
        library.create_engine = create
        event.remove(Engine, "connect", opened)
        for connection in held.values():
            connection.close()
