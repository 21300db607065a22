"""Blocking checks between the stages: one step per stage evaluates every suite of its tables.

Belongs here: how a gate's report becomes asset checks. Not here: evaluating suites (``quality``).
"""

import datetime as dt
import time
from collections.abc import Collection, Iterator
from typing import Any

import dagster as dg

from retention_pipeline.config import Settings
from retention_pipeline.core.progress import Progress
from retention_pipeline.core.resources import data_tests_dir
from retention_pipeline.defs.dbt_variables import EARLIEST
from retention_pipeline.defs.inputs import inputs_of_stage
from retention_pipeline.defs.keys import RAW
from retention_pipeline.defs.resources import RunClock, Writer
from retention_pipeline.quality.gate import run_gate
from retention_pipeline.quality.parameters import configured_parts, gate_parameters
from retention_pipeline.quality.report import GateReport
from retention_pipeline.quality.suites import Suite, load_suites
from retention_pipeline.warehouse.build import BuildState, Inputs, Record

CHECK = "suite"
"""Name of the check of each table; its metadata lists the single expectations."""


def build_gate(settings: Settings, stage: str, progress: Progress) -> dg.AssetChecksDefinition:
    """The gate behind one stage; nothing downstream of its tables runs when it does not pass."""
    suites = {tuple(suite.table.split(".")): suite for suite in load_suites(data_tests_dir(), stage)}
    specs = [
        dg.AssetCheckSpec(CHECK, asset=dg.AssetKey(key), blocking=True, description=suite.description)
        for key, suite in suites.items()
    ]

    @dg.multi_asset_check(name=f"gate_{stage}", specs=specs)
    def gate(context: dg.AssetCheckExecutionContext, clock: RunClock, writer: Writer) -> Iterator[dg.AssetCheckResult]:
        progress.stage(f"gate {stage}")
        inputs = inputs_of_stage(settings, clock, run_id=context.run.run_id, needs=(stage,))
        state = BuildState(settings.home)
        # the store may hold new rows that these inputs do not show, so its own gate always looks again
        kept = None if stage == RAW else state.find(f"gate:{stage}", inputs)
        if kept is not None:
            for suite in suites.values():
                yield _kept_result(suite.table, kept)
            return
        state.clear(f"gate:{stage}")
        if stage != RAW:
            state.change(f"gate:{stage}")
        began = time.perf_counter()
        report = _evaluate(settings, stage, inputs, suites.values(), progress)
        for suite in suites.values():
            yield _check_result(suite.table, report)
        report.raise_if_blocking()
        state.mark(f"gate:{stage}", inputs, {"checks": report.to_rows(), "seconds": time.perf_counter() - began})

    return gate


def _evaluate(
    settings: Settings, stage: str, inputs: Inputs, suites: Collection[Suite], progress: Progress
) -> GateReport:
    """All suites of the stage over its tables."""
    return run_gate(
        stage,
        suites,
        database=settings.home.store if stage == RAW else settings.home.build,
        attach={} if stage == RAW else {"store": settings.home.store},
        parameters=gate_parameters(
            settings,
            as_of=inputs.as_of,
            data_through=inputs.data_through["orders"] or dt.date.fromisoformat(EARLIEST),
            tickets_through=inputs.data_through.get("tickets"),
        ),
        configured=configured_parts(settings),
        progress=progress,
    )


def _kept_result(table: str, record: Record) -> dg.AssetCheckResult:
    """What a gate said of the same tables, made from the same inputs, before."""
    checks = [row for row in record.detail["checks"] if row["table_name"] == table]
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(table.split(".")),
        check_name=CHECK,
        passed=True,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"checks": len(checks), "kept": f"passed in run {record.inputs.run_id}, on the same inputs"},
    )


def _check_result(table: str, report: GateReport) -> dg.AssetCheckResult:
    results = [result for result in report.results if result.table == table]
    bad = [result for result in results if result.blocks]
    metadata: dict[str, Any] = {
        "checks": len(results),
        "not_applicable": sum(result.outcome == "not_applicable" for result in results),
        "seconds": round(max(result.seconds for result in results), 3),
    }
    for result in bad:
        metadata[f"{result.outcome}: {result.check}"] = f"{result.description} (found {result.observed})"
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(table.split(".")),
        check_name=CHECK,
        passed=not bad,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata=metadata,
    )
