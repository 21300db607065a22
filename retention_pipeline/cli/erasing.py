"""Erasing persons from the command line: who, where they occur, asking, doing, saying what was done.

Belongs here: the conversation. Not here: looking for them (``erasing_places``), the steps
(``warehouse.erasure``), the run that publishes without them (``running``).
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from retention_pipeline.cli.erasing_places import known_persons
from retention_pipeline.cli.running import Wanted as WantedRun
from retention_pipeline.cli.running import run_job
from retention_pipeline.cli.tables import print_table
from retention_pipeline.config import Settings
from retention_pipeline.core.errors import ConfigError, CorruptFileError, RetentionError
from retention_pipeline.core.home import Home
from retention_pipeline.intake.identity import HASH_LENGTH, hash_id
from retention_pipeline.warehouse import versions
from retention_pipeline.warehouse.erasure.log import SEARCHED, Erasure, load_log
from retention_pipeline.warehouse.erasure.people import Person
from retention_pipeline.warehouse.erasure.steps import begin, ready, settle_up, withdraw_when_empty
from retention_pipeline.warehouse.erasure.traces import Needles, places_of, search
from retention_pipeline.warehouse.keys import load_id_key
from retention_pipeline.warehouse.ledger.lineage import place
from retention_pipeline.warehouse.lock import writer_lock

_HASH = re.compile(rf"[0-9a-f]{{{HASH_LENGTH}}}")


@dataclass(frozen=True)
class Wanted:
    """What was asked for.

    Attributes:
        customers: Ids or hashes.
        listed: A file with more of them; ``-`` for standard input.
        dry_run: Only look.
        yes: Do not ask.
        in_advance: Also persons of whom nothing is stored yet.
        wait: Seconds to wait for a run to end.
    """

    customers: tuple[str, ...]
    listed: Path | None
    dry_run: bool
    yes: bool
    in_advance: bool
    wait: float


def erase_customers(settings: Settings, wanted: Wanted, console: Console) -> None:
    """Show where the persons occur, ask, erase, publish without them.

    Raises:
        ConfigError: Nobody was named, nothing is known of any of them, or nobody answered.
        RetentionError: The version without them could not be published; everything else is done, and the next run that
            succeeds brings it to its end.
    """
    if _from_standard_input(wanted) and not (wanted.yes or wanted.dry_run):
        raise ConfigError(
            "--from -: standard input is the list, so nobody can be asked",
            remedy="look with --dry-run, then add --yes; or name a file",
        )
    home, key = settings.home, load_id_key(settings.home)
    persons = [_readings(key, *parts) for parts in _named(wanted)]
    if not persons:
        raise ConfigError("nobody was named", remedy="name a customer, or a file with --from")
    with writer_lock(home, run="erase", purpose="erasure", wait_seconds=wanted.wait):
        known = known_persons(settings.home, ready(settings.home, key), persons, console, in_advance=wanted.in_advance)
    if wanted.dry_run:
        console.print("\ndry run: nothing was changed")
        return
    if not wanted.yes and not _confirmed(len(known), console):
        console.print("nothing was changed")
        return
    chosen = [reading for readings in known for reading in readings]
    with writer_lock(home, run="erase", purpose="erasure", wait_seconds=wanted.wait):
        log = ready(home, key)
        erasure = begin(home, log, chosen)
        is_empty = withdraw_when_empty(log)
    if is_empty:
        console.print("\nno order of anybody else was ever delivered: all published versions have been taken back")
    else:
        console.print("\nremoved from the store, the build and all logs; now publishing without them\n")
        _publish_without(settings, wanted.wait, console)
    with writer_lock(home, run="erase", purpose="erasure", wait_seconds=wanted.wait):
        _close(home, key, erasure.sequence, chosen, console)


def show_erasures(settings: Settings, console: Console) -> None:
    """List the erasures; the log's seals are compared on the way.

    Raises:
        CorruptFileError: The log is not what was written.
    """
    log = load_log(settings.home, load_id_key(settings.home))
    rows = [
        (
            each.sequence,
            each.begun["at"],
            len(each.begun["people"]),
            sum((each.removed or each.begun).get("rows", {}).values()),
            f"done {each.done['at']}, {each.done['version'] or 'nothing published'}" if each.done else _open(each),
            _searched(each),
        )
        for each in log.erasures
    ]
    if not rows:
        console.print("nobody has been erased")
        return
    print_table(console, ("erasure", "asked for", "persons", "rows", "state", "searched"), rows)
    console.print(f"\nthe log is intact: {settings.home.erasures}", highlight=False, soft_wrap=True)


def _open(erasure: Erasure) -> str:
    if erasure.removed is None:
        return "begun; the next run removes them from the store"
    return "removed; the next publication completes it"


def _searched(erasure: Erasure) -> str:
    looked = erasure.searched or (erasure.done or {}).get("searched")
    return f"{looked['files']} files, {looked['bytes'] / 1e6:.1f} MB, {looked['hits']} hits" if looked else ""


def _from_standard_input(wanted: Wanted) -> bool:
    return str(wanted.listed) == "-"


def _named(wanted: Wanted) -> Iterator[Sequence[str]]:
    """Ids, each with the texts that name the same person."""
    yield from ((customer,) for customer in wanted.customers)
    if wanted.listed is None:
        return
    try:
        text = sys.stdin.read() if _from_standard_input(wanted) else wanted.listed.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--from {wanted.listed}: cannot be read: {error}") from None
    yield from (line.split("\t") for line in text.splitlines() if line.strip())


def _readings(key: bytes, text: str, *names: str) -> tuple[Person, ...]:
    """Who may be meant: by an id, or, where it looks like one, by a keyed hash; some shops' ids look like hashes."""
    customer = text.strip()
    hashed = hash_id(key, customer)
    if hashed is None:
        raise ConfigError("an empty customer id", remedy="name customers as the shop knows them")
    hashes = (customer, hashed) if _HASH.fullmatch(customer) else (hashed,)
    named = tuple(name.strip() for name in names if name.strip())
    return tuple(Person(customer, each, named) for each in hashes)


