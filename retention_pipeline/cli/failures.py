"""What Dagster, dbt, SQLite and the operating system raise, as this product's own errors.

Belongs here: finding the cause that a user can do something about inside what a library made of it. Not here: what
DuckDB's messages mean (``warehouse.connection``).
"""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from retention_pipeline.core.errors import RetentionError, StorageError
from retention_pipeline.core.interrupts import noticing
from retention_pipeline.core.memory import no_memory
from retention_pipeline.warehouse.connection import translate_any
from retention_pipeline.warehouse.files import storage_error

_SQLITE = ("disk is full", "disk i/o error", "unable to open database file", "readonly database")


@contextlib.contextmanager
def translated(home: Path) -> Iterator[None]:
    """Let the block fail with the product's own error wherever :func:`own_error` finds one.

    Raises:
        RetentionError: That one.
        KeyboardInterrupt: A library made an error of its own of one.
    """
    with noticing() as told_to_stop:
        try:
            yield
        except RetentionError:
            raise
        except Exception as error:  # noqa: BLE001  # raised again, in words where the cause is known
            if told_to_stop():
                raise KeyboardInterrupt from None
            raise own_error(error, home) or error from None


def own_error(error: BaseException | None, home: Path) -> RetentionError | None:
    """The product's own error inside another one, or the one that says what the operating system refused.

    Args:
        error: What came out of a run.
        home: Named where the error itself names no file.

    Returns:
        None where it is neither: a defect, whose traceback is wanted.
    """
    for each in _chain(error):
        if isinstance(each, RetentionError):
            return each
        if not type(each).__module__.startswith("dagster"):  # a defect met while an error was handled is no such error
            break
    for each in _chain(error):
        found = _refused(each, home)
        if found is not None:
            return found
    return None


def _refused(error: BaseException, home: Path) -> RetentionError | None:
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return no_memory(home)
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}:
        place = error.filename if isinstance(error.filename, str) else None
        return storage_error(error, Path(place) if place else home)
    if (known := translate_any(error, home)) is not None:
        return known
    if isinstance(error, sqlite3.OperationalError) and any(sign in str(error).lower() for sign in _SQLITE):
        return StorageError(f"{home}: Dagster's history cannot be written ({error})", remedy="free space, check modes")
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
