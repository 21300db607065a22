"""Driving the job from the command line: one process, Dagster's own run history, short errors.

Belongs here: starting runs and the web interface. Not here: what the job contains (``defs``).
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass

from rich.console import Console

from retention_pipeline.cli.alerting import reported
from retention_pipeline.cli.failures import translated
from retention_pipeline.cli.progress import StageProgress
from retention_pipeline.cli.summary import show_summary
from retention_pipeline.cli.tables import print_title
from retention_pipeline.config import Settings
from retention_pipeline.core.errors import (
    BusyError,
    CorruptFileError,
    RetentionError,
    RunInterruptedError,
)
from retention_pipeline.core.home import Home
from retention_pipeline.core.memory import no_memory, require_memory
from retention_pipeline.warehouse.files import TRAVERSE_DIR, make_dir, os_errors, replace_atomically
from retention_pipeline.warehouse.lock import lock_holder
from retention_pipeline.warehouse.read import current_version

INSTANCE_YAML = """\
telemetry:
  enabled: false
nux:
  enabled: false
freshness:
  enabled: true
run_monitoring:
  enabled: true
run_retries:
  enabled: true
  max_retries: 1
  retry_on_asset_or_op_failure: false
"""
"""Freshness policies are evaluated; a run whose process died is seen and started once more; a failed step is not, it
has retries of its own."""
_STOPPING_SECONDS = 30
_EARLIER_YAML = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"


def prepare_home(home: Home) -> None:
    """Create the Dagster instance folder, with telemetry off.

    Raises:
        StorageError: The home directory cannot be written.
    """
    with os_errors(home.root):
        make_dir(home.root, TRAVERSE_DIR)
        make_dir(home.dagster)
        settings = home.dagster / "dagster.yaml"
        if not settings.exists() or settings.read_text(encoding="utf-8") in {_EARLIER_YAML, ""}:
            replace_atomically(settings, INSTANCE_YAML.encode())
        for folder in (home.root, home.dagster):  # Dagster's own error for a read-only folder is a page long
            with tempfile.TemporaryFile(dir=folder):
                pass


@dataclass(frozen=True)
class Wanted:
    """What a run is asked for.

    Attributes:
        as_of: The date to compute for; the last delivered one when None.
        until: Leave files of later days alone.
        days: Take in the files of these days only, the first and the last.
        wait: Seconds to wait for another run to end.
        rebuild: Build every stage anew, also where its inputs are the same as before.
        look: Look for new deliveries; without it the run is about what was delivered already.
    """

    as_of: dt.date | None = None
    until: dt.date | None = None
    days: tuple[dt.date, dt.date] | None = None
    wait: float = 0
    rebuild: bool = False
    look: bool = True


def run_job(settings: Settings, wanted: Wanted, console: Console) -> None:
    """Run the whole pipeline once and print the summary.

    Raises:
        RetentionError: With a message that also says which version is still served.
    """
    print_title(console, settings.shop.name, settings.config_path)
    before = _served(settings.home)
    try:
        with reported(settings, console), StageProgress(console) as progress:
            progress.stage("start")
            _refuse_when_busy(settings.home, wanted.wait)
            require_memory(settings.home.root)
            with translated(settings.home.root):
                prepare_home(settings.home)
                _execute(settings, wanted, progress)
    except KeyboardInterrupt:
        raise _interrupted(settings.home) from None
    except (MemoryError, RetentionError) as error:
        told = error if isinstance(error, RetentionError) else no_memory(settings.home.root)
        told.message += f"\n  {still_served(settings.home)}"
        raise told from error.__cause__
    show_summary(settings, console, unchanged=before == _served(settings.home))


def _interrupted(home: Home) -> RunInterruptedError:
    return RunInterruptedError(f"interrupted\n  {still_served(home)}", remedy="run again; nothing needs cleaning up")


def _refuse_when_busy(home: Home, wait: float) -> None:
    """Say at once what would otherwise come out after seconds of starting up."""
    holder = lock_holder(home)
    if holder is not None and not wait:
        raise BusyError(f"{home.root} is being written by {holder}", remedy="try again later, or add --wait SECONDS")


def _served(home: Home) -> str | None:
    """The current version; None also when the pointer is damaged, which a run repairs."""
    try:
        return current_version(home)
    except CorruptFileError:
        return None


def _execute(settings: Settings, wanted: Wanted, progress: StageProgress) -> None:
    import dagster as dg

    from retention_pipeline.definitions import build_definitions
    from retention_pipeline.defs.automation import run_config
    from retention_pipeline.defs.event_log import quick_event_log
    from retention_pipeline.defs.keys import JOB
    from retention_pipeline.defs.orphans import HOME_TAG
    from retention_pipeline.defs.partitions import range_tags

    warnings.filterwarnings("ignore", category=FutureWarning, module="dagster")
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    job = build_definitions(settings, progress).resolve_job_def(JOB)
    config = run_config(
        settings, as_of=wanted.as_of, until=wanted.until, wait_seconds=wanted.wait, rebuild=wanted.rebuild,
        look=wanted.look,
    )  # fmt: skip
    known = wanted.as_of or wanted.until
    tags = {"as_of": known.isoformat() if known else "latest", HOME_TAG: str(settings.home_dir)} | (
        range_tags(*wanted.days) if wanted.days else {}
    )
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with quick_event_log(), dg.DagsterInstance.from_config(str(settings.home.dagster)) as instance:
        try:
            job.execute_in_process(instance=instance, tags=tags, run_config={**config, **quiet})
        except dg.DagsterExecutionInterruptedError:
            raise KeyboardInterrupt from None


def still_served(home: Home) -> str:
    """One clause about what consumers see now."""
    version = _served(home)
    return f"still served: {version}, unchanged" if version else "nothing has been published yet"


def serve(settings: Settings, port: int) -> int:
    """Run Dagster's web interface on the loopback interface until it is interrupted; returns its exit code."""
    prepare_home(settings.home)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(settings.home.dagster),
        "RETENTION_CONFIG": str(settings.config_path),
        "RETENTION_HOME": str(settings.home_dir),
        "RETENTION_ENVIRONMENT": os.environ.get("RETENTION_ENVIRONMENT", "development"),
    }
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-m",
        "retention_pipeline.definitions",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    # not in the user's folder: a dagster.yaml there would only draw a warning
    # S603: no shell reads the command, which is fixed words and an integer
    with subprocess.Popen(command, env=environment, cwd=settings.home.dagster) as server:  # noqa: S603
        try:
            return server.wait()
        except KeyboardInterrupt:
            # it has servers of its own, which it stops when it is asked to and which stay when it is killed
            server.send_signal(signal.SIGINT)
            try:
                server.wait(_STOPPING_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
            raise
