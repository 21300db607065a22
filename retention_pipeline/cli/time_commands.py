"""``retention backfill`` and ``retention plan``: past days, and what they would change.

Belongs here: arguments. Not here: running (``running``), looking ahead (``planning``).
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from retention_pipeline.cli.base import app, out, parse_date, settings_of
from retention_pipeline.core.errors import ConfigError

First = Annotated[str | None, typer.Option("--from", help="The first day, such as 2025-01-01.")]
Last = Annotated[str | None, typer.Option("--to", help="The last day.")]


@app.command()
def backfill(
    context: typer.Context,
    first: First = None,
    last: Last = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for another run to end.")] = 0,
) -> None:
    """Take in the files of these days only, in one run; rebuild, check, publish. Interrupted: just run it again."""
    from retention_pipeline.cli.running import Wanted, run_job

    run_job(settings_of(context), Wanted(days=_days(first, last), wait=wait), out)


@app.command()
def plan(context: typer.Context, first: First = None, last: Last = None) -> None:
    """Say what a run (or, with days, a backfill) would take in and change, without storing anything."""
    from retention_pipeline.cli.planning import show_plan

    days = _days(first, last) if first or last else None
    show_plan(settings_of(context), out, days=days)


def _days(first: str | None, last: str | None) -> tuple[dt.date, dt.date]:
    begin, end = parse_date(first, "--from"), parse_date(last, "--to")
    if begin is None or end is None:
        raise ConfigError("a backfill needs --from and --to", remedy="name the first and the last day")
    if begin > end:
        raise ConfigError(f"--from {begin} lies after --to {end}", remedy="name the earlier day first")
    return begin, end
