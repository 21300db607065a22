"""The file in which a person repairs records: written from what was kept of them, read back cell by cell.

A cell that a spreadsheet would run as a formula stands behind an apostrophe, which reading takes away again.
Belongs here: its columns, writing and reading. Not here: judging what stands in it (``repairs``).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from retention_pipeline.core.errors import InputRefusedError
from retention_pipeline.core.spreadsheets import neutral, restored
from retention_pipeline.intake.fields import Contract
from retention_pipeline.intake.quarantine import SetAside

DELIVERY, LINE = "_delivery", "_line"
_ABOUT = (DELIVERY, LINE, "_file", "_reason", "_column")
_DELIMITERS = (",", ";", "\t")
MAX_BYTES = 64 << 20


@dataclass(frozen=True)
class RepairRow:
    """One row as it came back."""

    number: int
    """Its place in the file, for messages: 1 is the row after the header."""
    delivery_id: str
    line: int
    cells: tuple[str, ...]
    """In the order of the contract."""


@dataclass(frozen=True)
class RepairFile:
    """A file of repaired records, before its source is known."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def deliveries(self) -> list[str]:
        """The deliveries that its rows name."""
        place = self.header.index(DELIVERY)
        return list(dict.fromkeys(row[place].strip() for row in self.rows))

    def of(self, contract: Contract) -> list[RepairRow]:
        """Its rows in the columns of a contract.

        Raises:
            InputRefusedError: A column is missing or is none of the source's, or a row names no line.
        """
        missing = [name for name in contract.names if name not in self.header]
        unknown = [name for name in self.header if name not in contract.names and name not in _ABOUT]
        if missing or unknown:
            said = [f"it has no column {name!r}" for name in missing] + [f"{name!r} is no column" for name in unknown]
            raise _unfit(
                self.path, f"{'; '.join(said[:5])} of {contract.source}", "keep the columns as they were written"
            )
        places = [self.header.index(name) for name in contract.names]
        delivery, line = self.header.index(DELIVERY), self.header.index(LINE)
        rows = []
        for number, row in enumerate(self.rows, start=1):
            if not row[line].strip().isascii() or not row[line].strip().isdigit():
                raise _unfit(
                    self.path, f"row {number} has no line number in {LINE}", "keep that column as it was written"
                )
            cells = tuple(restored(row[place]) for place in places)
            rows.append(RepairRow(number, row[delivery].strip(), int(row[line]), cells))
        return rows


def write_repair_file(handle: TextIO, contract: Contract, found: Sequence[SetAside]) -> None:
    """Write records for repair: where each came from, why it was set aside, what was kept of it."""
    writer = csv.writer(handle, lineterminator="\n")
    writer.writerow((*_ABOUT, *contract.names))
    for record in found:
        about = (record.delivery_id, str(record.line), record.path, record.reason, record.column or "")
        writer.writerow([neutral(cell) for cell in (*about, *record.cells(contract))])


def read_repair_file(path: Path) -> RepairFile:
    """Read a repair file, as it was written or as a spreadsheet saved it (comma, semicolon or tab).

    Raises:
        InputRefusedError: It cannot be read, is too large, or is no repair file.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _unfit(path, f"it is larger than {MAX_BYTES >> 20} MiB", "repair and replay it in parts")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _unfit(path, error.strerror or type(error).__name__, "check path and permissions") from None
    except UnicodeDecodeError:
        raise _unfit(path, "it is not UTF-8", "save it as CSV in UTF-8") from None
    head = text.partition("\n")[0]
    mark = next((mark for mark in _DELIMITERS if f"{DELIVERY}{mark}{LINE}" in head.replace('"', "")), None)
    if mark is None or "\0" in text:
        raise _unfit(
            path, f"its header does not begin with {DELIVERY} and {LINE}", "write one with `quarantine show --csv`"
        )
    return _parsed(path, text, mark)


def _parsed(path: Path, text: str, mark: str) -> RepairFile:
    try:
        header, *rows = [tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)]
    except csv.Error as error:
        raise _unfit(path, f"it is no CSV: {error}", "save it as CSV again") from None
    header = tuple(name.strip() for name in header)
    if len(set(header)) != len(header):
        raise _unfit(path, "its header names a column twice", "keep the columns as they were written")
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise _unfit(path, f"row {number} has {len(row)} cells, the header {len(header)}", "correct the row")
    return RepairFile(path, header, tuple(rows))


def _unfit(path: Path, detail: str, remedy: str) -> InputRefusedError:
    return InputRefusedError(f"{path}: {detail}; nothing was taken in", remedy=remedy)
