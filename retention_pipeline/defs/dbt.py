"""Running dbt inside this process: arguments, manifest, results.

Belongs here: what dbt is told to build, and what became of it.
Not here: which assets the models are (``transform``), their variables (``dbt_variables``), parsing (``dbt_parsed``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from retention_pipeline.core.errors import GateFailedError
from retention_pipeline.core.home import Home
from retention_pipeline.core.interrupts import insisting, keyboard_interrupts
from retention_pipeline.defs.dbt_events import without_debug_events
from retention_pipeline.defs.dbt_parsed import common_arguments, dbt_environment, parsed_project
from retention_pipeline.defs.dbt_variables import vars_text
from retention_pipeline.warehouse.connection import translate_text

KEY_TEST = "one_row_per"
"""dbt's test that the rows of a model have keys of their own."""


@dataclass(frozen=True)
class NodeResult:
    """What became of one dbt node."""

    unique_id: str
    name: str
    resource_type: str
    status: str
    message: str
    seconds: float
    failures: int
    table: str
    description: str

    @property
    def succeeded(self) -> bool:
        """Whether the model was built, or the test passed."""
        return self.status in {"success", "pass"}


def build_arguments(home: Home, selection: list[str], variables: dict[str, Any]) -> list[str]:
    """What ``dbt build`` is told for one stage.

    Unit tests belong to the test suite, not to a night's run. Tests of keys take their time by their number, as nodes
    of dbt: those of staging and facts repeat what the gate asks next, all others are asked together (``transform``).
    """
    return [
        "build", *common_arguments(home), "--select", *selection, "--exclude-resource-type", "unit_test",
        "--exclude", f"test_name:{KEY_TEST}", "--no-write-json", "--vars", vars_text(variables),
    ]  # fmt: skip


def run_dbt(
    home: Home, selection: list[str], variables: dict[str, Any], on_node: Callable[[str, int, int], None]
) -> list[NodeResult]:
    """Build the selected models and run their tests, in this process, from the parsed manifest.

    Args:
        home: Where the build file, the store and dbt's own files are.
        selection: dbt selection arguments.
        variables: As made by :func:`dbt_vars`.
        on_node: Called with (name, done, total) as nodes start.

    Raises:
        GateFailedError: A model or a test failed; the message names each.
    """
    from dbt.cli.main import dbtRunner

    manifest = parsed_project(home, vars_text(variables))

    def watch(event: Any) -> None:
        if event.info.name == "LogStartLine":
            on_node(event.data.node_info.node_name, event.data.index - 1, event.data.total)

    with without_debug_events(), dbt_environment(home), keyboard_interrupts(), insisting():
        outcome = dbtRunner(manifest=manifest, callbacks=[watch]).invoke(build_arguments(home, selection, variables))
    if outcome.exception is not None and not isinstance(outcome.exception, Exception):  # dbt keeps it for itself
        raise outcome.exception
    if outcome.result is None:
        known = translate_text(str(outcome.exception), home.build)
        raise known or RuntimeError(f"dbt stopped: {outcome.exception}") from outcome.exception
    results = [_node_result(result) for result in outcome.result.results]
    if failed := [result for result in results if not result.succeeded and result.status != "skipped"]:
        if (
            known := next(filter(None, (translate_text(each.message, home.build) for each in failed)), None)
        ) is not None:
            raise known  # a full disk is no failed check
        raise GateFailedError(
            "\n".join(f"{result.resource_type} {result.name}: {result.message}" for result in failed),
            remedy="nothing was published; the compiled SQL is under " + str(home.dbt_target / "compiled"),
        )
    return results


def _node_result(result: Any) -> NodeResult:
    return NodeResult(
        unique_id=result.node.unique_id,
        name=result.node.name,
        resource_type=str(result.node.resource_type),
        status=str(result.status),
        message=str(result.message or "").strip(),
        seconds=float(result.execution_time),
        failures=int(result.failures or 0),
        table=_tested_table(result.node),
        description=str(getattr(result.node, "description", "") or f"dbt test {result.node.name}"),
    )


def _tested_table(node: Any) -> str:
    """``schema.table`` a test is attached to; a test of its own file belongs to no single table."""
    attached = getattr(node, "attached_node", None)
    return attached.rpartition(".")[2] if attached else str(node.name)
