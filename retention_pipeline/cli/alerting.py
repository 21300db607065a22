"""What a run from the command line tells the outside: its failure, what is open, what is over.

Belongs here: wrapping a run so that alerts never change how it ends. Not here: what an alert is (``alerts``), commands
(``alert_commands``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape

from retention_pipeline.alerts import clock
from retention_pipeline.alerts.evaluate import evaluate
from retention_pipeline.alerts.failures import failure_of
from retention_pipeline.alerts.sending import TOTAL_SECONDS
from retention_pipeline.config import Settings

STOPPED_SECONDS = 3.0
"""How long targets may take after somebody has stopped a run, and waits for it to end."""


@contextlib.contextmanager
def reported(settings: Settings, console: Console) -> Iterator[None]:
    """Evaluate the alerts when the block ends, however it ends; the block's own error goes on unchanged."""
    try:
        yield
    except BaseException as error:
        _evaluate(settings, console, error)
        raise
    _evaluate(settings, console, None)


def _evaluate(settings: Settings, console: Console, error: BaseException | None) -> None:
    """Say on the console what did not work; raise nothing."""
    try:
        failure = None if error is None else failure_of(error, clock.instant())
        stopped = isinstance(error, KeyboardInterrupt)
        patience = STOPPED_SECONDS if stopped else TOTAL_SECONDS
        problems = evaluate(settings, failure=failure, patience=patience, interrupted=stopped).problems
    except Exception as fault:  # noqa: BLE001  # a defect of the alerts must not fail a run, nor hide its own error
        problems = (f"alerts were not evaluated: {type(fault).__name__}; `retention watch` tries again",)
    except KeyboardInterrupt:
        problems = ("alerts were interrupted; `retention watch` sends what is left",)
    for problem in problems:
        console.print(f"  [yellow]warning[/] {escape(problem)}", highlight=False, soft_wrap=True)
