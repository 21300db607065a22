"""Delivered files of a small shop as rows, to be changed and written again.

Belongs here: reading and writing. Not here: the changes (``relations``).
"""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from pathlib import Path

Rows = list[list[str]]
Files = dict[dt.date | None, Rows]
"""Rows by business date; ``None`` for the one file of a source without dates."""


@dataclass
class Delivered:
    """A shop: text of its configuration, and per source the header and the rows of each file."""

    config: str
    headers: dict[str, list[str]]
    files: dict[str, Files]
    last: dt.date

    def column(self, source: str, name: str) -> int:
        """Position of a column of the file."""
        return self.headers[source].index(name)

    def write(self, folder: Path) -> Path:
        """Write everything; the path of the configuration."""
        folder.mkdir(parents=True)
        for source, files in self.files.items():
            if any(day is not None for day in files):
                (folder / source).mkdir()
            for day, rows in files.items():
                path = folder / f"{source}.csv" if day is None else folder / source / f"{day}.csv"
                with path.open("w", encoding="utf-8", newline="") as stream:
                    csv.writer(stream, lineterminator="\n").writerows([self.headers[source], *rows])
        path = folder / "retention.toml"
        path.write_text(self.config, encoding="utf-8")
        return path


def read_delivered(folder: Path, last: dt.date) -> Delivered:
    """Read the files that ``random_shop`` has written; ``last`` is the shop's last day."""
    headers: dict[str, list[str]] = {}
    files: dict[str, Files] = {}
    for path in sorted(folder.rglob("*.csv")):
        is_dated = path.parent != folder
        source = path.parent.name if is_dated else path.stem
        with path.open(encoding="utf-8", newline="") as stream:
            headers[source], *rows = csv.reader(stream)
        files.setdefault(source, {})[dt.date.fromisoformat(path.stem) if is_dated else None] = rows
    return Delivered((folder / "retention.toml").read_text(encoding="utf-8"), headers, files, last)
