"""The simulated shop's landing folder: CSV files by day or month or one for all, the same bytes for the same lines.

Belongs here: writing, replacing and naming files. Not here: what stands in them.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from retention_pipeline.demo.lines import HEADERS, Lines
from retention_pipeline.demo.rhythm import Span

LANDING = "landing"
DAILY = ("orders", "customers", "feedback")
MONTHLY = ("subscriptions", "tickets", "control_totals")
HISTORY = ("churn_reasons", "spend", "fx_rates", "benchmarks")
"""Sources with a file for each day, for each month (dated on its last day), and with one file for all of time."""


def day_file(folder: Path, source: str, day: dt.date) -> Path:
    """The file of one source and day."""
    return folder / LANDING / source / f"{source}_{day.isoformat()}.csv"


def write_file(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write one CSV file (UTF-8, comma, line feed); without rows it says that nothing happened."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode("utf-8"))


def history_file(folder: Path, source: str) -> Path:
    """The one file of a source."""
    return folder / LANDING / source / f"{source}.csv"


def write_landing(folder: Path, span: Span, sources: Sequence[Lines]) -> None:
    """Write every source's files for the whole span, and remove files of an earlier demo shop."""
    for lines in sources:
        directory = folder / LANDING / lines.source
        directory.mkdir(parents=True, exist_ok=True)
        for stale in directory.glob(f"{lines.source}*.csv"):
            stale.unlink()
        paths = _paths(folder, lines.source, span)
        rows: dict[Path, list[list[str]]] = {path: [] for path in paths}
        for line in lines.all():
            rows[paths[max(line.day, 0)]].append(line.cells)
        for path, found in rows.items():
            write_file(path, HEADERS[lines.source], found)


def _paths(folder: Path, source: str, span: Span) -> list[Path]:
    """For each day of the span, the file that tells of it."""
    if source in HISTORY:
        return [history_file(folder, source)] * span.days
    if source in DAILY:
        return [day_file(folder, source, span.date(day)) for day in range(span.days)]
    last_of_month = {month: day for day, month in enumerate(span.months())}
    return [day_file(folder, source, span.date(last_of_month[month])) for month in span.months()]
