"""Looking for planted texts in everything that was written, however it is packed.

Belongs here: what a text may look like, unpacking, counting. Not here: what is planted, where it may stand.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

Piece = tuple[str, bytes]
"""Where, relative to the searched folder, and what stands there."""


def spellings(text: str) -> list[bytes]:
    """A text as bytes: UTF-8, UTF-16 both ways, hexadecimal, base64 at each of the three offsets."""
    plain = text.encode()
    coded = [plain, text.encode("utf-16-le"), text.encode("utf-16-be"), plain.hex().encode()]
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + plain + b"\0" * 3).rstrip(b"=")
        first, last = -(-8 * offset // 6), (8 * (offset + len(plain))) // 6  # characters that the text alone decides
        coded.append(whole[first:last])
    return coded


@dataclass
class Search:
    """What was looked through, and what was found where."""

    planted: Sequence[str]
    looked_at: int = 0
    pieces: int = 0
    hits: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def size(self) -> str:
        """How much was looked through, in words."""
        return f"{self.looked_at:,} bytes of {self.pieces:,} pieces"

    def look(self, place: str, data: bytes) -> None:
        """Count every spelling of every planted text."""
        self.looked_at += len(data)
        self.pieces += 1
        for text in self.planted:
            count = sum(data.count(spelling) for spelling in spellings(text))
            if count:
                self.hits[place, text] += count

    def look_below(self, folder: Path, *, but_not: Sequence[str] = ()) -> None:
        """Everything below a folder, but for these top entries."""
        for path in sorted(folder.rglob("*")):
            relative = path.relative_to(folder)
            if path.is_file() and not path.is_symlink() and relative.parts[0] not in but_not:
                for place, data in unpacked(path, str(relative)):
                    self.look(place, data)

    def outside(self, *allowed: str) -> dict[tuple[str, str], int]:
        """Hits that are not in these places."""
        return {key: count for key, count in self.hits.items() if key[0] not in allowed}


def unpacked(path: Path, name: str) -> Iterator[Piece]:
    """A file as it lies there, and what is packed in it."""
    data = path.read_bytes()
    yield name, data
    if data.startswith(b"\x1f\x8b"):
        yield f"{name} (gzip)", gzip.decompress(data)
    if data.startswith(b"SQLite format 3\0"):
        yield from _of_sqlite(path, name)
    elif path.suffix == ".duckdb":
        yield from _of_duckdb(path, name)
    elif path.suffix == ".parquet":
        with duckdb.connect() as connection:
            yield f"{name} (rows)", _text(connection, f"read_parquet('{path}')")


def _of_sqlite(path: Path, name: str) -> Iterator[Piece]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for cell in row:
                    if isinstance(cell, str):
                        yield f"{name} {table}", cell.encode()
                    elif isinstance(cell, bytes):
                        yield f"{name} {table}", cell
                        with contextlib.suppress(zlib.error):
                            yield f"{name} {table} (zlib)", zlib.decompress(cell)


def _of_duckdb(path: Path, name: str) -> Iterator[Piece]:
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
        for schema, table in tables:
            yield f"{name} {schema}.{table}", _text(connection, f'"{schema}"."{table}"')


def _text(connection: duckdb.DuckDBPyConnection, relation: str) -> bytes:
    return "\n".join(str(row) for row in connection.execute(f"SELECT * FROM {relation}").fetchall()).encode()
