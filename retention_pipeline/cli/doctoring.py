"""``retention doctor``: every look at a home, under its writer lock, shown as one table.

Belongs here: the order of the looks, holding the lock, Dagster's part of it, the table. Not here: any look at files.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial

from rich.console import Console

from retention_pipeline.cli.tables import print_table, short
from retention_pipeline.config import Settings
from retention_pipeline.core.errors import BusyError, ExitCode, NothingPublishedError, StorageError
from retention_pipeline.core.home import Home
from retention_pipeline.doctor import deliveries, places, private, served
from retention_pipeline.doctor.finding import Finding, State, fine, grave, note
from retention_pipeline.warehouse.lock import exclusive, last_holder

COLUMNS = ("what", "state", "found", "to do, or done")


def examine(settings: Settings, console: Console, *, fix: bool) -> ExitCode:
    """Look, repair if that is wanted, and print what was found.

    Returns:
        OK, or the code of the gravest problem that remains.

    Raises:
        NothingPublishedError: There is no home yet.
        BusyError: Something is to be repaired while a run is under way.
    """
    home = settings.home
    if not home.root.is_dir():
        raise NothingPublishedError(f"{home.root}: nothing has been delivered yet", remedy="start with a run")
    with contextlib.ExitStack() as held, console.status("looking"):
        before = last_holder(home)
        hindered = list(_lock(home, held, fix=fix))
        found = [*hindered, *served.look(home), *places.look_at_places(home)]
        if not hindered:
            if before is not None:
                found.append(note("lock", f"the last holder was killed: {before}", "nothing: the lock is free"))
            # runs first: what settles one is told by the sign of life that it left, which is a leftover afterwards
            found += [*private.look(home), *_runs(home), *places.look_at_leftovers(home), *deliveries.look(settings)]
        if fix:
            found = [each.repaired() for each in found]
    console.print(f"[bold]{settings.shop.name}[/]  {short(home.root)}", highlight=False, soft_wrap=True)
    within = f"{home.root}/"  # the line above has named it
    print_table(
        console, COLUMNS, [(each.area, each.state, each.what.replace(within, ""), each.remedy) for each in found]
    )
    return grave(found)


def _lock(home: Home, held: contextlib.ExitStack, *, fix: bool) -> Iterator[Finding]:
    """Keep runs out meanwhile; says why where that cannot be done, and then only what readers see is looked at."""
    try:
        held.enter_context(exclusive(home.lock, run="by hand", purpose="doctor"))
    except BusyError as error:
        if fix:
            raise
        yield note("run", error.message, "only what is published was looked at")
    except StorageError as error:
        yield Finding("places", State.PROBLEM, error.message, str(error.remedy), ExitCode.STORAGE)


def _runs(home: Home) -> Iterator[Finding]:
    """Runs that Dagster takes for alive."""
    if not (home.dagster / "dagster.yaml").exists():
        return
    import dagster as dg

    from retention_pipeline.defs.orphans import find_orphans

    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        orphans = find_orphans(instance, home)
    if not orphans:
        yield fine("runs", "Dagster knows of no run without a process, and of no slot that one holds")
        return
    held = f", holding pool slots of {len(orphans.slots)} run(s)" if orphans.slots else ""
    names = ", ".join(run.run_id[:8] for run in orphans.runs)
    what = f"{len(orphans.runs)} run(s) without a process ({names}){held}"
    yield note("runs", what, "nothing: the next run marks them failed", partial(_settle, home))


def _settle(home: Home) -> str:
    import dagster as dg

    from retention_pipeline.defs.orphans import settle

    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        done = settle(instance, home)
    return f"{len(done.runs)} marked failed, slots of {len(done.slots)} freed"
