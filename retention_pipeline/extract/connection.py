"""One reading of a PostgreSQL database: a read-only transaction that sees one state, tried again where that can help.

Belongs here: the address from the environment, the session's settings, retries. Not here: statements (``relation``,
``stream``), what errors mean (``failures``).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from retention_pipeline.core.errors import ConfigError
from retention_pipeline.core.progress import Progress
from retention_pipeline.extract.failures import DSN_VARIABLE, SPELLING, Verdict, judge_connecting, judge_statement

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")
RETRY_DELAYS = (1.0, 3.0, 9.0)
"""Seconds between the attempts; a longer outage is for the next run, which misses nothing."""
_CONNECT_SECONDS = 10
_APPLICATION = "retention_pipeline"


def read(where: str, timeout_seconds: int, progress: Progress, work: Callable[[psycopg.Connection], T]) -> T:
    """Do ``work`` in one read-only transaction; again from its beginning when the server was away.

    Args:
        where: Configuration file and key, for messages.
        timeout_seconds: Limit of each statement, kept by the server.
        progress: Told before each further attempt.
        work: Called with the connection, once per attempt.

    Raises:
        ConfigError: The library, the connection string or the query is missing or wrong.
        InputRefusedError: A table or column is missing or may not be read.
        SourceUnavailableError: The server could not be reached, or broke off, at every attempt.
    """
    check_ready(where)
    verdict = None
    for delay in (0.0, *RETRY_DELAYS):
        if verdict is not None:
            progress.warn(f"{verdict.error.message}; trying again in {delay:g} s")
            time.sleep(delay)
        outcome = _attempt(where, timeout_seconds, work)
        if not isinstance(outcome, Verdict):
            return outcome
        verdict = outcome
        if not verdict.may_pass:
            break
    if verdict is None:
        raise LookupError("there is always a first attempt")
    raise verdict.error


def check_ready(where: str) -> None:
    """Check what can be checked without the server.

    Raises:
        ConfigError: The library is not installed, or the environment has no connection string.
    """
    try:
        import psycopg  # noqa: F401  # only whether it is there
    except ImportError:
        raise ConfigError(
            f"{where}: reading a PostgreSQL database needs the library psycopg, which is not installed",
            remedy="install it beside retention-pipeline: pip install 'psycopg[binary]>=3.3,<3.4'",
        ) from None
    if not os.environ.get(DSN_VARIABLE):
        raise ConfigError(
            f"{where}: the environment variable {DSN_VARIABLE} is not set",
            remedy=f"{SPELLING}; it is read from the environment only",
        )


def _attempt(where: str, timeout_seconds: int, work: Callable[[psycopg.Connection], T]) -> T | Verdict:
    """The result, or why there is none; raised by the caller, so that no library error hangs on to what is raised."""
    import psycopg

    try:
        connection = psycopg.connect(
            os.environ[DSN_VARIABLE], connect_timeout=_CONNECT_SECONDS, application_name=_APPLICATION
        )
    except psycopg.Error as error:
        return judge_connecting(error, where)
    try:
        with contextlib.closing(connection), _transaction(connection, timeout_seconds):
            return work(connection)
    except psycopg.Error as error:
        return judge_statement(error, where, timeout_seconds)


@contextlib.contextmanager
def _transaction(connection: psycopg.Connection, timeout_seconds: int) -> Iterator[None]:
    """Settings go with the transaction, not with the connection: a pooler may hand the connection on."""
    import psycopg
    from psycopg import sql

    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    settings = {
        "statement_timeout": f"{timeout_seconds}s",
        "timezone": "UTC",
        "datestyle": "ISO, YMD",
        "extra_float_digits": "1",
        "client_encoding": "UTF8",
        "synchronize_seqscans": "off",
    }
    with connection.transaction(force_rollback=True):
        for name, value in settings.items():
            connection.execute(sql.SQL("set local {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        yield
