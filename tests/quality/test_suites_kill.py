"""Every check notices the damage it is there for, and every kind of damage is noticed by a check."""

from __future__ import annotations

from collections import defaultdict
from functools import partial

import pytest

from retention_pipeline.quality.suites import STAGES
from tests.quality.bench import Bench, suite_of, suites_of
from tests.quality.operators import damage_of
from tests.quality.score import SURVIVORS, Verdict, judge
from tests.quality.seeded import COLUMN_MUTANTS, CORRUPTIONS, LONG, MUTANTS, ColumnMutant, Mutant

SHARED = {"has_rows", "columns", "filled"}
"""Checks of every table, whose mutants are made for all tables at once below."""


@pytest.mark.parametrize("mutant", MUTANTS, ids=[f"{m.table}-{m.checks[0]}-{i}" for i, m in enumerate(MUTANTS)])
def test_damage_fails_the_checks_that_are_there_for_it(bench: Bench, mutant: Mutant) -> None:
    with bench.damaged(mutant.sql):
        found = bench.failing(suite_of(mutant.table), mutant.checks, without=mutant.without)
    assert {check.split(".")[0] for check in found} == set(mutant.checks)


@pytest.mark.parametrize("mutant", COLUMN_MUTANTS, ids=lambda m: f"{m.table}-{m.kind}-{m.where}".replace(" ", "_"))
def test_damage_to_a_column_fails_the_checks_that_are_there_for_it(bench: Bench, mutant: ColumnMutant) -> None:
    with bench.damaged(*damage_of(bench, mutant.table, mutant.kind, mutant.where).statements):
        found = bench.failing(suite_of(mutant.table), mutant.checks)
    assert {check.split(".")[0] for check in found} == set(mutant.checks)


@pytest.fixture(scope="module")
def verdicts(bench: Bench) -> list[Verdict]:
    """What is noticed of the seeded corruptions."""
    return [judge(bench, corruption) for corruption in CORRUPTIONS]


@pytest.mark.long
def test_nearly_every_seeded_corruption_is_noticed(verdicts: list[Verdict]) -> None:
    survivors = {(each.corruption.kind, each.corruption.table) for each in verdicts if not each.noticed_by}
    assert survivors == set(SURVIVORS), "each survivor needs its reason, and a reason its survivor"
    for stage in STAGES:
        of_stage = [each for each in verdicts if each.corruption.stage == stage]
        killed = sum(bool(each.noticed_by) for each in of_stage)
        assert len(of_stage) >= 30
        assert killed >= 0.9 * len(of_stage), stage
    assert sum(bool(each.noticed_by) for each in verdicts) >= 0.95 * len(verdicts)


@pytest.mark.long
def test_every_seeded_corruption_changes_something(verdicts: list[Verdict]) -> None:
    assert [each.corruption for each in verdicts if not each.rows_changed] == []


@pytest.mark.long
def test_every_check_notices_something(verdicts: list[Verdict]) -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    for each in verdicts:
        seen[each.corruption.table] |= {check.split(".")[0] for check in each.noticed_by}
    for table, checks in [(each.table, each.checks) for each in MUTANTS] + [
        (each.table, each.checks) for each in COLUMN_MUTANTS
    ]:
        seen[table] |= set(checks)
    idle = {
        suite.table: missing
        for stage in STAGES
        for suite in suites_of(stage)
        if (missing := {check.name for check in suite.checks} - SHARED - seen[suite.table])
    }
    assert idle == {}


TABLES = [suite.table for stage in STAGES for suite in suites_of(stage)]


@pytest.mark.parametrize("table", TABLES)
def test_an_empty_table_fails(bench: Bench, table: str) -> None:
    with bench.damaged(f"delete from {table}"):
        assert bench.failing(suite_of(table), ["has_rows"]) == ["has_rows"]


@pytest.mark.parametrize("table", TABLES)
def test_a_column_of_nothing_but_null_fails(bench: Bench, table: str) -> None:
    filled = next(check for check in suite_of(table).checks if check.name == "filled")
    columns = ", ".join(f"{column} = null" for column in filled.each_column)
    with bench.damaged(f"update {table} set {columns}"):
        assert bench.failing(suite_of(table), ["filled"]) == [f"filled.{column}" for column in filled.each_column]


@pytest.mark.parametrize("table", TABLES)
def test_another_set_order_or_type_of_columns_fails(bench: Bench, table: str) -> None:
    columns = next(check.columns for check in suite_of(table).checks if check.name == "columns")
    assert columns
    first = next(iter(columns))
    remade = partial("create or replace table {table} as select {columns} from {table}".format, table=table)
    for selected, failing in (
        ("*, 1 as extra", ["columns"]),
        (f"* exclude ({first})", ["columns", "columns.types"]),
        (f"* exclude ({first}), {first}", ["columns"]),
        (f"* replace ([{first}] as {first})", ["columns.types"]),
    ):
        with bench.damaged(remade(columns=selected)):
            assert bench.failing(suite_of(table), ["columns"]) == failing


def test_a_date_before_the_first_answer_is_no_failure(bench: Bench) -> None:
    with bench.damaged("delete from staging.stg_feedback", "delete from marts.fct_feedback_period"):
        assert bench.failing(suite_of("marts.fct_feedback_period")) == []
        assert bench.failing(suite_of("staging.stg_feedback"), ["has_rows"]) == ["has_rows"]
        assert bench.failing(suite_of("staging.stg_feedback"), ["has_rows"], as_of="2000-01-01") == []


def test_damage_is_undone(bench: Bench) -> None:
    before = bench.rows("select count(*) from build.marts.dim_period")
    with bench.damaged("delete from marts.dim_period"):
        assert bench.rows("select count(*) from build.marts.dim_period") == [(0,)]
    assert bench.rows("select count(*) from build.marts.dim_period") == before != [(0,)]


def test_a_corruption_of_a_family_is_made_in_the_long_table_too() -> None:
    of_families = [each for each in CORRUPTIONS if len(each.statements) > 1]
    assert of_families
    assert all(LONG in each.statements[1] for each in of_families)
