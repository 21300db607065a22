"""What a library made of a full disk is found again; a defect stays one."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import dagster as dg
import pytest

from retention_pipeline.cli.failures import translated
from retention_pipeline.core.errors import BusyError, ExitCode, NothingPublishedError, StorageError

HOME = Path("/a/home")


def raised(error: BaseException, behind: BaseException | None = None) -> BaseException:
    """What comes out of the block in which this is raised."""
    with pytest.raises(BaseException) as caught, translated(HOME):  # noqa: PT011  # the caller looks at which it is
        raise error from behind
    return caught.value


@pytest.mark.parametrize(
    ("error", "behind", "words"),
    [
        (OSError(errno.ENOSPC, "No space left", "/a/file"), None, "/a/file: no space left"),
        (RuntimeError("dbt stopped"), OSError(errno.EFBIG, "File too large"), "/a/home: no space left"),
        (MemoryError(), None, "not enough memory"),
        (RuntimeError("history"), sqlite3.OperationalError("database or disk is full"), "history cannot be written"),
    ],
)
def test_what_the_system_refused_is_said(error: BaseException, behind: BaseException | None, words: str) -> None:
    found = raised(error, behind)
    assert isinstance(found, StorageError)
    assert found.exit_code == ExitCode.STORAGE
    assert words in found.message
    assert found.remedy


def test_an_error_inside_one_of_dagsters_comes_out() -> None:
    inner = BusyError("in use")
    assert raised(dg.DagsterInvariantViolationError("resource"), inner) is inner


@pytest.mark.parametrize(
    "defect", [KeyError("x"), OSError(errno.EINVAL, "no"), sqlite3.OperationalError("no such table")]
)
def test_a_defect_stays_a_defect(defect: Exception) -> None:
    assert raised(defect) is defect
    assert raised(defect, NothingPublishedError("nothing yet")) is defect


def test_an_interrupt_goes_through() -> None:
    assert isinstance(raised(KeyboardInterrupt()), KeyboardInterrupt)
