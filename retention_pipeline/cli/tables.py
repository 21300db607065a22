"""Aligned tables and number formats for people.

Belongs here: display. Not here: computing anything; rounding happens here and nowhere else.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

RECORDS_SHOWN = 3
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
FOLDABLE = 9
"""Up to this many columns a table that is too wide folds its cells; more would leave one letter a line."""


def print_table(
    console: Console, columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None
) -> None:
    """Print rows under a header; numbers are right-aligned, NULL is blank."""
    shown = [list(row) for row in rows]
    if title is not None:  # not the table's own: that one wraps at the table's width
        console.print(title, style="bold", highlight=False, markup=False)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    cells = [["" if cell is None else _plain(cell) for cell in row] for row in shown]
    widths = [max([len(name), *(len(row[place]) for row in cells)]) for place, name in enumerate(columns)]
    if sum(widths) + 2 * len(widths) > console.width and len(columns) > FOLDABLE:
        _print_records(console, columns, cells)
        return
    for position, name in enumerate(columns):
        numeric = any(isinstance(row[position], int | float | Decimal) for row in shown)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))  # Text: what looks like markup or an emoji code stays as it is
    console.print(table, highlight=False)


def _print_records(console: Console, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Rows that are wider than the terminal, one column a line, empty ones left out."""
    width = max(len(name) for name in columns)
    for number, row in enumerate(cells[:RECORDS_SHOWN], start=1):
        console.print(f"record {number}", style="bold", highlight=False)
        for name, cell in zip(columns, row, strict=True):
            if cell:
                console.print(Text(f"  {name:<{width}}  {cell}"), soft_wrap=True)
    if len(cells) > RECORDS_SHOWN:
        console.print(
            f"... {len(cells) - RECORDS_SHOWN} more records; select fewer columns for a table", highlight=False
        )


def _plain(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.6g}" if abs(cell) < 1e6 else f"{cell:,.2f}"
    return visible(str(cell))


def print_title(console: Console, shop: str, place: Path) -> None:
    """The shop and the file or folder that is looked at."""
    title = Text(visible(shop), style="bold")
    console.print(title.append(f"  {short(place)}", style="not bold"), highlight=False, soft_wrap=True)


def visible(text: str) -> str:
    """The text with letters spelt out that would command a terminal or turn the direction of writing."""
    return _COMMANDS.sub(lambda found: f"\\x{ord(found.group()):02x}", text)


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
