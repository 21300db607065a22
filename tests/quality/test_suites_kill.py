"""Every check notices the damage it is there for, and every kind of damage is noticed by a check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import duckdb
import pytest

from retention_pipeline.quality.gate import run_gate
from retention_pipeline.quality.suites import STAGES, Suite
from tests.quality import shop
from tests.quality.conftest import EVERYTHING, Files, suites_of
from tests.quality.mutants import RAW, STAGING, Mutant
from tests.quality.mutants_marts import MARTS
from tests.quality.mutants_metrics import METRICS

MUTANTS = [*RAW, *STAGING, *MARTS, *METRICS]
SHARED = {"has_rows", "columns", "filled"}
"""Checks of every table, whose mutants are made for all tables at once below."""


def some_checks(suites: tuple[Suite, ...], names: set[str]) -> list[Suite]:
    chosen = [suite.model_copy(update={"checks": [c for c in suite.checks if c.name in names]}) for suite in suites]
    return [suite for suite in chosen if suite.checks]


def outcomes(files: Files, stage: str, suites: list[Suite]) -> dict[tuple[str, str], str]:
    database, attach = (files.store, {}) if stage == "raw" else (files.build, {"store": files.store})
    report = run_gate(
        stage, suites, database=database, attach=attach, parameters=shop.PARAMETERS, configured=EVERYTHING
    )
    return {(result.table, result.check): result.outcome for result in report.results}


@pytest.mark.parametrize("mutant", MUTANTS, ids=[f"{m.table}-{m.checks[0]}-{i}" for i, m in enumerate(MUTANTS)])
def test_damage_fails_the_checks_that_are_there_for_it(copied: Callable[[], Files], mutant: Mutant) -> None:
    files = copied()
    stage = mutant.table.split(".")[0]
    files.change(stage, mutant.damage)
    suites = tuple(suite for suite in suites_of(stage) if suite.table == mutant.table)
    found = outcomes(files, stage, some_checks(suites, set(mutant.checks)))
    assert found == {(mutant.table, check): "failed" for check in mutant.checks}


def test_every_check_has_a_mutant() -> None:
    killed: dict[str, set[str]] = defaultdict(set)
    for mutant in MUTANTS:
        killed[mutant.table] |= set(mutant.checks)
    for stage in STAGES:
        for suite in suites_of(stage):
            assert {check.name for check in suite.checks} - SHARED == killed[suite.table], suite.table


@pytest.mark.parametrize("stage", STAGES)
def test_an_empty_table_fails(copied: Callable[[], Files], stage: str) -> None:
    suites = suites_of(stage)
    for suite in suites:
        files = copied()
        files.change(stage, f"delete from {suite.table}")
        found = outcomes(files, stage, some_checks((suite,), {"has_rows"}))
        assert found == {(suite.table, "has_rows"): "failed"}


@pytest.mark.parametrize("stage", STAGES)
def test_a_column_of_nothing_but_null_fails(copied: Callable[[], Files], stage: str) -> None:
    files, suites = copied(), suites_of(stage)
    for suite in suites:
        filled = next(check for check in suite.checks if check.name == "filled")
        columns = ", ".join(f"null as {column}" for column in filled.each_column)
        files.change(stage, f"create or replace table {suite.table} as select * replace ({columns}) from {suite.table}")
    found = outcomes(files, stage, some_checks(suites, {"filled"}))
    assert found
    assert set(found.values()) == {"failed"}


@pytest.mark.parametrize("stage", STAGES)
def test_another_set_order_or_type_of_columns_fails(copied: Callable[[], Files], stage: str) -> None:
    suites = suites_of(stage)
    for damage, failing in (
        ("select *, 1 as extra from {table}", {"columns"}),
        ("select * exclude ({first}) from {table}", {"columns", "columns.types"}),
        ("select * exclude ({first}), {first} from {table}", {"columns"}),
        ("select * replace (cast({first} as blob) as {first}) from {table}", {"columns.types"}),
    ):
        files = copied()
        for suite in suites:
            columns = next(check.columns for check in suite.checks if check.name == "columns")
            assert columns
            query = damage.format(table=suite.table, first=next(iter(columns)))
            files.change(stage, f"create or replace table {suite.table} as {query}")
        found = outcomes(files, stage, some_checks(suites, {"columns"}))
        assert {check for (_, check), outcome in found.items() if outcome == "failed"} == failing


def test_the_copies_are_damaged_and_the_shop_is_not(copied: Callable[[], Files], shop_files: Files) -> None:
    files = copied()
    files.change("marts", "delete from marts.dim_period")
    with duckdb.connect(shop_files.build, read_only=True) as connection:
        assert connection.execute("select count(*) from marts.dim_period").fetchone() != (0,)
