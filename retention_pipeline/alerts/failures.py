"""From the error that ended a run to what may be said about it outside.

Belongs here: which errors are incidents, and cutting their texts down to what names no row. Not here: wrapping a run
(``cli``, ``defs``).

Gate messages name keys of violating rows, and dbt repeats values that it could not convert; people at the terminal need
them, a chat channel must not have them. So of a gate's message only lines of known shape are passed on. The text of an
unexpected error can hold anything and is withheld.
"""

from __future__ import annotations

import datetime as dt
import re

from retention_pipeline.alerts.incident import Failure, Kind
from retention_pipeline.core.errors import (
    BusyError,
    ExitCode,
    GateFailedError,
    InputRefusedError,
    RetentionError,
    RunInterruptedError,
)

_GATE = re.compile(r"gate (\w+):")
_SAFE_LINES = (
    re.compile(r"gate \w+: .*"),
    re.compile(r"(?:FAILED|ERROR) [\w.]+: .*"),
    re.compile(r"\w+ [\w.]+(?=: )"),  # dbt: "model stg_orders", "test unique_stg_orders_order_id"
    re.compile(r"\w+: more than one row\b"),
)
_AGAIN = "run again; nothing needs cleaning up"
_LOG = "read the output of the run (or its log in Dagster), and report it: it is a defect of the pipeline"


def failure_of(error: BaseException, at: dt.datetime) -> Failure | None:
    """What to tell about the error that ended a run.

    Returns:
        None where it is no incident: another run holds the lock, and that one will speak for itself.
    """
    if isinstance(error, BusyError):
        return None
    if isinstance(error, KeyboardInterrupt | RunInterruptedError):
        return _run_failed("INTERRUPTED", at, "the run was interrupted", "somebody or something stopped it", _AGAIN)
    if isinstance(error, GateFailedError):
        return gate_failed(error.message, error.remedy, at)
    if isinstance(error, RetentionError):
        return product_error(error.exit_code, error.message, error.remedy, at, type(error))
    while error.__cause__ is not None:  # Dagster wraps what a step raises
        error = error.__cause__
    return unexpected(type(error).__name__, at)


def gate_failed(message: str, remedy: str | None, at: dt.datetime) -> Failure:
    """A gate, or one of dbt's own tests, found something that must not be published."""
    found = _GATE.match(message)
    gate = found.group(1) if found else None
    lines = [match.group(0) for line in message.splitlines() for match in [_safe(line)] if match]
    return Failure(
        key=f"{Kind.GATE_FAILED}:{gate}" if gate else Kind.GATE_FAILED.value,
        kind=Kind.GATE_FAILED,
        at=at,
        title=f"the gate behind {gate} failed" if gate else "a check of the build failed",
        detail="\n".join(lines) or "the output of the run names the check",
        where=f"gate {gate}" if gate else "dbt build",
        remedy=remedy or "the output of the run says what was expected and found",
    )


def product_error(
    code: ExitCode, message: str, remedy: str | None, at: dt.datetime, kind: type[RetentionError]
) -> Failure:
    """An error with a message of the product's own."""
    advice = remedy or "correct what the message names, then run again"
    failure = _run_failed(code.name, at, f"the run failed: {_first_line(message)}", message, advice)
    return Failure(**{**vars(failure), "is_refusal": issubclass(kind, InputRefusedError)})


def unexpected(name: str, at: dt.datetime) -> Failure:
    """An error that nobody wrote a message for."""
    detail = f"{name}; the text of an unexpected error is not passed on"
    return _run_failed(f"INTERNAL:{name}", at, f"the run failed: unexpected {name}", detail, _LOG)


def killed(run_id: str, at: dt.datetime) -> Failure:
    """A run that began and never said how it ended."""
    detail = f"run {run_id} began at {at.isoformat(timespec='seconds')} and its process is gone: killed, or the machine"
    return _run_failed("KILLED", at, "the run was killed", f"{detail} went down", _AGAIN)


def lost(at: dt.datetime) -> Failure:
    """A run of which Dagster knows no more than that it failed."""
    return _run_failed("LOST", at, "the run failed without an error", "its process is gone: killed, or crashed", _AGAIN)


def _run_failed(code: str, at: dt.datetime, title: str, detail: str, remedy: str) -> Failure:
    return Failure(f"{Kind.RUN_FAILED}:{code}", Kind.RUN_FAILED, at, title, detail, "the run", remedy)


def _safe(line: str) -> re.Match[str] | None:
    return next((match for pattern in _SAFE_LINES if (match := pattern.match(line))), None)


def _first_line(message: str) -> str:
    return message.strip().partition("\n")[0]
