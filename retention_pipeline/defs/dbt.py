"""Running dbt inside this process: arguments, variables, manifest, results.

Belongs here: pure builders of what dbt is told, and the one place that invokes it.
Not here: which assets the models are (``transform``).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from retention_pipeline.config import Settings, Sources
from retention_pipeline.core.errors import GateFailedError
from retention_pipeline.core.home import Home
from retention_pipeline.core.resources import dbt_project_dir
from retention_pipeline.defs.interrupts import keyboard_interrupts
from retention_pipeline.warehouse.build import Inputs
from retention_pipeline.warehouse.connection import release_process_caches, translate_text
from retention_pipeline.warehouse.files import TRAVERSE_DIR, make_dir, os_errors
from retention_pipeline.warehouse.hashing import directory_hash

PARSED = "partial_parse.msgpack"
EARLIEST = "1900-01-01"
"""Stands for "nothing delivered yet" in a dbt variable, which cannot be NULL."""


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


def dbt_vars(settings: Settings, inputs: Inputs) -> dict[str, Any]:
    """The variables of one run: everything a model may depend on besides the delivered rows."""
    shop, rfm = settings.shop, settings.rfm
    through = {source: _day(inputs.data_through.get(source)) for source in Sources.model_fields}
    return {
        "as_of": inputs.as_of.isoformat(),
        "data_through": through["orders"],
        "data_through_by_source": through,
        "sources": list(settings.sources.configured()),
        "timezone": shop.timezone,
        "currency": shop.currency,
        "activity_window_days": shop.activity_window_days,
        "grains": list(shop.grains),
        "cohort_grains": list(shop.cohort_grains or ()),
        "week_start": shop.week_start,
        "segments": list(shop.segments),
        "derived_segments": list(settings.derived_segments),
        "excluded_statuses": list(shop.excluded_statuses),
        "minimum_amount": shop.minimum_amount,
        "response_window_days": shop.response_window_days,
        "final_grace_days": shop.final_grace_days,
        "sla_hours": shop.sla_hours,
        "channel_segment": shop.channel_segment,
        "loyalty_segment": shop.loyalty_segment,
        "loyalty_tiers": list(shop.loyalty_tiers),
        "fx_reference_date": _day(shop.fx_reference_date) if shop.fx_reference_date else None,
        "max_rate_age_days": settings.limits.max_rate_age_days,
        "order_notation": _notation(settings),
        "rfm": None if rfm is None else rfm.model_dump(mode="json"),
    }


def _notation(settings: Settings) -> dict[str, Any]:
    """How the text of an order record is to be read, for records that were set aside with their text."""
    orders = settings.sources.orders
    return {
        "decimal": orders.decimal,
        "thousands": orders.thousands,
        "timezone": orders.timezone or settings.shop.timezone,
        "is_iso": orders.timestamp_format == "iso",
    }


def _day(day: dt.date | None) -> str:
    return EARLIEST if day is None else day.isoformat()


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


def vars_text(variables: dict[str, Any]) -> str:
    """The variables as dbt's YAML reader gives them back letter by letter: it knows no pairs of surrogates.

    Letters beyond the first 65,536 (emoji) stand as they are; the others that are not ASCII are escaped, since YAML
    refuses some of them and folds line ends of its own.
    """
    text = json.dumps(variables, ensure_ascii=False)
    return re.sub("[\x7f-\uffff]", lambda found: f"\\u{ord(found.group()):04x}", text)


@contextlib.contextmanager
def _dbt_environment(home: Home) -> Iterator[None]:
    values = {
        "DBT_RETENTION_BUILD": str(home.build),
        "DBT_RETENTION_STORE": str(home.store),
        "DO_NOT_TRACK": "1",
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
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
