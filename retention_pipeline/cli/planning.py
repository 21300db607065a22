"""``retention plan``: what a run would take in, what that would change, and how long it would take.

Belongs here: showing it. Not here: finding it out (``intake.lookahead``).
"""

from __future__ import annotations

import datetime as dt
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from retention_pipeline.cli.tables import print_table, print_title, visible
from retention_pipeline.config import Settings
from retention_pipeline.core.errors import NothingPublishedError
from retention_pipeline.core.periods import Grain, period_label, period_start
from retention_pipeline.core.progress import Silent
from retention_pipeline.core.window import EVERYTHING, Window
from retention_pipeline.intake.arrival import received_date
from retention_pipeline.intake.lookahead import (
    ChangedOrders,
    SourceOutlook,
    changed_orders,
    look_ahead,
    read_ahead,
    waiting_repairs,
)
from retention_pipeline.warehouse.erasure.log import load_log
from retention_pipeline.warehouse.keys import load_id_key
from retention_pipeline.warehouse.read import published_manifest
from retention_pipeline.warehouse.store import attach_store, scratch_store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHOWN = 6
SECONDS_PER_FILE = 0.0017
"""Intake of the demo shop on two cores: 3,288 files of 9 MB in 3.6 seconds, and 1.6 times the work since files are
compared with those before; there the number of files decides."""
SECONDS_PER_MEGABYTE = 0.1


def show_plan(settings: Settings, console: Console, *, days: tuple[dt.date, dt.date] | None) -> None:
    """Print deliveries, changes and cost of the run that would come next; stores nothing.

    Raises:
        ConfigError, InputRefusedError: The run itself would end with the same error.
        BusyError: A run is under way, which may be changing what would be looked at.
    """
    window = Window(*days) if days else EVERYTHING
    with scratch_store() as scratch, tempfile.TemporaryDirectory() as folder:
        has_store = attach_store(scratch, settings.home)
        with console.status("looking at the files"):
            outlooks = [
                look_ahead(scratch, settings, name, window, has_store=has_store)
                for name in settings.sources.configured()
            ]
            changes = _read(scratch, settings, outlooks, Path(folder), has_store=has_store)
            repairs = waiting_repairs(scratch) if has_store else 0
    print_title(console, settings.shop.name, settings.config_path)
    _print_deliveries(settings, outlooks, console)
    if repairs:
        console.print(f"\nrepairs of set-aside records that a run would publish: {repairs}", highlight=False)
    if not any(outlook.to_read for outlook in outlooks):
        if not repairs and not any(outlook.refused for outlook in outlooks):
            _print_nothing(settings, console)
        return
    _print_changes(settings, changes, outlooks, console)
    _print_cost(settings, outlooks, console)


def _read(
    scratch: DuckDBPyConnection, settings: Settings, outlooks: Sequence[SourceOutlook], folder: Path, *, has_store: bool
) -> ChangedOrders:
    # without a key of the shop's own nothing is in the store that a hash could be compared with
    home = settings.home
    key = load_id_key(home) if has_store or home.erasures.exists() else secrets.token_bytes(32)
    today, erased = received_date(settings.shop.timezone), load_log(home, key).erased
    for outlook in outlooks:
        if outlook.to_read:
            read_ahead(
                scratch, settings, outlook, key, received_date=today, folder=folder, progress=Silent(),
                has_store=has_store, erased=erased,
            )  # fmt: skip
    return changed_orders(scratch, settings, has_store=has_store)


def _print_deliveries(settings: Settings, outlooks: Sequence[SourceOutlook], console: Console) -> None:
    rows = [
        (
            outlook.name,
            len(outlook.new),
            len(outlook.superseding),
            outlook.unchanged,
            len(outlook.missing),
            f"{outlook.bytes / 1e6:.1f} MB",
        )
        for outlook in outlooks
    ]
    heads = ("source", "new", "replaced", "unchanged", "missing", "to read")
    print_table(console, heads, rows, title="\ndeliveries")
    for outlook in outlooks:
        if settings.sources.configured()[outlook.name].is_database:
            console.print(f"  {outlook.name}: in a database, which is asked when a run takes it in", highlight=False)
        for text, found in (("replaced", outlook.superseding), ("new", outlook.new)):
            if found and len(found) <= SHOWN:
                names = visible(", ".join(file.shown for file in found))
                console.print(f"  {text:<9} {names}", highlight=False, markup=False, soft_wrap=True)
        if outlook.missing:
            listed = _listed(day.isoformat() for day in outlook.missing)
            console.print(f"  missing   {outlook.name}: {listed}", highlight=False, soft_wrap=True)
        for warning in outlook.warnings:
            said = visible(f"  warning   {outlook.name}: {warning}")
            console.print(said, style="yellow", highlight=False, markup=False, soft_wrap=True)
        for refusal in outlook.refused:
            console.print(f"  refused   {refusal}; {refusal.remedy}", style="red", highlight=False, markup=False)


def _print_nothing(settings: Settings, console: Console) -> None:
    if any(source.is_database for source in settings.sources.configured().values()):
        console.print("\nno file is new; what is new in the database a run will tell")
    else:
        console.print("\nnothing new: a run would publish nothing")


def _print_changes(
    settings: Settings, changes: ChangedOrders, outlooks: Sequence[SourceOutlook], console: Console
) -> None:
    console.print(
        f"\n[bold]changes[/]   {changes.records:,} orders of {changes.customers:,} customers", highlight=False
    )
    for grain in settings.shop.grains:
        _print_line(console, f"{grain}s", _labels(settings, changes.dates, grain))
    for grain in settings.shop.cohort_grains or ():
        _print_line(console, f"{grain} cohorts", _labels(settings, changes.first_dates, grain))
    for name, keys in changes.segments.items():
        _print_line(console, name, keys)
    if changes.dates:
        console.print(
            f"  and what adds up over time (lifetimes, waits, cohort curves) in every period since {changes.dates[0]}",
            highlight=False,
        )
    others = [outlook.name for outlook in outlooks if outlook.to_read and outlook.name not in {"orders", "customers"}]
    if others:
        console.print(f"  and what is computed from {', '.join(others)}", highlight=False)


def _labels(settings: Settings, days: Iterable[dt.date], grain: Grain) -> list[str]:
    week = settings.shop.week_start
    starts = sorted({period_start(day, grain, week_start=week) for day in days})
    return [period_label(start, grain, week_start=week) for start in starts]


def _print_line(console: Console, label: str, names: Sequence[str]) -> None:
    if names:
        console.print(
            f"  {label:<20} {len(names):>5}   {_listed(names)}", highlight=False, markup=False, soft_wrap=True
        )


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return ", ".join(found) if len(found) <= SHOWN else f"{found[0]} … {found[-1]}"


def _print_cost(settings: Settings, outlooks: Sequence[SourceOutlook], console: Console) -> None:
    files = sum(len(outlook.to_read) for outlook in outlooks)
    megabytes = sum(outlook.bytes for outlook in outlooks) / 1e6
    intake = SECONDS_PER_FILE * files + SECONDS_PER_MEGABYTE * megabytes
    try:
        manifest = published_manifest(settings.home)
    except NothingPublishedError:
        console.print(
            f"\n[bold]cost[/]      intake about {intake:.0f} s; the first run will tell the rest", highlight=False
        )
        return
    rebuild = sum(seconds for stage, seconds in manifest["seconds"].items() if stage != "raw")
    console.print(
        f"\n[bold]cost[/]      intake about {intake:.0f} s, rebuilding, checking and publishing about {rebuild:.0f} s"
        f" (as for {manifest['version']})",
        highlight=False,
    )