def _confirmed(count: int, console: Console) -> bool:
    noun = "1 person" if count == 1 else f"{count} persons"
    console.print(
        f"\nThis erases {noun} for good: their records, every version published so far, and what they are found in"
        " besides.\nThe delivered files, backups and copies that others made are yours to clean (docs/privacy.md)."
    )
    try:
        return console.input(f"Type the number of persons ({count}) to go on: ").strip() == str(count)
    except EOFError:
        raise ConfigError("nobody answered", remedy="answer at a terminal, or add --yes") from None


def _publish_without(settings: Settings, wait: float, console: Console) -> None:
    """A version of what the newest one was made from, less the erased."""
    known = versions.intact_manifests(settings.home)
    if not known:
        return
    newest = max(known, key=place)
    as_of = dt.date.fromisoformat(newest.metadata["as_of"])
    try:
        run_job(settings, WantedRun(as_of, wait=wait, look=False), console)
    except RetentionError as error:
        error.message += (
            "\n  the persons are out of the store for good, but not yet out of the published versions;"
            "\n  the next run that publishes completes the erasure (`retention erase --list`)"
        )
        raise


def _close(home: Home, key: bytes, sequence: int, persons: Sequence[Person], console: Console) -> None:
    """Look through everything once more, for the ids as well, and say how it ended.

    Raises:
        CorruptFileError: Somebody is still found somewhere.
    """
    log = load_log(home, key)
    settle_up(log)
    erasure = log.erasures[sequence - 1]
    texts = [text for each in persons for text in (each.shown, each.customer_hash, *each.names)]
    looked = search(places_of(home), Needles(log.erased, texts))
    if erasure.done is None or looked.hits:
        raise CorruptFileError(
            f"erasure {sequence} is not complete: {looked.hits} hits in {looked.files} files",
            remedy="run the pipeline, then `retention erase --list`",
        )
    if erasure.searched is None:
        whole = erasure.done["searched"]
        log.note(
            erasure, SEARCHED, {"files": whole["files"], "bytes": whole["bytes"], "hits": 0, "ids_too": looked.files}
        )
    console.print(f"\nerasure {sequence} is complete: {_searched(erasure)}; {home.erasures}", highlight=False,
                  soft_wrap=True)  # fmt: skip
