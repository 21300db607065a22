"""What the database's errors mean: the configuration, the input, or a server that may be back in a minute.

Belongs here: the translation. Not here: acting on it (``connection``). No text that could hold an address, a user, a
password or a value of a row gets into a message: of what the server says, only what it says about names and syntax.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_pipeline.core.errors import ConfigError, InputRefusedError, RetentionError, SourceUnavailableError

if TYPE_CHECKING:
    import psycopg

DSN_VARIABLE = "RETENTION_POSTGRES_DSN"
SPELLING = "write postgresql://USER:PASSWORD@HOST:5432/DATABASE (in a password %40 stands for @, %2F for /, %3A for :)"
LATER = "run again when the server is back; nothing is lost, the next reading goes on where the last one ended"

_AWAY = (
    "connection refused", "connection reset", "timeout expired", "timed out", "starting up", "shutting down",
    "recovery mode", "too many clients", "too many connections", "connection slots", "closed the connection",
    "no route to host", "network is unreachable", "could not translate host name", "failed to resolve host",
    "no such file or directory", "broken pipe",
)  # fmt: skip
_SECURITY = ("ssl", "certificate", "gss", "channel binding")
_PASSING = ("08", "53", "57P01", "57P02", "57P03", "40001", "40P01")
_CANCELLED = "57014"
_NAMES_AND_SYNTAX = ("42", "3F", "0A", "25006")
_PUT_BACK = "correct the name, or put it back in the database"
_INPUT = {
    "42P01": _PUT_BACK,
    "3F000": _PUT_BACK,
    "42703": _PUT_BACK,
    "42501": f"grant SELECT on what is read to the user of {DSN_VARIABLE}",
}
"""States that are about the shop's database rather than about its configuration, and what to do."""


@dataclass(frozen=True)
class Verdict:
    """The error to raise, and whether the same request may succeed a little later."""

    error: RetentionError
    may_pass: bool = False


def judge_connecting(error: psycopg.Error, where: str) -> Verdict:
    """Why no connection came about; the library's own text names host and user and is not repeated."""
    import psycopg

    text = str(error).lower()
    reason = next((sign for sign in _AWAY if sign in text), None)
    if isinstance(error, psycopg.ProgrammingError):
        return Verdict(ConfigError(f"{where}: {DSN_VARIABLE} is not a connection string", remedy=SPELLING))
    if reason is not None:
        remedy = f"check the host; {SPELLING}" if "host name" in reason or "resolve" in reason else LATER
        return Verdict(_unavailable(where, reason, remedy), may_pass=True)
    if any(sign in text for sign in _SECURITY):
        return Verdict(
            ConfigError(
                f"{where}: the server and {DSN_VARIABLE} do not agree on encryption",
                remedy="check sslmode and the certificates named in the connection string",
            )
        )
    if "fatal" in text or "authentication" in text or "password" in text:
        return Verdict(
            ConfigError(
                f"{where}: the server refused user, password or database of {DSN_VARIABLE}",
                remedy="correct the connection string in the environment; the server's log says which of them it was",
            )
        )
    return Verdict(_unavailable(where, "no connection"), may_pass=True)


def judge_statement(error: psycopg.Error, where: str, timeout_seconds: int) -> Verdict:
    """Why a statement failed."""
    state = error.sqlstate
    if state is None or state.startswith(_PASSING):
        return Verdict(_unavailable(where, "the connection was lost" if state is None else _name(state)), may_pass=True)
    if state == _CANCELLED:
        return Verdict(
            SourceUnavailableError(
                f"{where}: reading took longer than timeout_seconds = {timeout_seconds}, or was stopped at the server",
                remedy="raise timeout_seconds, or give the column of the cursor an index",
            )
        )
    is_about_names = state.startswith(_NAMES_AND_SYNTAX)
    said = (error.diag.message_primary if is_about_names else None) or f"the rows cannot be computed ({_name(state)})"
    kind = InputRefusedError if state in _INPUT or not is_about_names else ConfigError
    remedy = _INPUT.get(state) or (
        "correct the query: it must be one SELECT that only reads"
        if is_about_names
        else "run the query by hand to see the row it fails on; correct the query or the data"
    )
    return Verdict(kind(f"{where}: {said}", remedy=remedy))


def _unavailable(where: str, reason: str, remedy: str = LATER) -> SourceUnavailableError:
    return SourceUnavailableError(f"{where}: the database of {DSN_VARIABLE} cannot be read: {reason}", remedy=remedy)


def _name(state: str) -> str:
    """The condition's name in the SQL standard's list, such as ``DivisionByZero``."""
    import psycopg.errors

    try:
        return psycopg.errors.lookup(state).__name__
    except KeyError:
        return f"SQLSTATE {state}"
