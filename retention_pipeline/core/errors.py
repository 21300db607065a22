"""Errors a user can cause, each with the exit code of the command line.

Belongs here: the exceptions that carry a message written for the person who runs the pipeline.
Not here: programming errors (they keep their Python types and their traceback).
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the ``retention`` command; documented in docs/operations.md."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    INPUT_REFUSED = 3
    GATE_FAILED = 4
    NOTHING_PUBLISHED = 5
    CORRUPT = 6
    STORAGE = 7
    INCIDENT_OPEN = 8
    UNAVAILABLE = 69
    BUSY = 75
    INTERRUPTED = 130


class RetentionError(Exception):
    """A failure whose message says what, where, what is still served and what to do."""

    exit_code: ExitCode = ExitCode.INTERNAL
    may_pass: bool = False
    """Whether the same attempt may succeed a little later."""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return self.message if self.remedy is None else f"{self.message}\n  remedy: {self.remedy}"


class ConfigError(RetentionError):
    """The configuration file or an environment variable is wrong."""

    exit_code = ExitCode.USAGE


class InputRefusedError(RetentionError):
    """A delivery was refused, or too large a share of its rows was quarantined."""

    exit_code = ExitCode.INPUT_REFUSED


class SourceUnavailableError(RetentionError):
    """A source's database could not be reached, broke off or took too long; the same run may succeed later."""

    exit_code = ExitCode.UNAVAILABLE
    may_pass = True


class GateFailedError(RetentionError):
    """A blocking data-quality check failed or could not be evaluated."""

    exit_code = ExitCode.GATE_FAILED


class PublishedSchemaError(GateFailedError):
    """A published table or column would be gone or of another type without a new contract version."""


class InconsistentStateError(RetentionError):
    """A stage was asked to build on another stage's tables that do not belong to the same inputs."""

    exit_code = ExitCode.USAGE


class NothingPublishedError(RetentionError):
    """A published version was asked for and there is none."""

    exit_code = ExitCode.NOTHING_PUBLISHED


class CorruptFileError(RetentionError):
    """A stored file differs from the checksum that was recorded when it was written."""

    exit_code = ExitCode.CORRUPT


class StorageError(RetentionError):
    """The home directory cannot be written: full, missing or without permission."""

    exit_code = ExitCode.STORAGE


class RunInterruptedError(RetentionError):
    """Somebody stopped the run: Ctrl-C, SIGTERM, or Dagster's own cancel."""

    exit_code = ExitCode.INTERRUPTED


class BusyError(RetentionError):
    """Another process holds the writer lock of the home directory."""

    exit_code = ExitCode.BUSY
    may_pass = True
