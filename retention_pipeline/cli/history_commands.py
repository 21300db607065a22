"""``retention restatements`` and ``retention diff``: what changed in what was published, and why.

Belongs here: the arguments of these commands. Not here: what they show (``history``).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from retention_pipeline.cli.base import app, out, parse_date, settings_of
from retention_pipeline.core.causes import Cause


class ListFormat(StrEnum):
    """How rows are written."""

    table = "table"
    csv = "csv"
    json = "json"


_FORMAT = typer.Option("--format", help="How to write the rows; csv and json hold all of them.")


@app.command()
def restatements(
    context: typer.Context,
    metric: Annotated[str | None, typer.Option(help="A metric, such as revenue or revenue.net.")] = None,
    since: Annotated[str | None, typer.Option(help="Changes published for this as_of or a later one.")] = None,
    cause: Annotated[Cause | None, typer.Option(help="Changes with this cause, alone or among others.")] = None,
    period: Annotated[str | None, typer.Option(help="Changes of periods that hold this day.")] = None,
    settling: Annotated[bool, typer.Option("--settling", help="How long periods keep moving instead.")] = False,
    form: Annotated[ListFormat, _FORMAT] = ListFormat.table,
) -> None:
    """List what changed in periods that had been published before, and why."""
    from retention_pipeline.cli.history import Wanted, show_restatements, show_settling

    settings = settings_of(context)
    if settling:
        show_settling(settings, metric, out, form=form.value)
        return
    wanted = Wanted(metric, parse_date(since, "--since"), cause, parse_date(period, "--period"))
    show_restatements(settings, wanted, out, form=form.value)


@app.command()
def diff(
    context: typer.Context,
    before: Annotated[str, typer.Argument(help="A kept version, such as v000003.")],
    after: Annotated[str, typer.Argument(help="Another one.")],
    form: Annotated[ListFormat, _FORMAT] = ListFormat.table,
) -> None:
    """Compare two kept versions: tables, metric cells, and causes where the ledger knows them."""
    from retention_pipeline.cli.history_diff import show_diff

    show_diff(settings_of(context), before, after, out, form=form.value)
