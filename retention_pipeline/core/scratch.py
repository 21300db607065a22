"""Scratch space: where databases put what does not fit into memory, and what killed processes left of it.

Belongs here: names of these folders, which of them nobody uses any more. Not here: telling DuckDB, removing them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from retention_pipeline.core.home import Home

_READERS = f"retention-{os.getuid()}-"
_END = ".tmp"


def of_writer(database: Path) -> Path:
    """Beside the database: DuckDB's own choice."""
    return database.with_name(database.name + _END)


def of_checks(database: Path) -> Path:
    """Of the gate over a database, which it opens as a reader, in the home and on the disk that has the space."""
    return database.with_name(f"{database.name}.checks{_END}")


def of_readers() -> Path:
    """Of everything that this process only reads, in the system's scratch space: a reader may not write to a home."""
    return Path(tempfile.gettempdir()) / f"{_READERS}{os.getpid()}{_END}"


def left_by_writers(home: Home) -> Iterator[Path]:
    """What is there of a home's own databases; left behind, if the caller holds the lock or nobody does."""
    for database in (home.store, home.build):
        yield from (path for path in (of_writer(database), of_checks(database)) if path.exists())


def left_by_readers() -> Iterator[Path]:
    """What processes of this user left that are dead."""
    for path in sorted(Path(tempfile.gettempdir()).glob(f"{_READERS}*{_END}")):
        try:
            os.kill(int(path.name.removesuffix(_END).removeprefix(_READERS)), 0)
        except ProcessLookupError:
            yield path
        except (ValueError, OverflowError, PermissionError):
            continue
