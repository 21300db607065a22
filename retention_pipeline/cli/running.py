"""Driving the job from the command line: one process, Dagster's own run history, short errors.

Belongs here: starting runs and the web interface. Not here: what the job contains (``defs``).
"""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import warnings

from rich.console import Console

from retention_pipeline.cli.progress import StageProgress
from retention_pipeline.cli.summary import show_summary
from retention_pipeline.cli.tables import short
from retention_pipeline.config import Settings
from retention_pipeline.core.errors import RetentionError, RunInterruptedError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse.read import current_version

INSTANCE_YAML = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"


def prepare_home(home: Home) -> None:
    """Create the Dagster instance folder, with telemetry off."""
    home.dagster.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = home.dagster / "dagster.yaml"
    if not settings.exists():
        settings.write_text(INSTANCE_YAML, encoding="utf-8")


def run_job(settings: Settings, as_of: dt.date | None, wait: float, console: Console) -> None:
    """Run the whole pipeline once and print the summary.

    Raises:
        RetentionError: With a message that also says which version is still served.
    """
    console.print(f"[bold]{settings.shop.name}[/]  {short(settings.config_path)}", highlight=False, soft_wrap=True)
    with StageProgress(console) as progress:
        progress.stage("start")
        prepare_home(settings.home)
        warnings.filterwarnings("ignore", category=FutureWarning, module="dagster")
        before = current_version(settings.home)
        try:
            _execute(settings, as_of, wait, progress)
        except RetentionError as error:
            error.message += f"\n  {still_served(settings.home)}"
            raise
    show_summary(settings, console, unchanged=before == current_version(settings.home))


def _execute(settings: Settings, as_of: dt.date | None, wait: float, progress: StageProgress) -> None:
    import dagster as dg

    from retention_pipeline.definitions import build_definitions
    from retention_pipeline.defs.keys import JOB

    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    job = build_definitions(settings, progress).resolve_job_def(JOB)
    run_config = {
        "resources": {
            "clock": {"config": {"as_of": as_of.isoformat() if as_of else None}},
            "writer": {"config": {"home_dir": str(settings.home_dir), "wait_seconds": wait}},
        },
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    tags = {"as_of": as_of.isoformat() if as_of else "latest"}
    with dg.DagsterInstance.from_config(str(settings.home.dagster)) as instance:
        try:
            job.execute_in_process(instance=instance, tags=tags, run_config=run_config)
        except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
            raise RunInterruptedError(
                "interrupted", remedy="run again when it suits; nothing needs cleaning up"
            ) from None
        except dg.DagsterError as error:
            raise _own_error(error) or error from None


def _own_error(error: BaseException | None) -> RetentionError | None:
    """The product's own error inside one of Dagster's, which wraps what a resource raises."""
    while error is not None and not isinstance(error, RetentionError):
        error = error.__cause__ or error.__context__
    return error


def still_served(home: Home) -> str:
    """One clause about what consumers see now."""
    version = current_version(home)
    return f"still served: {version}, unchanged" if version else "nothing has been published yet"


def serve(settings: Settings, port: int) -> None:
    """Run Dagster's web interface on the loopback interface until it is interrupted."""
    prepare_home(settings.home)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(settings.home.dagster),
        "RETENTION_CONFIG": str(settings.config_path),
        "RETENTION_HOME": str(settings.home_dir),
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
    subprocess.run(command, env=environment, cwd=settings.home.dagster, check=False)  # noqa: S603  # fixed words and an integer
