"""Erased persons in files that are neither the store nor a published version: logs, run history, reports, scratch.

By design none of these holds a customer (``docs/privacy.md``); this is for what an error message may have said.
Belongs here: searching and overwriting. Not here: the tables of the product (``people``, ``published``).
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from retention_pipeline.core import scratch
from retention_pipeline.core.erased import Erased
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import files

_HASH = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_SQLITE = b"SQLite format 3\0"
_WORD = re.compile(rb"\w+")
_WIDE_WORD = re.compile(rb"(?:\w\0)+")
"""The same in UTF-16."""
_JOINED_LEFT, _JOINED_RIGHT = re.compile(rb"[0-9][.:]"), re.compile(rb"[.:][0-9]")
"""What joins digits to more of them."""
_AROUND, _LONGEST_HASH = 8, 32
BLOCK = 8 << 20
"""Bytes of a file that are looked through at once."""
_SHORTEST = 6
"""A shorter text is met everywhere, and would be overwritten everywhere."""


@dataclass
class Searched:
    """A search: how much was looked through, and in how many places somebody was found."""

    files: int = 0
    bytes: int = 0
    hits: int = 0


class Needles:
    """What is looked for: hashes that are an erased person's by their tag, and texts that are known literally.

    A text is looked up by its first word among the words of the data, so that a search costs what the data costs,
    however many texts there are. What has no word of Latin letters or digits is looked for as it stands: logs hardly
    hold the bytes that other alphabets are made of.
    """

    def __init__(self, erased: Erased, texts: Sequence[str] = ()) -> None:
        self._erased = erased
        self._by_word: dict[bytes, list[tuple[int, bytes]]] = {}
        """First word to the texts that it begins, the longest first, each with the place of the word in it."""
        wordless = []
        for text in sorted({text for text in texts if len(text) >= _SHORTEST}, key=lambda text: (-len(text), text)):
            for coding in ("utf-8", "utf-16-le"):
                data = text.encode(coding)
                first = (_WORD if coding == "utf-8" else _WIDE_WORD).search(data)
                if first is None:
                    wordless.append(re.escape(data))
                else:
                    self._by_word.setdefault(first.group(), []).append((first.start(), data))
        self._wordless = re.compile(b"|".join(wordless)) if wordless else None
        self.reach = _AROUND + max([_LONGEST_HASH, *(len(text.encode("utf-16-le")) for text in texts)])
        """Bytes that decide about a find, from its beginning on: its own and those around it."""

    def places(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where they stand in some bytes."""
        for found in _HASH.finditer(data):
            if self._erased.is_person(found.group().decode("ascii")):
                yield found.span()
        if self._wordless is not None:
            yield from (found.span() for found in self._wordless.finditer(data) if _stands_alone(data, *found.span()))
        if self._by_word:
            yield from self._texts(data, (word.span() for word in _WORD.finditer(data)))
            yield from self._texts(data, self._wide_words(data))

    def _wide_words(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Words in UTF-16, and their ends: what stands before one in binary data may look like a letter of it."""
        longest = max(map(len, self._by_word))
        for word in _WIDE_WORD.finditer(data):
            start, end = word.span()
            yield from ((each, end) for each in range(end - 2 * (min(longest, end - start) // 2), end, 2))

    def _texts(self, data: bytes, words: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        past = 0
        for first, last in words:
            for before, text in self._by_word.get(data[first:last], ()):
                start, end = first - before, first - before + len(text)
                if start >= past and data.startswith(text, start) and _stands_alone(data, start, end):
                    yield start, end
                    past = end
                    break

    def overwritten(self, data: bytes) -> bytes:
        """The same bytes with dashes in these places; nothing moves."""
        changed = bytearray(data)
        for start, end in self.places(data):
            changed[start:end] = b"-" * (end - start)
        return bytes(changed)


def _stands_alone(data: bytes, start: int, end: int) -> bool:
    """Whether a text is no part of a longer one."""
    is_within = _is_inner(data, start - 1) or _is_inner(data, end)
    return not (is_within or _is_part_of_number(data, start, end))


def _is_inner(data: bytes, position: int) -> bool:
    """Whether a text goes on there: C0012 is not found in C00123."""
    return 0 <= position < len(data) and (data[position : position + 1].isalnum() or data[position] == ord("_"))


def _is_part_of_number(data: bytes, start: int, end: int) -> bool:
    """Whether digits are those of a longer number or of a time of day: 276576 is not found in 22:36:18.276576."""
    text = data[start:end]
    step = 2 if text[1::2] == bytes(len(text) // 2) else 1
    if not text[::step].isdigit():
        return False
    left, right = data[max(start - 2 * step, 0) : start : step], data[end : end + 2 * step : step]
    return _JOINED_LEFT.fullmatch(left) is not None or _JOINED_RIGHT.fullmatch(right) is not None


def places_of(home: Home) -> list[Path]:
    """Every file that the product writes below a home beside its tables and keys; delivered files may lie there too."""
    unfinished = home.root.glob(f"{files.TEMPORARY}*")
    beside_store = home.root.glob(f"{home.store.name}.*")
    found = {
        path
        for place in (*home.beside_tables, *unfinished, *beside_store)
        for path in (place.rglob("*") if place.is_dir() else (place,))
        if path.is_file() and not path.is_symlink()
    }
    return sorted(found)


def scrub(home: Home, needles: Needles) -> int:
    """Overwrite erased persons in logs and run histories, and remove what can be made again or was spilled.

    Returns:
        How many places were overwritten.
    """
    files.remove(home.report)
    files.remove(home.dbt_target)  # read by machines, and parsed anew by the next run
    for spilled in scratch.left_by_readers():
        files.remove(spilled)
    databases: list[Path] = []
    others: list[Path] = []
    for path in places_of(home):
        (databases if _is_database(path) else others).append(path)
    # databases first: closing one writes into it what stands in the files beside it, and takes those away
    hits = sum(_scrub_database(path, needles) for path in databases)
    return hits + sum(_scrub_file(path, needles) for path in others)


def search(paths: Sequence[Path], needles: Needles) -> Searched:
    """Look through the bytes of files."""
    result = Searched()
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            with path.open("rb") as file:
                size, hits = _look_through(file, needles)
            result.files += 1
            result.bytes += size
            result.hits += hits
    return result


def _look_through(file: BinaryIO, needles: Needles) -> tuple[int, int]:
    """Bytes of a file and finds in it, block by block: a store may be larger than memory.

    Blocks overlap by what a find may reach over their border, on both sides; each counts where it begins.
    """
    size, hits = 0, 0
    data, first = b"", 0
    while True:
        block = file.read(BLOCK)
        data += block
        size += len(block)
        last = max(len(data) - needles.reach, first) if block else len(data)
        hits += sum(first <= start < last for start, _ in needles.places(data))
        if not block:
            return size, hits
        first = min(needles.reach, last)
        data = data[last - first :]


def _scrub_file(path: Path, needles: Needles) -> int:
    try:
        data = path.read_bytes()
    except FileNotFoundError:  # its database has been closed meanwhile
        return 0
    hits = sum(1 for _ in needles.places(data))
    if hits:
        files.replace_atomically(path, needles.overwritten(data), path.stat().st_mode & 0o777)
    return hits


def _scrub_database(path: Path, needles: Needles) -> int:
    """Rows of an SQLite database; rewritten afterwards, since deleted text stays in free pages."""
    hits = 0

    def clean(value: str | bytes) -> str | bytes:
        data = value.encode() if isinstance(value, str) else value
        changed = needles.overwritten(data)
        return changed.decode() if isinstance(value, str) else changed

    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
        connection.create_function("clean", 1, clean, deterministic=True)
        connection.execute("PRAGMA secure_delete = ON")
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        for (table,) in tables.fetchall():
            for _, column, *_ in connection.execute(f'PRAGMA table_info("{table}")').fetchall():
                hits += connection.execute(
                    f'UPDATE "{table}" SET "{column}" = clean("{column}")'
                    f' WHERE typeof("{column}") IN (\'text\', \'blob\') AND clean("{column}") <> "{column}"'
                ).rowcount
        connection.commit()
        if hits:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return hits


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except FileNotFoundError:  # beside a database that another process has closed meanwhile
        return False
