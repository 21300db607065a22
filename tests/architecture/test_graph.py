"""The graph: no gate without a table, no published table without a gate, and no change that nobody noticed."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from retention_pipeline.core.resources import data_tests_dir
from retention_pipeline.defs.keys import GATED_STAGES, JOB
from retention_pipeline.quality.suites import load_suites

SNAPSHOT = Path(__file__).with_name("graph.txt")
WITHOUT_SUITE = {
    "raw/arrivals": "the log behind the catalogue; the catalogue's suite looks at what it shows",
    "raw/quarantine": "every row in it failed a rule already; the catalogue's suite counts it",
}


def described(definitions: dg.Definitions) -> str:
    graph = definitions.resolve_asset_graph()
    lines = []
    for key in sorted(graph.get_all_asset_keys(), key=lambda key: key.to_user_string()):
        parents = sorted(parent.to_user_string() for parent in graph.get(key).parent_keys)
        checks = sorted(check.name for check in graph.get(key).check_keys)
        lines.append(
            f"{key.to_user_string()} <- {', '.join(parents) or '-'}" + (f"  [{', '.join(checks)}]" * bool(checks))
        )
    return "\n".join(lines) + "\n"


def test_the_graph_is_the_reviewed_one(definitions: dg.Definitions) -> None:
    found = described(definitions)
    assert found == SNAPSHOT.read_text(encoding="utf-8"), (
        f"if the change is meant, write this to {SNAPSHOT.name}:\n{found}"
    )


def test_every_gate_stands_before_a_table_that_exists(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    keys = graph.get_all_asset_keys()
    checks = graph.asset_check_keys
    assert len(checks) == sum(len(load_suites(data_tests_dir(), stage)) for stage in GATED_STAGES) > 15
    assert {check.asset_key for check in checks} <= keys


def test_every_table_of_a_gated_stage_has_a_blocking_gate(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    blocking = {key.asset_key for key in graph.asset_check_keys if graph.get_check_spec(key).blocking}
    for key in graph.get_all_asset_keys():
        if key.path[0] in GATED_STAGES and key.to_user_string() not in WITHOUT_SUITE:
            assert key in blocking, key.to_user_string()


def test_the_job_contains_every_asset_and_every_gate(definitions: dg.Definitions) -> None:
    job = definitions.resolve_job_def(JOB)
    graph = definitions.resolve_asset_graph()
    selected = job.asset_layer.executable_asset_keys
    assert selected == graph.get_all_asset_keys()
    assert set(job.asset_layer.asset_graph.asset_check_keys) == set(graph.asset_check_keys)


def test_every_asset_belongs_to_the_group_of_its_stage(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        assert graph.get(key).group_name == key.path[0]
        assert graph.get(key).description
