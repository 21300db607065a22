"""Trying a step again, where that can help.

Belongs here: which failures pass by themselves, and how long to wait. Not here: what raises them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TypeAlias

import dagster as dg

from retention_pipeline.config import Settings
from retention_pipeline.core.errors import RetentionError

Context: TypeAlias = dg.AssetExecutionContext | dg.OpExecutionContext


def delay_seconds(settings: Settings, attempt: int) -> int:
    """Seconds to wait before the next attempt: twice as long after each failure."""
    return int(settings.schedule.retry_delay_seconds * 2**attempt)


@contextlib.contextmanager
def retrying(context: Context, settings: Settings) -> Iterator[None]:
    """Ask Dagster for another attempt when the block fails for a reason that may pass.

    A wrong file, a failed check or a mistake in the configuration fails the same way each time; another process at the
    database, or a server that does not answer, need not. Only runs of the schedule wait: a person would rather be told.

    Raises:
        dagster.RetryRequested: Another attempt is due.
    """
    try:
        yield
    except RetentionError as error:
        if not (error.may_pass and is_unattended(context)) or context.retry_number >= settings.schedule.retries:
            raise
        context.log.warning(f"{error.message}; trying again")
        raise dg.RetryRequested(
            max_retries=settings.schedule.retries, seconds_to_wait=delay_seconds(settings, context.retry_number)
        ) from error


UNATTENDED = {"retention/unattended": "true"}
"""Tag of runs that nobody watches: those of the schedule and of the sensor."""


def is_unattended(context: Context) -> bool:
    """Whether the run was started by the schedule or a sensor."""
    return all(context.run.tags.get(name) == value for name, value in UNATTENDED.items())
