"""A shop whose nights are run by Dagster's own scheduler: its daemon's loop, on a clock that jumps from tick to tick.

The schedule is evaluated by the code server like in production, the runs it asks for are launched by the instance.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.load_target import ModuleTarget
from dagster._scheduler.scheduler import launch_scheduled_runs

from retention_pipeline.cli.running import prepare_home
from retention_pipeline.config import Settings, load_settings
from retention_pipeline.warehouse.read import open_published, published_manifest

HOUR = 4
LAUNCHER = """
run_launcher:
  module: dagster._core.launcher.sync_in_memory_run_launcher
  class: SyncInMemoryRunLauncher
run_coordinator:
  module: dagster._core.run_coordinator
  class: DefaultRunCoordinator
"""
"""Runs in this process, one after the other, so that a tick has been dealt with when the scheduler's loop returns."""


class Nights:
    """A shop whose files are brought to the landing place day by day."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outbox = folder / "outbox"
        shutil.move(folder / "landing", self.outbox)
        for path in self.outbox.rglob("*"):
            if path.is_dir():
                (folder / "landing" / path.relative_to(self.outbox)).mkdir(parents=True, exist_ok=True)

    @property
    def settings(self) -> Settings:
        return load_settings(self.folder / "retention.toml")

    def bring(self, *patterns: str) -> list[Path]:
        """Copy files of the outbox to the landing place."""
        brought = []
        for pattern in patterns:
            for path in sorted(self.outbox.glob(pattern)):
                target = self.folder / "landing" / path.relative_to(self.outbox)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
                brought.append(target)
        return brought

    def bring_day(self, day: dt.date) -> list[Path]:
        """Whatever is dated on this day."""
        return self.bring(f"*/*_{day}.csv")

    def manifest(self) -> dict[str, Any]:
        return published_manifest(self.settings.home)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with open_published(self.settings.home) as published:
            return published.execute(sql).fetchall()


@contextlib.contextmanager
def scheduler(shop: Nights, first_night: dt.date) -> Iterator[Scheduler]:
    """Dagster's scheduler for this shop, begun on the evening of ``first_night``."""
    prepare_home(shop.settings.home)
    yaml = shop.settings.home.dagster / "dagster.yaml"
    yaml.write_text(yaml.read_text(encoding="utf-8") + LAUNCHER, encoding="utf-8")
    surroundings = {
        "DAGSTER_HOME": str(shop.settings.home.dagster),
        "RETENTION_CONFIG": str(shop.folder / "retention.toml"),
        "RETENTION_ENVIRONMENT": "production",
    }
    before = {name: os.environ.get(name) for name in surroundings}
    os.environ.update(surroundings)
    target = ModuleTarget("retention_pipeline.definitions", None, str(Path.cwd()), "retention_pipeline")
    try:
        with (
            dg.DagsterInstance.from_config(str(shop.settings.home.dagster)) as instance,
            create_test_daemon_workspace_context(target, instance) as workspace,
        ):
            watch = Scheduler(workspace, instance, ZoneInfo(shop.settings.shop.timezone))
            watch.loop(dt.datetime.combine(first_night, dt.time(20), tzinfo=watch.zone))
            yield watch
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Scheduler:
    """The daemon's loop, called for given instants."""

    def __init__(self, workspace: Any, instance: dg.DagsterInstance, zone: ZoneInfo) -> None:
        self.workspace = workspace
        self.instance = instance
        self.zone = zone
        self._times: dict[str, Any] = {}

    def loop(self, now: dt.datetime) -> None:
        """One pass of the daemon at this instant."""
        logger = logging.getLogger("nights")
        for error in launch_scheduled_runs(self.workspace, logger, now.astimezone(dt.UTC), self._times):
            assert error is None, error

    def night(self, day: dt.date) -> dg.DagsterRun:
        """Let the scheduler pass the tick after this day; returns the run that it launched."""
        known = {run.run_id for run in self.runs()}
        self.loop(dt.datetime.combine(day + dt.timedelta(days=1), dt.time(HOUR), tzinfo=self.zone))
        (fresh,) = [run for run in self.runs() if run.run_id not in known]
        return fresh

    def runs(self) -> list[dg.DagsterRun]:
        """All runs so far."""
        return [record.dagster_run for record in self.instance.get_run_records(limit=1000)]
