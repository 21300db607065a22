"""Figures of the reliability suite: one line of JSON each, and one aligned table at the end.

``RELIABILITY`` is ``short`` (the default, for every commit) or ``full`` (``make reliability``);
``RELIABILITY_REPORT`` names the file of JSON lines. Processes of one test run append to the same file.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

COLUMNS = ("row", "what was done", "n", "held", "figure", "s")


@dataclasses.dataclass(frozen=True)
class Figure:
    """What one row of the catalogue came to.

    Attributes:
        row: Its id, such as K1.
        what: What was done, in words.
        n: How often.
        held: In how many of them everything held that must hold; equal to ``n`` or the test has failed.
        figure: What the row asks to be reported beside that.
        seconds: How long it took.
    """

    row: str
    what: str
    n: int
    held: int
    figure: str = ""
    seconds: float = 0.0


def is_full() -> bool:
    """Whether the long form was asked for."""
    form = os.environ.get("RELIABILITY", "short")
    if form not in {"short", "full"}:
        raise ValueError(f"RELIABILITY: {form!r} is neither short nor full")
    return form == "full"


def size(short: int, full: int) -> int:
    """How often something is done, by the form of the suite."""
    return full if is_full() else short


def write(figure: Figure, path: Path) -> None:
    """Add a figure to the report; one short write, so that lines of several processes never mix."""
    line = json.dumps({"form": "full" if is_full() else "short", **dataclasses.asdict(figure)}) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def read(path: Path) -> list[Figure]:
    """The figures of a report, in the order of the catalogue."""
    fields = {field.name for field in dataclasses.fields(Figure)}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = [Figure(**{name: value for name, value in line.items() if name in fields}) for line in lines]
    return sorted(found, key=lambda each: (each.row, each.what))


def show(figures: list[Figure], console: Console) -> None:
    """Print the figures as a table."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in COLUMNS:
        table.add_column(name, justify="right" if name in {"n", "held", "s"} else "left", overflow="fold")
    for each in figures:
        cells = (each.row, each.what, f"{each.n:,}", f"{each.held:,}", each.figure, f"{each.seconds:.1f}")
        table.add_row(*cells)
    console.print(table, highlight=False)


if __name__ == "__main__":
    show(read(Path(sys.argv[1])), Console(width=None if sys.stdout.isatty() else 140))
