"""Rows of a relation into a CSV file, streamed: memory does not grow with their number.

Belongs here: the statement, its bounds, writing the file. Not here: which bounds (``intake.database``).

COPY instead of a server-side cursor: it streams row by row too, the server writes every value as exact text, and it is
several times faster than building Python values that would only be written as text again.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retention_pipeline.config import Source
from retention_pipeline.core.failpoints import failpoint
from retention_pipeline.core.progress import Progress
from retention_pipeline.extract.relation import ColumnType, Use, as_text, relation_sql

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

_TOLD_EVERY = 20_000
_CLOCK_CHANGE = dt.timedelta(hours=2)
"""A local time without an offset comes twice when clocks go back (by two hours at most)."""


@dataclass(frozen=True)
class Request:
    """What to read of one source."""

    source: Source
    where: str
    """Configuration file and key, for messages."""
    types: Mapping[str, ColumnType]
    columns: Mapping[str, Use]
    """The columns to read, and as what."""
    order_by: Sequence[str]
    """Columns that put the rows into one order, so that the same rows are the same file."""
    zone: str
    """Zone of timestamps without an offset."""
    since: dt.datetime | None = None
    """Cursor values from here on (UTC); ``None``: all rows."""
    limit: int | None = None


@dataclass(frozen=True)
class Reading:
    """What was read."""

    rows: int
    """By the server's own account."""
    waiting: int
    """Rows left out because their cursor lies ahead of the server's clock."""


def stream(connection: psycopg.Connection, request: Request, path: Path, label: str, progress: Progress) -> Reading:
    """Write the rows to ``path`` (UTF-8, comma, a header, readable by its owner only).

    A row without a cursor value is read every time. A row whose cursor lies in the future waits until then: taken now,
    it would carry the position past rows that are yet to change.

    Args:
        connection: Inside a transaction.
        request: What to read.
        path: Created, or replaced.
        label: What the progress is about.
        progress: Told every so many rows.
    """
    from psycopg import sql

    statement = _select(request)
    expected = _estimate(connection, statement)
    copy = sql.SQL("copy ({}) to stdout (format csv, header)").format(statement)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    failpoint("extract.before_rows")
    with os.fdopen(descriptor, "wb", buffering=1 << 20) as file, connection.cursor() as cursor:
        with cursor.copy(copy) as rows:
            for number, row in enumerate(rows):
                file.write(row)
                if number % _TOLD_EVERY == 1:
                    failpoint("extract.within_rows")
                    progress.step(f"{label}: {number - 1} rows read", number - 1, max(expected, number))
        count = cursor.rowcount
    failpoint("extract.after_rows")
    return Reading(count, _waiting(connection, request))


def _select(request: Request) -> sql.Composed:
    from psycopg import sql

    cells = [
        sql.SQL("{} as {}").format(
            as_text(name, request.types[name], use, f"{request.where}.columns"), sql.Identifier(name)
        )
        for name, use in request.columns.items()
    ]
    parts = [sql.SQL("select {} from {}").format(sql.SQL(", ").join(cells), relation_sql(request.source))]
    if request.source.cursor is not None:
        column = sql.Identifier("q", request.source.cursor)
        bounds = [sql.SQL("{} <= {}").format(column, _bound(request, sql.SQL("transaction_timestamp()")))]
        if request.since is not None:
            bounds.append(sql.SQL("{} >= {}").format(column, _since(request, request.since)))
        parts.append(sql.SQL("where ({} or {} is null)").format(sql.SQL(" and ").join(bounds), column))
    if request.limit is None:
        order = [sql.Identifier("q", name) for name in request.order_by]
        parts.append(sql.SQL("order by {}").format(sql.SQL(", ").join(order)))
    else:
        parts.append(sql.SQL("limit {}").format(sql.Literal(request.limit)))
    return sql.SQL(" ").join(parts)


def _since(request: Request, since: dt.datetime) -> sql.Composable:
    from psycopg import sql

    kind = request.types[str(request.source.cursor)].name
    moment = since if kind == "timestamptz" else since - _CLOCK_CHANGE
    return _bound(request, sql.SQL("{}::timestamptz").format(sql.Literal(f"{moment.isoformat()}+00")))


def _bound(request: Request, instant: sql.Composable) -> sql.Composable:
    """An instant in the type of the cursor, so that an index on its column can be used."""
    from psycopg import sql

    kind = request.types[str(request.source.cursor)].name
    if kind == "timestamptz":
        return instant
    local = sql.SQL("({} at time zone {})").format(instant, sql.Literal(request.zone))
    return sql.SQL("{}::date").format(local) if kind == "date" else local


def _estimate(connection: psycopg.Connection, statement: sql.Composed) -> int:
    """How many rows the server expects."""
    from psycopg import sql

    row = connection.execute(sql.SQL("explain (format json) {}").format(statement)).fetchone()
    return int(row[0][0]["Plan"]["Plan Rows"]) if row else 0


def _waiting(connection: psycopg.Connection, request: Request) -> int:
    from psycopg import sql

    if request.source.cursor is None or request.limit is not None:
        return 0
    statement = sql.SQL("select count(*) from {} where {} > {}").format(
        relation_sql(request.source),
        sql.Identifier("q", request.source.cursor),
        _bound(request, sql.SQL("transaction_timestamp()")),
    )
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0
