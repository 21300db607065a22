"""Reads the written files of a demo shop in plain Python, sharing no code with the simulation."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
Row = dict[str, str]


def instant(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).astimezone(dt.UTC)


def business_date(text: str) -> dt.date:
    return instant(text).astimezone(ZONE).date()


def number_of(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def stamp_fault(text: str, file_date: dt.date | None) -> str:
    try:
        date = business_date(text)
    except ValueError:
        return "not_a_date"
    return "in_future" if file_date is not None and date > file_date + dt.timedelta(days=1) else ""


def read(
    folder: Path,
    source: str,
    fault_of: Callable[[Row, dt.date | None], str],
    records: Counter[str],
    broken: dict[str, Counter[str]],
    suppressed: Counter[str],
) -> list[tuple[dt.date | None, Row]]:
    """Readable, distinct records with the date of their file, in order of delivery; the rest is counted."""
    kept = []
    records[source] += 0
    suppressed[source] += 0
    for path in sorted((folder / "landing" / source).iterdir()):
        file_date = None if path.stem == source else dt.date.fromisoformat(path.stem[-10:])
        with path.open(encoding="utf-8", newline="") as stream:
            header, *rows = list(csv.reader(stream))
        seen = set()
        for cells in rows:
            records[source] += 1
            row = dict(zip(header, cells, strict=False))
            fault = "ragged" if len(cells) != len(header) else fault_of(row, file_date)
            if fault:
                broken[source][fault] += 1
            elif tuple(cells) in seen and source != "spend":  # two equal bookings are two bookings
                suppressed[source] += 1
            else:
                kept.append((file_date, row))
            seen.add(tuple(cells))
    return kept
