"""``retention query``: the published version as a table, CSV, JSON or Parquet.

Belongs here: writing results. Not here: opening the version (``warehouse.read``).
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

from retention_pipeline.cli.tables import print_table
from retention_pipeline.config import Settings
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.core.spreadsheets import neutral
from retention_pipeline.warehouse.read import run_select, write_parquet

ROWS_SHOWN = 100


def run_query(
    settings: Settings, sql: str, console: Console, *, form: str, output: Path | None, version: str | None
) -> None:
    """Run one select statement on a published version and write its rows.

    Raises:
        ConfigError: The statement is not valid, or parquet was asked for without a file.
    """
    if form == "parquet":
        if output is None:
            raise ConfigError("--format parquet needs --output FILE")
        write_parquet(settings.home, sql, output, version=version)
        return
    columns, rows = run_select(settings.home, sql, version=version)
    if output is not None:
        with _opened(output) as handle:
            write_rows(handle, form, columns, rows)
    elif form == "table":
        print_table(console, columns, rows[:ROWS_SHOWN])
        if len(rows) > ROWS_SHOWN:
            console.print(f"... {len(rows) - ROWS_SHOWN} more rows; --format csv shows all")
    else:
        write_rows(sys.stdout, form, columns, rows)


def _opened(output: Path) -> TextIO:
    try:
        return output.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise ConfigError(f"--output: {output} cannot be written: {error.strerror}") from None


def write_rows(handle: TextIO, form: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    """Write rows as table, csv or json (one object a line)."""
    if form == "json":
        for row in rows:
            record = dict(zip(columns, row, strict=True))
            handle.write(json.dumps(record, default=_json, ensure_ascii=False) + "\n")
    elif form == "table":
        print_table(Console(file=handle, width=10_000), columns, rows)
    else:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow([neutral(name) for name in columns])
        writer.writerows([_neutral(cell) for cell in row] for row in rows)


def _neutral(cell: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets a leading apostrophe."""
    return neutral(cell) if isinstance(cell, str) else cell


def _json(cell: Any) -> Any:
    if isinstance(cell, Decimal):
        nearest = float(cell)
        return nearest if Decimal(repr(nearest)) == cell else str(cell)
    if isinstance(cell, dt.date | dt.datetime):
        return cell.isoformat()
    return str(cell)
