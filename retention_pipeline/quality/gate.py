"""Running the gate of one stage: every suite over its table, each result with its outcome.

Belongs here: the run. Not here: reading suites (``suites``), asking (``evaluation``), wording (``report``).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from retention_pipeline.core.errors import ConfigError
from retention_pipeline.core.interrupts import insisting
from retention_pipeline.core.progress import Progress, Silent
from retention_pipeline.quality.database import open_database, table_exists
from retention_pipeline.quality.evaluation import Evaluation, evaluate
from retention_pipeline.quality.parameters import check_parameters
from retention_pipeline.quality.report import CheckResult, GateReport, Outcome
from retention_pipeline.quality.suites import Suite

if TYPE_CHECKING:
    from sqlalchemy import Connection


def run_gate(
    stage: str,
    suites: Collection[Suite],
    *,
    database: Path,
    attach: Mapping[str, Path],
    parameters: Mapping[str, str],
    configured: Collection[str],
    progress: Progress | None = None,
) -> GateReport:
    """Evaluate the suites of one stage.

    Args:
        stage: ``raw``, ``staging``, ``marts`` or ``metrics``.
        suites: From ``load_suites``.
        database: The DuckDB file that holds the stage's schema. No connection of this process may hold it open.
        attach: Further files by alias, read-only; ``store`` for checks that reach the delivered rows.
        parameters: From ``gate_parameters``.
        configured: From ``configured_parts``; a suite that needs something else is not applicable.
        progress: Told before each table.

    Returns:
        The report. It does not raise on a failing check: ``report.raise_if_blocking()`` does.

    Raises:
        ConfigError: No suites, a parameter or an expectation is malformed.
        StorageError: A file cannot be opened.
    """
    if not suites:
        raise ConfigError(f"gate {stage}: no suites; a gate without checks would pass everything")
    bound = check_parameters(dict(parameters))
    watcher = progress or Silent()
    results: list[CheckResult] = []
    with insisting(), open_database(database, attach) as connection:
        for done, suite in enumerate(suites):
            watcher.step(suite.table, done, len(suites))
            applies = suite.needs is None or suite.needs in configured
            results += _run_suite(connection, suite, bound) if applies else _not_applicable(suite, bound)
    return GateReport(stage, tuple(results))


def _run_suite(connection: Connection, suite: Suite, parameters: dict[str, str]) -> list[CheckResult]:
    expectations = suite.bind(parameters)
    began = time.perf_counter()
    if table_exists(connection, suite.table):
        found = evaluate(connection, suite.table, suite.key, expectations)
    else:
        missing = Evaluation(success=False, error=f"table {suite.table} does not exist")
        found = {expectation.check: missing for expectation in expectations}
    seconds = time.perf_counter() - began
    return [
        CheckResult(
            table=suite.table,
            check=expectation.check,
            outcome=_outcome(evaluation := found[expectation.check]),
            description=expectation.meaning,
            expected=expectation.expected,
            observed=evaluation.error or evaluation.observed,
            unexpected_count=evaluation.unexpected_count,
            examples=evaluation.examples,
            seconds=seconds,
        )
        for expectation in expectations
    ]


def _outcome(evaluation: Evaluation) -> Outcome:
    if evaluation.error is not None:
        return "error"
    return "passed" if evaluation.success else "failed"


def _not_applicable(suite: Suite, parameters: dict[str, str]) -> list[CheckResult]:
    return [
        CheckResult(
            table=suite.table,
            check=expectation.check,
            outcome="not_applicable",
            description=expectation.meaning,
            expected=expectation.expected,
            observed=f"{suite.needs} not configured",
        )
        for expectation in suite.bind(parameters)
    ]
