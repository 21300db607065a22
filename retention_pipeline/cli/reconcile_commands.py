"""``retention reconcile``: the shop's own totals beside the published ones.

Belongs here: the command's arguments. Not here: what it shows (``reconciling``).
"""

from __future__ import annotations

from typing import Annotated

import typer

from retention_pipeline.cli.base import app, out, settings_of
from retention_pipeline.core.periods import Grain


@app.command()
def reconcile(
    context: typer.Context,
    measure: Annotated[str | None, typer.Option(help="orders, revenue_gross, refunds or revenue_net.")] = None,
    grain: Annotated[Grain | None, typer.Option(help="Length of a period; default: every delivered one.")] = None,
    periods: Annotated[int, typer.Option(min=1, help="How many of the latest periods.")] = 12,
    every: Annotated[bool, typer.Option("--all", help="Also causes that the shop's totals do not hold.")] = False,
) -> None:
    """Put the shop's own totals beside the published ones and name what explains the difference."""
    from retention_pipeline.cli.reconciling import show_reconciliation

    show_reconciliation(settings_of(context), out, measure=measure, grain=grain, periods=periods, every=every)
