"""The exact reader: one CSV file, record by record, for whatever the fast reader does not take.

Belongs here: ragged rows, quotes out of place, line breaks inside quotes, mixed line ends. Not here: values.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retention_pipeline.intake.csv_file import CsvFile
from retention_pipeline.intake.identity import TRIMMED
from retention_pipeline.intake.prescan import MAX_RECORD_BYTES
from retention_pipeline.intake.read_csv import STRICT
from retention_pipeline.intake.refusal import FileRefusedError
from retention_pipeline.intake.sql import database_errors, exact_path, is_out_of_space, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RAGGED = "ragged_row"
BAD_QUOTES = "malformed_quotes"
_USUAL_BYTES = 2_000_000
"""The longest record that the database reads without being told."""
_AROUND_CELLS = 32


@dataclass(frozen=True)
class BrokenRow:
    """A record that has no columns to speak of; its text is not kept, since nobody knows what it is."""

    line: int
    reason: str
    fields: int


def read_exactly(
    connection: DuckDBPyConnection,
    number: int,
    file: CsvFile,
    columns: Mapping[str, str],
    delimiter: str,
    into: str,
    scratch: Path,
    *,
    longest: int | None = None,
) -> list[BrokenRow]:
    """Append the sound records of one file to ``into`` (_file, _line, one column per entry).

    Args:
        connection: The store.
        number: Number of the file in its batch.
        file: The file.
        columns: Column of ``into`` to column of the header.
        delimiter: The delimiter.
        into: A temporary table.
        scratch: Folder for a rewritten copy of the mapped columns.
        longest: Cut values after so many characters; what is cut is refused as too long later on.

    Returns:
        The records that were not appended.

    Raises:
        FileRefusedError: The database cannot read the copy; what it says would quote a record.
    """
    positions = [file.header.index(name) for name in columns.values()]
    canonical = scratch / f"canonical_{number}.csv"
    broken: list[BrokenRow] = []
    widest = _USUAL_BYTES
    with canonical.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for line, cells in _records(file.text_path, delimiter):
            if cells is None:
                broken.append(BrokenRow(line, BAD_QUOTES, 0))
            elif len(cells) != len(file.header):
                broken.append(BrokenRow(line, RAGGED, len(cells)))
            else:
                bounded = [_bounded(cells[position], longest) for position in positions]
                writer.writerow([line, *bounded])
                widest = max(widest, _bytes_of_long(bounded))
    names = ", ".join(map(quote, columns))
    types = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(columns)))
    try:
        connection.execute(
            f"INSERT INTO {into} (_file, _line, {names}) SELECT $number, * FROM read_csv($path, {STRICT},"
            f" columns = {{'line': 'BIGINT', {types}}}, header = false, delim = ',', new_line = '\\n',"
            f" max_line_size = {widest})",
            {"number": number, "path": exact_path(canonical)},
        )
    except database_errors(connection) as error:
        if is_out_of_space(connection, error):
            raise
        raise FileRefusedError(
            "damaged_file", f"its records cannot be read: {type(error).__name__}", "deliver the file again"
        ) from None
    canonical.unlink()
    return broken


def _bytes_of_long(cells: Sequence[str]) -> int:
    """Bytes of a record once it is written, where it may be longer than usual; 0 for all others."""
    if 8 * sum(map(len, cells)) < _USUAL_BYTES:  # four bytes a letter, or a quote written twice: no need to encode
        return 0
    return _AROUND_CELLS + sum(len(cell.encode()) + cell.count('"') + 3 for cell in cells)


def _bounded(cell: str, longest: int | None) -> str:
    """The cell, or so much of it that it is still too long; blanks at its ends do not count."""
    if longest is None or len(cell) <= longest:
        return cell
    text = cell.strip(TRIMMED)
    return text if len(text) <= longest else text[: longest - 1] + "\u2026"


def _records(path: Path, delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """Line on which each record after the header begins, and its cells (``None``: quotes out of place)."""
    previous = csv.field_size_limit(MAX_RECORD_BYTES)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            is_header = True
            while True:
                line = reader.line_num + 1
                try:
                    cells = next(reader, None)
                except csv.Error:
                    yield line, None
                    continue
                if cells is None:
                    return
                if cells and not is_header:
                    yield line, cells
                is_header = is_header and not cells
    finally:
        csv.field_size_limit(previous)
