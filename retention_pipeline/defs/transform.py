"""Assets that dbt builds, split where a gate must stand: staging, then facts.

Belongs here: how dbt nodes become assets. Not here: running dbt (``dbt``), the SQL (``dbt_project``).
"""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject, build_dbt_asset_specs

from retention_pipeline.config import Settings
from retention_pipeline.core.progress import Progress
from retention_pipeline.defs.dbt import NodeResult, run_dbt
from retention_pipeline.defs.dbt_variables import dbt_vars
from retention_pipeline.defs.inputs import inputs_of_stage
from retention_pipeline.defs.keys import MARTS, RAW, STAGING
from retention_pipeline.defs.model_keys import intermediate_keys, prove_keys
from retention_pipeline.defs.preview import run_metadata, table_metadata
from retention_pipeline.defs.resources import RunClock, Writer
from retention_pipeline.defs.slices import slices
from retention_pipeline.warehouse import carrying
from retention_pipeline.warehouse.build import BuildState, Inputs, Record
from retention_pipeline.warehouse.connection import connect, create

SELECTION = {STAGING: ["fqn:retention.staging"], MARTS: ["fqn:retention.intermediate", "fqn:retention.marts"]}
"""dbt selection of each stage; intermediate models are built with the facts they serve."""

BELOW = {STAGING: (RAW, "gate:raw"), MARTS: (STAGING, "gate:staging")}


class KeyIsSchemaAndTable(DagsterDbtTranslator):
    """A model's asset key is ``[schema, table]``, its group the schema."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The default specification under our key and group."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = self.get_resource_props(manifest, unique_id)
        name = node.get("alias") or node["name"]
        return spec.replace_attributes(key=dg.AssetKey([node["schema"], name]), group_name=node["schema"])


def build_dbt_assets(settings: Settings, manifest: Path, stage: str, progress: Progress) -> dg.AssetsDefinition:
    """The models of one stage as one multi-asset: one dbt invocation per stage and run."""
    specs = build_dbt_asset_specs(
        manifest=manifest, dagster_dbt_translator=KeyIsSchemaAndTable(), select=" ".join(SELECTION[stage])
    )
    keys = intermediate_keys(manifest) if stage == MARTS else {}

    @dg.multi_asset(name=f"dbt_{stage}", specs=specs)
    def models(
        context: dg.AssetExecutionContext, clock: RunClock, writer: Writer
    ) -> Iterator[dg.MaterializeResult[None]]:
        progress.stage(stage)
        inputs = inputs_of_stage(settings, clock, run_id=context.run.run_id, needs=BELOW[stage])
        state = BuildState(settings.home)
        record = state.find(stage, inputs) or _build(settings, stage, inputs, progress, keys)
        selected = {key.path[-1]: key for key in context.selected_asset_keys}
        with connect(settings.home.build) as build:
            # in the order dbt built them, which is the order Dagster wants to hear of them
            for name, seconds in record.detail["models"].items():
                if name in selected:
                    key = selected[name]
                    metadata = {**table_metadata(build, ".".join(key.path)), **run_metadata(inputs, seconds, record)}
                    yield dg.MaterializeResult(asset_key=key, metadata=metadata)

    return models


def _build(
    settings: Settings, stage: str, inputs: Inputs, progress: Progress, keys: Mapping[str, tuple[str, ...]]
) -> Record:
    """Let dbt build the stage, and record that it was."""
    began = time.perf_counter()
    state = BuildState(settings.home)
    state.clear(stage)
    carried = _carry_on(settings, state, stage, inputs)
    if not settings.home.build.exists():
        create(settings.home.build)
    variables = {**dbt_vars(settings, inputs), **carried, "slices": slices(settings.home)}
    results = run_dbt(settings.home, SELECTION[stage], variables, progress.step)
    results += prove_keys(settings.home, keys)
    detail = {
        "tests": [_test_row(stage, result) for result in results if _is_test(result)],
        "models": {result.name: result.seconds for result in results if not _is_test(result)},
        "seconds": time.perf_counter() - began,
    }
    state.mark(stage, inputs, detail)
    return state.require(stage, inputs)


def _carry_on(settings: Settings, state: BuildState, stage: str, inputs: Inputs) -> dict[str, dict[str, str]]:
    """Make the base ready to be changed; returns what dbt is told about it, nothing where all is built anew."""
    base = state.plan.base
    if base is None:
        return {}
    with connect(settings.home.build) as build:
        if stage == STAGING:
            carrying.prepare(build)
        else:
            why_not = carrying.too_much(build, inputs.fingerprint)
            if why_not is not None:
                state.replan(why_not)
                return {}
    state.change(stage)
    return {"carried": {"as_of": base.as_of.isoformat(), "run": inputs.fingerprint}}


def _is_test(result: NodeResult) -> bool:
    return result.resource_type == "test"


def _test_row(stage: str, result: NodeResult) -> dict[str, Any]:
    return {
        "stage": stage,
        "table_name": result.table,
        "check_name": result.name,
        "meaning": result.description,
        "outcome": "passed",
        "expected": "no rows",
        "observed": "no rows",
        "unexpected_count": result.failures,
    }
