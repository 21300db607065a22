"""``retention watch`` and ``retention alert-test``.

Belongs here: arguments, exit codes, what is printed. Not here: what an incident is (``alerts``).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from retention_pipeline.cli.base import app, err, out, settings_of
from retention_pipeline.config import Settings
from retention_pipeline.core.errors import ConfigError, ExitCode, NothingPublishedError

if TYPE_CHECKING:
    from retention_pipeline.alerts.register import Entry


@app.command()
def watch(
    context: typer.Context,
    every: Annotated[float | None, typer.Option(min=1, help="Seconds between looks; default: look once.")] = None,
) -> None:
    """Look for incidents without running: failures, damage, missing files, stale numbers. Exit code 8: one is open."""
    settings = settings_of(context)
    if not settings.home_dir.is_dir():
        raise NothingPublishedError(f"{settings.home_dir}: nothing has been delivered yet", remedy="start with a run")
    if every is None:
        if _look(settings, None):
            raise typer.Exit(int(ExitCode.INCIDENT_OPEN))
        return
    shown: tuple[Entry, ...] | None = None
    try:
        while True:
            shown = _look(settings, shown)
            time.sleep(every)
    except KeyboardInterrupt:
        err.print("stopped watching")


def _look(settings: Settings, shown: tuple[Entry, ...] | None) -> tuple[Entry, ...]:
    """Evaluate, and print what is open unless the same has been printed before."""
    from retention_pipeline.alerts.evaluate import evaluate

    found = evaluate(settings, thorough=True)
    for problem in found.problems:
        err.print(f"[yellow]warning[/] {escape(problem)}", highlight=False, soft_wrap=True)
    if shown is None or [each.incident.key for each in shown] != [each.incident.key for each in found.open]:
        print_open(found.open, out)
    return found.open


def print_open(entries: tuple[Entry, ...] | list[Entry], console: Console) -> None:
    """One block for each open incident."""
    if not entries:
        console.print("incidents  none open", highlight=False)
    for entry in entries:
        incident = entry.incident
        head = f"{incident.severity}  {incident.kind.words}: {incident.title}"
        console.print(head, style="red" if incident.severity == "error" else "yellow", highlight=False, markup=False)
        since = f"{entry.opened_at:%Y-%m-%d %H:%M} UTC"
        for line in (f"where  {incident.where}", f"since  {since}", f"to do  {incident.remedy}"):
            console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)


@app.command(name="alert-test")
def alert_test(context: typer.Context) -> None:
    """Send a test message to every configured channel and say which took it. Exit code 8: one did not."""
    from retention_pipeline.alerts.evaluate import send_test

    with out.status("sending"):
        results = send_test(settings_of(context))
    if not results:
        raise ConfigError(
            "no channel for alerts is configured",
            remedy="set RETENTION_SLACK_URL or RETENTION_WEBHOOK_URL, or write [alerts.smtp] in the configuration",
        )
    for name, problem in results.items():
        out.print(f"{name:<8} {problem or 'delivered'}", highlight=False, markup=False)
    if any(results.values()):
        raise typer.Exit(int(ExitCode.INCIDENT_OPEN))
