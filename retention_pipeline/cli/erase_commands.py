"""``retention erase``: remove persons from everything that was written, and prove it.

Belongs here: the arguments of the command. Not here: asking, removing, showing (``erasing``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retention_pipeline.cli.base import app, out, settings_of

_CUSTOMERS = typer.Argument(help="Customer ids as the shop knows them, or their keyed hashes.", show_default=False)
_LIST = typer.Option(
    "--from",
    help="Read the ids from this file (- for standard input), one a line; texts after a tab name the person too.",
)


@app.command()
def erase(
    context: typer.Context,
    customers: Annotated[list[str] | None, _CUSTOMERS] = None,
    listed: Annotated[Path | None, _LIST] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show where they occur.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    in_advance: Annotated[bool, typer.Option("--in-advance", help="Also persons of whom nothing is stored.")] = False,
    past: Annotated[
        bool, typer.Option("--list", help="Show the erasures so far and whether each is complete.")
    ] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a run to end.")] = 0,
) -> None:
    """Erase customers from store, versions and logs, and never take them in again."""
    from retention_pipeline.cli.erasing import Wanted, erase_customers, show_erasures

    settings = settings_of(context)
    if past:
        show_erasures(settings, out)
        return
    wanted = Wanted(tuple(customers or ()), listed, dry_run=dry_run, yes=yes, in_advance=in_advance, wait=wait)
    erase_customers(settings, wanted, out)
