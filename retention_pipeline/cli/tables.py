"""Aligned tables and number formats for people.

Belongs here: display. Not here: computing anything; rounding happens here and nowhere else.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table


def print_table(
    console: Console, columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None
) -> None:
    """Print rows under a header; numbers are right-aligned, NULL is blank."""
    shown = [list(row) for row in rows]
    if title is not None:  # not the table's own: that one wraps at the table's width
        console.print(title, style="bold", highlight=False, markup=False)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for position, name in enumerate(columns):
        numeric = any(isinstance(row[position], int | float | Decimal) for row in shown)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in shown:
        table.add_row(*("" if cell is None else _plain(cell) for cell in row))
    console.print(table, highlight=False, markup=False)


def _plain(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.6g}" if abs(cell) < 1e6 else f"{cell:,.2f}"
    return str(cell)


def short(path: Path) -> str:
    """A path as it is typed from the working directory, where that is shorter."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)


def own_name() -> str:
    """How this command was called, so that what is suggested next can be pasted."""
    called = Path(sys.argv[0])
    return "retention" if shutil.which(called.name) == str(called) or called.suffix == ".py" else short(called)


def percent(value: float) -> str:
    """A fraction in percent, with one decimal."""
    return f"{_rounded(100 * value, '0.1')}"


def money(value: float) -> str:
    """An amount with two decimals."""
    return f"{_rounded(value, '0.01'):,}"


def points(value: float) -> str:
    """A score between -1 and 1 on the usual scale of -100 to 100."""
    return f"{_rounded(100 * value, '1'):+}"


def _rounded(value: float, unit: str) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal(unit), rounding=ROUND_HALF_EVEN)
