"""The as-of rule: which records are known, and which version of each counts.

Belongs here: the order in which versions replace each other. Not here: what a version means.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Protocol, TypeVar

from tests.oracle.records import Coverage, Version

BEGINNING_OF_TIME = dt.datetime.combine(dt.date.min, dt.time.min)
"""Before every instant; naive like all of them, which are UTC as they are stored."""


class Known(Protocol):
    """Anything delivered."""

    @property
    def known_date(self) -> dt.date: ...


K = TypeVar("K", bound=Known)
V = TypeVar("V", bound=Version)


def version_order(row: Version) -> tuple[bool, dt.datetime, dt.date, int]:
    """The order in which versions replace each other: a row without ``updated_at`` comes first."""
    return (row.updated_at is not None, row.updated_at or BEGINNING_OF_TIME, row.known_date, row.line)


def known_rows(rows: list[K], coverage: Coverage, as_of: dt.date) -> list[K]:
    """Rows that count at ``as_of``: all known ones, or those of the latest snapshot."""
    known = [row for row in rows if row.known_date <= as_of]
    if coverage.is_snapshot and coverage.is_dated:
        taken = [day for day in coverage.dates if day <= as_of]
        return [row for row in known if row.known_date == max(taken)]
    return known


def last_versions(rows: list[V], key: Callable[[V], str]) -> list[V]:
    """The last version of each key."""
    last: dict[str, V] = {}
    for row in rows:
        held = last.get(key(row))
        if held is None or version_order(row) > version_order(held):
            last[key(row)] = row
    return list(last.values())
