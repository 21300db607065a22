"""What ``retention quarantine`` shows and does.

Records go to the terminal or to a file that only its owner can read, never to a log: they may hold personal data.
Belongs here: opening the store for it, words and tables. Not here: reading and repairing records (``intake``).
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from retention_pipeline.cli.querying import write_rows
from retention_pipeline.cli.tables import own_name, print_table
from retention_pipeline.config import Settings
from retention_pipeline.core.choices import listed
from retention_pipeline.core.erased import Erased
from retention_pipeline.core.errors import BusyError, ConfigError
from retention_pipeline.intake.arrival import received_date
from retention_pipeline.intake.contracts import contract_of
from retention_pipeline.intake.load import clear_staging
from retention_pipeline.intake.quarantine import SetAside, Wanted, records, sources_of, summary
from retention_pipeline.intake.repair_file import read_repair_file, write_repair_file
from retention_pipeline.intake.repair_store import take_in_repairs, undo_repair
from retention_pipeline.intake.repairs import Repair, by_target, prepare_repair
from retention_pipeline.warehouse.arrivals import show_deliveries
from retention_pipeline.warehouse.erasure.steps import ready
from retention_pipeline.warehouse.files import PRIVATE_FILE
from retention_pipeline.warehouse.keys import load_id_key
from retention_pipeline.warehouse.lock import no_writer, writer_lock
from retention_pipeline.warehouse.store import bind_id_key, bind_shop, open_store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHOWN = 20
COLUMNS = ("source", "file", "reason", "rows", "since", "repaired")


@contextlib.contextmanager
def _reading(settings: Settings) -> Iterator[DuckDBPyConnection]:
    with no_writer(settings.home) as is_free:
        if not is_free:
            raise BusyError(f"{settings.home.root} is being written by a run", remedy="try again when it has ended")
        with open_store(settings.home, read_only=True) as store:
            yield store


@contextlib.contextmanager
def _writing(settings: Settings, wait: float) -> Iterator[tuple[DuckDBPyConnection, bytes, Erased]]:
    with writer_lock(settings.home, run="quarantine", purpose="repair", wait_seconds=wait):
        key = load_id_key(settings.home)
        erased = ready(settings.home, key).erased
        with open_store(settings.home) as store:
            bind_id_key(store, key)
            bind_shop(store, settings)
            show_deliveries(store)
            store.execute("SET TimeZone = 'UTC'")
            try:
                yield store, key, erased
            finally:
                clear_staging(store)


def show_list(settings: Settings, wanted: Wanted, console: Console, *, form: str) -> None:
    """Print one row per source, file and reason."""
    with _reading(settings) as store:
        rows = summary(store, wanted)
        others = [] if rows else summary(store, Wanted(with_repaired=wanted.with_repaired))
    if form != "table":
        write_rows(sys.stdout, form, list(COLUMNS), rows)
    elif not rows:
        kinds = listed(f"{source} {reason}" for source, _, reason, *_ in others)
        said = f"nothing like that is set aside; there is: {kinds}" if others else "nothing is set aside"
        console.print(said, highlight=False, markup=False)
    else:
        print_table(console, COLUMNS, rows)
        total = sum(int(str(row[3])) for row in rows)
        console.print(f"\n{total} records are set aside; show and repair them with", highlight=False)
        console.print(
            f"  {own_name()} quarantine show --source {rows[0][0]} --csv FILE", highlight=False, soft_wrap=True
        )


def show_records(settings: Settings, wanted: Wanted, console: Console) -> None:
    """Print what was kept of records, one column of the contract a line."""
    found = _found(settings, wanted)
    for record in found[:SHOWN]:
        fault = f" in {record.column}" if record.column else ""
        console.print(f"{record.path}, line {record.line}: {record.reason}{fault}", style="bold", highlight=False,
                      markup=False, soft_wrap=True)  # fmt: skip
        if not record.record:
            console.print("  nothing was kept of it: nobody can tell its columns; look into the file", highlight=False)
        if record.resolved_by:
            console.print(f"  repaired by {record.resolved_by}", highlight=False)
        rows = [(f"  {name}", "" if cell is None else cell) for name, cell in record.record.items()]
        if rows:
            print_table(console, ("", ""), rows)
    if len(found) > SHOWN:
        console.print(f"... {len(found) - SHOWN} more; --csv FILE writes all", highlight=False)


def write_records(settings: Settings, wanted: Wanted, path: Path, console: Console) -> None:
    """Write records to a new file of mode 600, to be repaired.

    Raises:
        ConfigError: The file is there already or cannot be written, or the records are of several sources.
    """
    found = _found(settings, wanted)
    sources = sources_of(found)
    if len(sources) > 1:
        raise ConfigError(f"records of {', '.join(sources)} do not fit into one file", remedy="name one with --source")
    if sources[0] not in settings.sources.configured():
        raise ConfigError(f"{settings.config_path}: [sources.{sources[0]}] is not configured")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as handle:
            write_repair_file(handle, contract_of(settings, sources[0]), found)
    except OSError as error:
        raise ConfigError(f"--csv: {path} cannot be written: {error.strerror}", remedy="name a new file") from None
    console.print(f"{len(found)} records written to {path}; it may hold personal data, so only you can read it.",
                  highlight=False, markup=False, soft_wrap=True)  # fmt: skip
    console.print(
        f"Repair it, then: {own_name()} quarantine replay {path}", highlight=False, markup=False, soft_wrap=True
    )


def _found(settings: Settings, wanted: Wanted) -> list[SetAside]:
    with _reading(settings) as store:
        found = records(store, wanted)
    if not found:
        raise ConfigError("no such record is set aside", remedy="`quarantine list` shows what is")
    return found


def replay_file(settings: Settings, path: Path, console: Console, *, only_check: bool, wait: float) -> None:
    """Take in what a file repairs, and say what became of each of its rows.

    Raises:
        InputRefusedError: A row cannot be taken in; nothing was.
    """
    file = read_repair_file(path)
    with _writing(settings, wait) as (store, key, erased):
        repair = prepare_repair(store, settings, key, file, erased)
        names: list[str] = []
        if repair.taken and not only_check:
            day = received_date(settings.shop.timezone)
            contract = contract_of(settings, repair.source)
            names = take_in_repairs(store, contract, repair.mapping, day, by_target(repair))
    _tell(repair, names, console, only_check=only_check)


def _tell(repair: Repair, names: list[str], console: Console, *, only_check: bool) -> None:
    verb = "would be taken in" if only_check else "taken in"
    console.print(
        f"{repair.source}: {len(repair.taken)} records {verb}, {len(repair.already)} were before,"
        f" {len(repair.left)} are unchanged and stay set aside",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    for candidate, problem in repair.left[:SHOWN]:
        console.print(f"  {candidate.target.path}, line {candidate.row.line}: {problem}", highlight=False, markup=False,
                      soft_wrap=True)  # fmt: skip
    if repair.changed:
        print_table(console, ("column", "cells changed"), sorted(repair.changed.items()))
    for name in names:
        console.print(
            f"repair {name}; to take it back: {own_name()} quarantine undo {name}", highlight=False, soft_wrap=True
        )
    if names:
        console.print(f"next: {own_name()} run", highlight=False, markup=False, soft_wrap=True)


def undo_replay(settings: Settings, name: str, console: Console, *, wait: float) -> None:
    """Let a repair no longer count.

    Raises:
        InputRefusedError: There is no such repair.
    """
    with _writing(settings, wait) as (store, *_):
        path, count = undo_repair(store, name)
    said = f"{count} records of {path} are set aside again; next: {own_name()} run"
    console.print(said, highlight=False, markup=False, soft_wrap=True)
