"""The steps of an erasure, each of which can be repeated: whoever is killed is finished by the next run.

``begin`` writes down who is to go and removes them from all that is written at once: logs, build, store. What is
published stays as it is until a version without them is current; publishing one is an ordinary run. ``settle_up`` then
sees that no version holds them any more, looks through everything once more and writes that down.
Belongs here: the order. Not here: each of the steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from retention_pipeline.core.failpoints import failpoint
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import files, versions
from retention_pipeline.warehouse.arrivals import show_deliveries
from retention_pipeline.warehouse.connection import connect
from retention_pipeline.warehouse.erasure.emptied import emptied_sources
from retention_pipeline.warehouse.erasure.log import DONE, REMOVED, Erasure, Log, check_complete, load_log
from retention_pipeline.warehouse.erasure.people import Found, Person, mark_rows, mentions_of, tags_of
from retention_pipeline.warehouse.erasure.rewrite import rewrite_store
from retention_pipeline.warehouse.erasure.tables import hits_in_tables
from retention_pipeline.warehouse.erasure.traces import Needles, Searched, places_of, scrub, search
from retention_pipeline.warehouse.sql import literal
from retention_pipeline.warehouse.store import erasures_applied, open_store


def ready(home: Home, id_key: bytes) -> Log:
    """Finish removing whoever was to be erased when a process was killed, or who came back with a restored store.

    The caller holds the writer lock and has not opened the store.

    Returns:
        The log; its ``erased`` must not be taken in again.

    Raises:
        CorruptFileError: The log was damaged or lost.
    """
    log = load_log(home, id_key)
    applied = 0
    if home.store.exists():
        with open_store(home) as store:
            applied = erasures_applied(store)
    check_complete(log, applied)
    if applied < log.sequence:
        _remove(log, applied, ())
    for each in log.erasures:
        if each.removed is None:  # killed between the new store and the line about it
            log.note(each, REMOVED, {"rows": each.begun["found"]})
    withdraw_when_empty(log)
    return log


def withdraw_when_empty(log: Log) -> bool:
    """Take all versions back when the erased were the only ones who ever ordered: no version can be made without them.

    Returns:
        Whether it came to that, now or before; the erasure is complete then.
    """
    home = log.home
    if not log.unfinished or not home.store.exists():
        return False
    with open_store(home) as store:
        show_deliveries(store)  # all of them, whatever date the last run looked back from
        if "orders" not in emptied_sources(store):
            return False
    versions.withdraw(home)
    settle_up(log)
    return True


def find(home: Home, log: Log, persons: Sequence[Person]) -> Found:
    """Where persons occur in the store now; nothing is changed."""
    if not home.store.exists():
        return Found()
    open_store(home).close()
    upcoming = Log(home, log.id_key, [Erasure(1, tags_of(log.id_key, persons))])
    with connect(None) as connection:
        connection.execute(f"ATTACH {literal(home.store)} AS old (READ_ONLY)")
        named = {tag: each.customer_hash for each in persons for tag in mentions_of(log.id_key, each)}
        return mark_rows(connection, upcoming.erased, "old.raw", named)


def begin(home: Home, log: Log, persons: Sequence[Person]) -> Erasure:
    """Remove persons from everything but the published versions, for good.

    Raises:
        StorageError: There is no room to write the store anew; the next run tries again.
    """
    found = find(home, log, persons)
    applied = log.sequence
    erasure = log.begin(
        {
            **tags_of(log.id_key, persons, found.orders),
            "found": found.rows,
            "versions": versions.version_names(home),
        }
    )
    failpoint("erase.after_begun")
    _remove(log, applied, [text for each in persons for text in (each.shown, each.customer_hash, *each.names)])
    return erasure


def settle_up(log: Log) -> Searched | None:
    """Close the erasures that nothing is left of.

    Returns:
        What the search found that preceded it; None when there was nothing to close, or a version from before still
        has to be replaced.
    """
    home = log.home
    names = versions.version_names(home)
    current = versions.current_manifest(home)
    reached = log.sequence if not names else (current.erasures if current is not None else 0)
    open_ones = [each for each in log.unfinished if each.removed is not None and each.sequence <= reached]
    if not open_ones or any(name in each.begun["versions"] for each in open_ones for name in names):
        return None
    searched = search([*places_of(home), *(path for path in _of_tables(home) if path.is_file())], Needles(log.erased))
    searched.hits += hits_in_tables(home, log.erased)
    if searched.hits:
        return searched
    for each in open_ones:
        log.note(each, DONE, {"version": current and current.version, "searched": asdict(searched)})
    failpoint("erase.after_done")
    return searched


def _remove(log: Log, applied: int, texts: Sequence[str]) -> None:
    """Take everybody in the log out of logs, build and store."""
    home, erased = log.home, log.erased
    marks: tuple[str, ...] = ()
    if home.store.exists():
        with connect(None) as connection:
            connection.execute(f"ATTACH {literal(home.store)} AS old (READ_ONLY)")
            marks = mark_rows(connection, erased, "old.raw").marks
    overwritten = scrub(home, Needles(erased, (*texts, *marks)))
    failpoint("erase.after_scrub")
    with files.os_errors(home.build):
        home.build_state.unlink(missing_ok=True)  # first forget, then delete: nothing may claim to be built
        files.remove(home.build.parent)
        files.make_dir(home.build.parent)
    before = home.store.stat().st_size if home.store.exists() else 0
    found = rewrite_store(home, erased, log.sequence)
    removed = {
        "rows": found.rows, "places": overwritten, "store_bytes": [before, home.store.stat().st_size],
    }  # fmt: skip
    for each in log.erasures:
        if each.sequence > applied and each.removed is None:
            log.note(each, REMOVED, dict(removed))
    failpoint("erase.after_removed")


def _of_tables(home: Home) -> Iterator[Path]:
    """The files of the store, the build and the published versions."""
    yield home.store
    for folder in (home.build.parent, home.published):
        yield from sorted(folder.rglob("*"))
