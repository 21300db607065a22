"""The simulated shop's landing folder: one CSV file per source and day, byte for byte the same for the same lines.

Belongs here: writing, replacing and naming files. Not here: what stands in them.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from retention_pipeline.demo.records import HEADERS, Lines
from retention_pipeline.demo.rhythm import Span

LANDING = "landing"


def day_file(folder: Path, source: str, day: dt.date) -> Path:
    """The file of one source and day."""
    return folder / LANDING / source / f"{source}_{day.isoformat()}.csv"


def write_day(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write one CSV file (UTF-8, comma, line feed); without rows it is an empty day, which is not a missing one."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode("utf-8"))


def write_landing(folder: Path, span: Span, sources: Sequence[Lines]) -> None:
    """Write a file for every source and day of the span, and remove files of an earlier demo shop."""
    for lines in sources:
        directory = folder / LANDING / lines.source
        directory.mkdir(parents=True, exist_ok=True)
        for stale in directory.glob(f"{lines.source}_*.csv"):
            stale.unlink()
        by_day: list[list[list[str]]] = [[] for _ in range(span.days)]
        for line in lines.all():
            by_day[line.day].append(line.cells)
        for day, rows in enumerate(by_day):
            write_day(day_file(folder, lines.source, span.date(day)), HEADERS[lines.source], rows)
