"""Running dbt inside this process: arguments, manifest, results.

Belongs here: pure builders of what dbt is told, and the one place that invokes it.
Not here: which assets the models are (``transform``), what a run tells the models (``dbt_variables``).
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from retention_pipeline.core.errors import GateFailedError
from retention_pipeline.core.home import Home
from retention_pipeline.core.resources import dbt_project_dir
from retention_pipeline.defs.dbt_variables import vars_text
from retention_pipeline.defs.interrupts import keyboard_interrupts
from retention_pipeline.warehouse.connection import release_process_caches, translate_text
from retention_pipeline.warehouse.files import TRAVERSE_DIR, make_dir, os_errors
from retention_pipeline.warehouse.hashing import directory_hash

PARSED = "partial_parse.msgpack"


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


def _common_arguments(home: Home) -> list[str]:
    project = str(dbt_project_dir())
    return [
        "--log-level", "none", "--log-level-file", "info", "--no-use-colors", "--no-version-check",
        "--no-send-anonymous-usage-stats",
        "--project-dir", project, "--profiles-dir", project,
        "--target-path", str(home.dbt_target), "--log-path", str(home.dbt_target / "logs"),
    ]  # fmt: skip


def build_arguments(home: Home, selection: list[str], variables: dict[str, Any]) -> list[str]:
    """What ``dbt build`` is told for one stage; unit tests belong to the test suite, not to a night's run."""
    return [
        "build", *_common_arguments(home), "--select", *selection, "--exclude-resource-type", "unit_test",
        "--vars", vars_text(variables),
    ]  # fmt: skip


@contextlib.contextmanager
def _dbt_environment(home: Home) -> Iterator[None]:
    values = {
        "DBT_RETENTION_BUILD": str(home.build),
        "DBT_RETENTION_STORE": str(home.store),
        "DO_NOT_TRACK": "1",
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    arguments, sys.argv = sys.argv, ["dbt"]  # dbt writes the command line down, where `erase` names a customer
    try:
        yield
    finally:
        sys.argv = arguments
        release_process_caches()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def ensure_manifest(home: Home) -> Path:
    """Parse the dbt project if its files changed since the last time.

    Returns:
        The path of ``manifest.json``.

    Raises:
        RuntimeError: The project does not parse: a defect of this package, not of the user's data.
    """
    manifest, stamp = home.dbt_target / "manifest.json", home.dbt_target / "manifest.stamp"
    # what another dbt or Python wrote may not be readable
    fingerprint = f"{directory_hash(dbt_project_dir())} {version('dbt-core')} {sys.version_info[:2]}"
    parsed = (manifest, home.dbt_target / PARSED, stamp)
    if all(path.exists() for path in parsed) and stamp.read_text(encoding="utf-8") == fingerprint:
        return manifest
    from dbt.cli.main import dbtRunner

    with os_errors(home.root):
        make_dir(home.root, TRAVERSE_DIR)
        make_dir(home.dbt_target)
    with _dbt_environment(home):
        result = dbtRunner().invoke(["parse", *_common_arguments(home)])
    if not result.success:
        raise RuntimeError(f"dbt cannot parse its project: {result.exception}")
    stamp.write_text(fingerprint, encoding="utf-8")
    return manifest


def _parsed_project(home: Home) -> Any:
    """The project as dbt parsed it. ``manifest.json`` would not do: a generic test loses its arguments in it."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    ensure_manifest(home)
    packed = (home.dbt_target / PARSED).read_bytes()
    manifest = Manifest.from_msgpack(packed, decoder=extended_mashumuro_decoder)
    manifest.build_flat_graph()  # what macros know as `graph`; it is not packed
    return manifest


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
    from dbt_common.events.event_manager_client import cleanup_event_logger

    manifest = _parsed_project(home)

    def watch(event: Any) -> None:
        if event.info.name == "LogStartLine":
            on_node(event.data.node_info.node_name, event.data.index - 1, event.data.total)

    cleanup_event_logger()  # until dbt has read its arguments it would write to the terminal, tracebacks too
    with _dbt_environment(home), keyboard_interrupts():
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
