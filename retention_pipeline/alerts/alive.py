"""The dead-man's file ``alive.json``: a sign of life that an outside monitor can watch.

Belongs here: writing and reading it. Not here: what follows from its age (that is for the monitor to say).

The holder of the writer lock writes it: ``running`` when it begins, ``published`` or ``unchanged`` when a publication
went through, ``not_published`` when the run ends without one. So ``running`` while nobody holds the lock means that the
process was killed. A run goes on when the file cannot be written: its absence is the alarm.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from retention_pipeline.alerts import clock
from retention_pipeline.core.errors import RetentionError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import files

SCHEMA = 1
RUNNING, NOT_PUBLISHED, PUBLISHED, UNCHANGED = "running", "not_published", "published", "unchanged"


@dataclass(frozen=True)
class Success:
    """The last run that ended with an intact version in place."""

    run_id: str
    version: str
    outcome: str
    as_of: str
    data_through: dict[str, str | None]
    finished_at: str


@dataclass(frozen=True)
class Attempt:
    """The last run that began."""

    run_id: str
    started_at: str
    finished_at: str | None
    outcome: str


@dataclass(frozen=True)
class Alive:
    """What the file says; a part is None where there has been none."""

    last_success: Success | None = None
    last_attempt: Attempt | None = None


def read(home: Home) -> Alive:
    """The file's content; nothing where it is missing or unreadable."""
    try:
        content = json.loads(home.alive.read_text(encoding="utf-8"))
        success, attempt = content["last_success"], content["last_attempt"]
        return Alive(Success(**success) if success else None, Attempt(**attempt) if attempt else None)
    except (OSError, ValueError, TypeError, KeyError):
        return Alive()


def begin(home: Home, run_id: str) -> None:
    """A run begins; to be called by the holder of the writer lock."""
    _write(home, Alive(read(home).last_success, Attempt(run_id, _now(), None, RUNNING)))


def succeed(
    home: Home, run_id: str, *, version: str, unchanged: bool, as_of: str, data_through: Mapping[str, dt.date | None]
) -> None:
    """A publication went through: its files were written or found intact, and are current."""
    outcome, finished = UNCHANGED if unchanged else PUBLISHED, _now()
    attempt = read(home).last_attempt
    started = attempt.started_at if attempt is not None and attempt.run_id == run_id else finished
    through = {name: day.isoformat() if day else None for name, day in data_through.items()}
    success = Success(run_id, version, outcome, as_of, through, finished)
    _write(home, Alive(success, Attempt(run_id, started, finished, outcome)))


def end(home: Home, run_id: str) -> None:
    """A run ends, still under the lock; one that has not published by now will not."""
    found = read(home)
    attempt = found.last_attempt
    if attempt is not None and attempt.run_id == run_id and attempt.outcome == RUNNING:
        _write(home, Alive(found.last_success, Attempt(run_id, attempt.started_at, _now(), NOT_PUBLISHED)))


def _now() -> str:
    return clock.instant().isoformat(timespec="microseconds")


def moment(text: str) -> dt.datetime:
    """An instant as the file spells it."""
    return dt.datetime.fromisoformat(text)


def _write(home: Home, alive: Alive) -> None:
    content: dict[str, Any] = {"schema": SCHEMA, **asdict(alive)}
    data = (json.dumps(content, indent=1) + "\n").encode()
    with contextlib.suppress(OSError, RetentionError):
        for leftover in home.root.glob(f"{files.TEMPORARY}{home.alive.name}-*"):
            leftover.unlink(missing_ok=True)
        files.replace_atomically(home.alive, data, files.SHARED_FILE)
