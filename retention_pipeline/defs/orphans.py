"""Runs that Dagster takes for alive and that have no process any more, and the pool slots they hold.

Belongs here: finding them and marking them failed. Not here: signs of life (``warehouse.running``), telling people of
it (``sensors``: a run that is marked here has failed, and is told like any other).

Dagster writes a run's end only if its process lives to see it. After ``kill -9`` or a power cut the run stays started
and its slots taken until somebody puts that right: the next run does, once it holds the writer lock.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from retention_pipeline.alerts import clock
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse.running import has_process, remove_dead_signs

HOME_TAG = "retention/home"
"""Tag that tells which shop a run belongs to: a Dagster instance may run more than one."""
NOT_TRIED_AGAIN = {"dagster/max_retries": "0"}
"""The run that finds an orphan does the orphan's work; Dagster starting it again would only repeat an older date."""
STARTING_SECONDS = 900
"""How long a run may be on its way without a sign of life: it has to import everything first."""
_UNFINISHED = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
MESSAGE = (
    "The process of this run ended without saying so: it was killed, or the machine stopped. Nothing it left unfinished"
    " is served; the next run does its work."
)


@dataclass(frozen=True)
class Orphans:
    """What was found.

    Attributes:
        runs: Runs without a process that Dagster takes for alive, oldest first.
        slots: Runs that are over, or are in ``runs``, and still hold pool slots.
    """

    runs: tuple[dg.DagsterRun, ...]
    slots: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.runs or self.slots)


def find_orphans(instance: dg.DagsterInstance, home: Home, *, own: str | None = None) -> Orphans:
    """Look for runs of this home without a process.

    Args:
        instance: Where runs are recorded.
        home: The home directory.
        own: The run that asks, which is none.
    """
    now = clock.instant()
    records = instance.get_run_records(dg.RunsFilter(statuses=_UNFINISHED), ascending=True)
    runs = tuple(
        record.dagster_run
        for record in records
        if record.dagster_run.run_id != own and _is_of(instance, home, record) and _is_dead(home, record, now)
    )
    return Orphans(runs, _stale_slots(instance, home, {run.run_id for run in runs}))


def settle(instance: dg.DagsterInstance, home: Home, *, own: str | None = None) -> Orphans:
    """Mark orphaned runs failed and free their slots; to be called under the writer lock.

    Returns:
        What was put right.
    """
    found = find_orphans(instance, home, own=own)
    for run in found.runs:
        instance.add_run_tags(run.run_id, NOT_TRIED_AGAIN)
        instance.report_run_failed(run, MESSAGE)
    for run_id in found.slots:
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)
    remove_dead_signs(home)
    return found


def _is_of(instance: dg.DagsterInstance, home: Home, record: dg.RunRecord) -> bool:
    """Whether a run is of this home: all in its own instance are, wherever it was moved; elsewhere the tag tells."""
    if not instance.is_ephemeral and Path(instance.root_directory) == home.dagster:
        return True
    return record.dagster_run.tags.get(HOME_TAG) == str(home.root)


def _is_dead(home: Home, record: dg.RunRecord, now: dt.datetime) -> bool:
    living = has_process(home, record.dagster_run.run_id)
    if living is not None:
        return not living
    since = record.start_time or record.create_timestamp.timestamp()
    return now.timestamp() - since > STARTING_SECONDS


def _stale_slots(instance: dg.DagsterInstance, home: Home, orphaned: set[str]) -> tuple[str, ...]:
    storage = instance.event_log_storage
    if not storage.supports_global_concurrency_limits:
        return ()
    stale = []
    for run_id in sorted(storage.get_concurrency_run_ids()):
        records = instance.get_run_records(dg.RunsFilter(run_ids=[run_id]))
        over = bool(records) and records[0].dagster_run.is_finished and _is_of(instance, home, records[0])
        if over or run_id in orphaned:
            stale.append(run_id)
    return tuple(stale)
