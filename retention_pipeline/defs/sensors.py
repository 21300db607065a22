"""Alerts of runs that Dagster launches: one sensor hears of failed runs, one looks at the home directory.

Belongs here: the sensors, and finding the product's own error in Dagster's record of a failure. Not here: what an
incident is and who is told (``alerts``). Both evaluate in well under a second: neither parses the dbt project nor reads
a published file that this process has compared before.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import dagster as dg

from retention_pipeline.alerts import failures
from retention_pipeline.alerts.evaluate import Evaluation, evaluate
from retention_pipeline.alerts.incident import Failure
from retention_pipeline.config import Settings
from retention_pipeline.core import errors

WATCH_SECONDS = 300
FAILURE_SECONDS = 30
_REMEDY = "\n  remedy: "
_OWN = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.RetentionError)
}


def build_alert_sensors(settings: Settings, *, default_status: dg.DefaultSensorStatus) -> list[dg.SensorDefinition]:
    """The two sensors of one shop.

    Args:
        settings: The shop.
        default_status: Whether they run without being switched on by hand.
    """

    @dg.run_failure_sensor(
        name="alert_on_failure",
        minimum_interval_seconds=FAILURE_SECONDS,
        default_status=default_status,
        description="Tells people that a run launched by Dagster failed, or lost its process.",
    )
    def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
        at = _failed_at(context)
        failure = failure_in(_errors_of(context), at)
        if failure is not None:
            _log(context, evaluate(settings, failure=failure))

    @dg.sensor(
        name="watch",
        minimum_interval_seconds=WATCH_SECONDS,
        default_status=default_status,
        description="Looks for missing files, stale or damaged numbers, metrics out of control; tells what is over.",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        if not settings.home_dir.is_dir():
            return dg.SkipReason("nothing has been delivered yet")
        found = evaluate(settings)
        _log(context, found)
        return dg.SkipReason(f"{len(found.open)} incident(s) open")

    return [alert_on_failure, watch]


def failure_in(found: list[Any], at: dt.datetime) -> Failure | None:
    """What to tell about a failed run, from Dagster's records of its errors.

    Args:
        found: ``SerializableErrorInfo`` of the run's steps, else of the run; empty where the process just vanished.
        at: When it failed.
    """
    chain = [info for first in found for info in _chain(first)]
    for info in chain:
        kind = _OWN.get(info.cls_name or "")
        if kind is not None:
            return failures.failure_of(_rebuilt(kind, info.message), at)
    if any(info.cls_name in {"DagsterExecutionInterruptedError", "KeyboardInterrupt"} for info in chain):
        return failures.failure_of(KeyboardInterrupt(), at)
    if not chain:
        return failures.lost(at)
    return failures.unexpected(str(chain[-1].cls_name), at)


def _rebuilt(kind: type[errors.RetentionError], text: str) -> errors.RetentionError:
    """The error as it was raised; Dagster keeps its class and its text."""
    message, _, remedy = text.strip().partition(_REMEDY)
    return kind(message.partition(": ")[2] or message, remedy=remedy or None)


def _chain(info: Any) -> Iterator[Any]:
    """An error and those behind it, the outermost first."""
    while info is not None:
        yield info
        info = info.cause or info.context


def _errors_of(context: dg.RunFailureSensorContext) -> list[Any]:
    steps = [event.event_specific_data for event in context.get_step_failure_events()]
    run = context.failure_event.event_specific_data
    found = [getattr(data, "error", None) for data in (*steps, run)]
    return [error for error in found if error is not None]


def _failed_at(context: dg.RunFailureSensorContext) -> dt.datetime:
    records = context.instance.get_run_records(dg.RunsFilter(run_ids=[context.dagster_run.run_id]))
    ended = records[0].end_time if records else None
    if ended is None:
        raise RuntimeError(f"run {context.dagster_run.run_id} has failed and has no end")
    return dt.datetime.fromtimestamp(ended, dt.UTC)


def _log(context: Any, found: Evaluation) -> None:
    for problem in found.problems:
        context.log.warning(problem)
