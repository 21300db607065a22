"""One delivered CSV file, looked at before it is read.

Belongs here: the header and its faults, choosing between the fast and the exact reader. Not here: reading records.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retention_pipeline.config import Source
from retention_pipeline.intake.encoding import check_signature, transcode
from retention_pipeline.intake.prescan import MAX_RECORD_BYTES, prescan
from retention_pipeline.intake.quoting import count_exactly
from retention_pipeline.intake.refusal import FileRefusedError

MAX_COLUMNS = 2000
_DELIMITERS = {";": ";", "\t": "\\t", ",": ",", "|": "|"}
_HEAD_BYTES = 8
SHOWN = 40
"""Characters of a name in a message, and names."""
_VALUE = re.compile(r"[+-]?[0-9][0-9.,' ]*|[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}.*|.*@.*")
"""A number, a date or an address: what is no name of a column."""


@dataclass(frozen=True)
class CsvFile:
    """A file whose bytes are sound."""

    text_path: Path
    """The file itself, or its copy in UTF-8."""
    header: tuple[str, ...]
    records: int
    """Records after the header, counted from the bytes."""
    newline: str
    is_plain: bool
    """Whether the fast reader may take it."""


def examine_csv(path: Path, source: Source, copy: Path) -> CsvFile:
    """Look at a file.

    Args:
        path: The delivered file.
        source: Its encoding and delimiter.
        copy: Where a copy in UTF-8 is written when the encoding is another.

    Raises:
        FileRefusedError: Nothing in it can be trusted; says why, where and what to do.
    """
    with path.open("rb") as stream:
        check_signature(stream.read(_HEAD_BYTES), source.encoding)
    text_path = path
    if source.encoding != "utf-8":
        transcode(path, source.encoding, copy)
        text_path = copy
    scan = prescan(text_path, source.delimiter)
    records = scan.records
    if scan.is_open or not scan.is_well_quoted:
        quoting = count_exactly(text_path, source.delimiter)
        if quoting.unclosed_line is not None:
            raise FileRefusedError(
                "unclosed_quote",
                f"the quote opened on line {quoting.unclosed_line} is never closed",
                "deliver the file again; where its records end cannot be told",
                records=max(quoting.records - 1, 0),
            )
        records = quoting.records
    if not records:
        raise FileRefusedError(
            "empty_file", "the file has no header", "deliver it again; an empty day is a header alone"
        )
    header = read_header(text_path, source.delimiter)
    is_plain = scan.is_plain and len(source.delimiter.encode()) == 1 and scan.has_columns(len(header))
    return CsvFile(text_path, header, records - 1, next(iter(scan.newlines), "\n"), is_plain)


def looks_like_record(header: Sequence[str]) -> bool:
    """Whether a first line holds values rather than names: then it may be about a person and must not be repeated."""
    return any(_VALUE.fullmatch(name) for name in header)


def shown_names(header: Sequence[str]) -> str:
    """What the file has, for messages."""
    if looks_like_record(header):
        return "its first line looks like a record, not like the names of columns"
    more = " …" if len(header) > SHOWN else ""
    return "the file has: " + ", ".join(name[:SHOWN] for name in header[:SHOWN]) + more


def read_header(path: Path, delimiter: str, encoding: str = "utf-8-sig") -> tuple[str, ...]:
    """The column names of a CSV file, without surrounding blanks.

    Raises:
        FileRefusedError: A name stands twice, the delimiter is another, or there are too many columns.
    """
    previous = csv.field_size_limit(MAX_RECORD_BYTES)
    try:
        with path.open(encoding=encoding, newline="") as stream:
            cells = next(row for row in csv.reader(stream, delimiter=delimiter, strict=True) if row)
    except csv.Error as error:
        raise FileRefusedError("bad_header", f"the header cannot be read: {error}", "deliver the file again") from None
    finally:
        csv.field_size_limit(previous)
    header = tuple(cell.strip() for cell in cells)
    _check_delimiter(header, delimiter)
    twice = sorted(name for name, count in Counter(header).items() if name and count > 1)
    if twice:
        named = "the same name" if looks_like_record(header) else ", ".join(repr(name[:SHOWN]) for name in twice[:5])
        raise FileRefusedError("duplicate_column", f"the header has {named} twice", "give each column one name")
    if len(header) > MAX_COLUMNS:
        raise FileRefusedError(
            "too_many_columns", f"the header has {len(header)} columns, the limit is {MAX_COLUMNS}", "deliver fewer"
        )
    return header


def _check_delimiter(header: tuple[str, ...], delimiter: str) -> None:
    if len(header) > 1:
        return
    for mark, spelt in _DELIMITERS.items():
        if mark != delimiter and mark in header[0]:
            raise FileRefusedError(
                "wrong_delimiter",
                f"the header is a single cell that holds {spelt!r}, the configured delimiter is {delimiter!r}",
                f'write delimiter = "{spelt}" for this source',
            )
