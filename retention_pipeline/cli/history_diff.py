"""``retention diff``: two kept versions side by side.

Belongs here: selecting and laying out differences. Not here: which cells differ (``warehouse.ledger.differences``).
"""

from __future__ import annotations

import sys
from typing import Final

from rich.console import Console

from retention_pipeline.cli.cells import CELL_COLUMNS, cell_name
from retention_pipeline.cli.history import percent
from retention_pipeline.cli.querying import write_rows
from retention_pipeline.cli.tables import print_table
from retention_pipeline.config import Settings
from retention_pipeline.warehouse.ledger.differences import Differences, differences

ROWS_SHOWN: Final = 20


def show_diff(settings: Settings, before: str, after: str, console: Console, *, form: str) -> None:
    """Print which tables differ, which metric cells, and why; as CSV or JSON all changed cells."""
    found = differences(settings.home, before, after)
    if form != "table":
        write_rows(sys.stdout, form, list(found.cell_columns), found.cells)
        return
    _print_versions(found, console)
    differing = [row for row in found.tables if row[4] != "equal"]
    columns = ("table", "rows before", "rows after", "rows added or removed", "content")
    equal = len(found.tables) - len(differing)
    print_table(console, columns, differing, title=f"\ntables that differ ({equal} are equal)")
    if not found.cells:
        console.print("\nno metric cell differs", highlight=False)
        return
    print_table(console, ("change", "cells"), found.totals, title="\nmetric cells that differ")
    if found.causes:
        steps = "one step" if found.steps == 1 else f"{found.steps} steps, each cell once per step"
        print_table(console, ("cause", "cells"), found.causes, title=f"\nof finished periods, by cause ({steps})")
    elif not found.steps:
        console.print("\nno causes: one of the versions is a re-enactment, so no steps lead to it", highlight=False)
    _print_largest(found, console)


def _print_largest(found: Differences, console: Console) -> None:
    rows = []
    for cells in found.cells[:ROWS_SHOWN]:
        cell = dict(zip(found.cell_columns, cells, strict=True))
        old, new = cell["old_value"], cell["new_value"]
        change = abs(new - old) / abs(old) if old and new is not None else None
        rows.append((*cell_name(cell), old, new, percent(change)))
    title = f"\nlargest changes ({len(rows)} of {len(found.cells)}; --format csv holds all)"
    print_table(console, (*CELL_COLUMNS, "old", "new", "change, %"), rows, title=title)


def _print_versions(found: Differences, console: Console) -> None:
    columns = ("", "version", "as of", "published at", "configuration", "definitions", "code")
    print_table(console, columns, found.versions)
