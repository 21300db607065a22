"""Every check notices the damage it is there for, and every kind of damage is noticed by a check."""

from __future__ import annotations

from collections import defaultdict

import duckdb
import pytest

from retention_pipeline.quality.gate import run_gate
from retention_pipeline.quality.suites import STAGES, Suite
from tests.quality import shop
from tests.quality.conftest import EVERYTHING, Damage, Files, suites_of
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
    report = run_gate(
        stage,
        suites,
        database=files.of(stage),
        attach={} if stage == "raw" else {"store": files.store},
        parameters=shop.PARAMETERS,
        configured=EVERYTHING,
    )
    return {(result.table, result.check): result.outcome for result in report.results}


@pytest.mark.parametrize("mutant", MUTANTS, ids=[f"{m.table}-{m.checks[0]}-{i}" for i, m in enumerate(MUTANTS)])
def test_damage_fails_the_checks_that_are_there_for_it(damaged: Damage, mutant: Mutant) -> None:
    stage = mutant.table.split(".")[0]
    files = damaged(stage, mutant.damage)
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
def test_an_empty_table_fails(damaged: Damage, stage: str) -> None:
    suites = suites_of(stage)
    for suite in suites:
        files = damaged(stage, f"delete from {suite.table}")
        found = outcomes(files, stage, some_checks((suite,), {"has_rows"}))
        assert found == {(suite.table, "has_rows"): "failed"}


@pytest.mark.parametrize("stage", STAGES)
def test_a_column_of_nothing_but_null_fails(damaged: Damage, stage: str) -> None:
    suites, statements = suites_of(stage), []
    for suite in suites:
        filled = next(check for check in suite.checks if check.name == "filled")
        columns = ", ".join(f"null as {column}" for column in filled.each_column)
        query = f"select * replace ({columns}) from {suite.table}"
        statements.append(f"create or replace table {suite.table} as {query}")
    found = outcomes(damaged(stage, *statements), stage, some_checks(suites, {"filled"}))
    assert found
    assert set(found.values()) == {"failed"}


@pytest.mark.parametrize("stage", STAGES)
def test_another_set_order_or_type_of_columns_fails(damaged: Damage, stage: str) -> None:
    suites = suites_of(stage)
    for damage, failing in (
        ("select *, 1 as extra from {table}", {"columns"}),
        ("select * exclude ({first}) from {table}", {"columns", "columns.types"}),
        ("select * exclude ({first}), {first} from {table}", {"columns"}),
        ("select * replace (cast({first} as blob) as {first}) from {table}", {"columns.types"}),
    ):
        statements = []
        for suite in suites:
            columns = next(check.columns for check in suite.checks if check.name == "columns")
            assert columns
            query = damage.format(table=suite.table, first=next(iter(columns)))
            statements.append(f"create or replace table {suite.table} as {query}")
        found = outcomes(damaged(stage, *statements), stage, some_checks(suites, {"columns"}))
        assert {check for (_, check), outcome in found.items() if outcome == "failed"} == failing


def test_the_copies_are_damaged_and_the_shop_is_not(damaged: Damage, shop_files: Files) -> None:
    damaged("marts", "delete from marts.dim_period")
    with duckdb.connect(str(shop_files.build), read_only=True) as connection:
        assert connection.execute("select count(*) from marts.dim_period").fetchone() != (0,)
