"""A real shop passes every check, and the bench answers as the gates do."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from retention_pipeline.quality.suites import STAGES
from tests.quality.bench import Bench, suite_of, suites_of
from tests.quality.seeded import CORRUPTIONS
from tests.quality.shop import Files


def test_every_suite_applies_to_the_shop(shop_files: Files) -> None:
    """That its gates passed is shown by its being there: the pipeline made it."""
    needed = {suite.needs for stage in STAGES for suite in suites_of(stage)} - {None}
    assert needed <= shop_files.configured


@pytest.mark.parametrize("stage", STAGES)
def test_a_consistent_shop_passes_on_the_bench(bench: Bench, stage: str) -> None:
    assert {suite.table: bench.failing(suite) for suite in suites_of(stage)} == {
        suite.table: [] for suite in suites_of(stage)
    }


def test_large_amounts_are_no_reason_to_raise(bench: Bench) -> None:
    """A shop whose prices are in billions: products of weights and amounts need more than 18 digits."""
    columns = ("revenue_gross", "revenue_net", "revenue_gross_constant")
    billions = ", ".join(f"{column} = {column} * 1000000000" for column in columns)
    suite = suite_of("marts.fct_customer_period")
    with bench.damaged(f"update marts.fct_customer_period set {billions} where basis <> 'subscription'"):
        assert bench.failing(suite, ("orders_of_the_period",)) == ["orders_of_the_period"]
    both = f"update staging.stg_orders set {billions}"
    with bench.damaged(f"update marts.fct_customer_period set {billions} where basis <> 'subscription'", both):
        assert bench.failing(suite, ("orders_of_the_period",)) == []


def test_a_refund_that_comes_to_nothing_in_the_shops_currency_was_paid_at_no_time(bench: Bench) -> None:
    """The smallest coin of some currencies is less than a tenth of a thousandth of the shop's."""
    order = bench.rows("select min(order_id) from build.staging.stg_orders where fx_rate <> 1")[0][0]
    staged = (
        "update staging.stg_orders set fx_rate = 0.00000001, revenue_gross = 0, cost_amount = 0, discount_amount = 0,"
        f" refund_amount_nominal = 1, refunded_at = {{instant}} where order_id = '{order}'"
    )
    suite = suite_of("staging.stg_orders")
    delivered = "update store.raw.orders set refund_amount = {amount} where order_id = '" + order + "'"
    bench.connection.execute(delivered.format(amount=1))
    try:
        with bench.damaged(staged.format(instant="null")):
            assert bench.failing(suite, ("latest_version",)) == []
        with bench.damaged(staged.format(instant="ordered_at")):
            assert bench.failing(suite, ("latest_version",)) == ["latest_version"]
    finally:
        bench.connection.execute(delivered.format(amount=0))


def test_every_table_has_rows_to_damage(bench: Bench) -> None:
    empty = [
        suite.table
        for stage in STAGES
        for suite in suites_of(stage)
        if bench.rows(f"select count(*) from {'store' if stage == 'raw' else 'build'}.{suite.table}") == [(0,)]
    ]
    assert empty == []


@pytest.mark.parametrize("stage", STAGES)
def test_the_bench_answers_as_the_gate_does(bench: Bench, shop_files: Files, stage: str, tmp_path: Path) -> None:
    first = {each.table: each.statements[0] for each in reversed(CORRUPTIONS) if each.stage == stage}
    statements = [sql for sql in first.values() if not sql.startswith("insert")]
    with bench.damaged(*statements):
        found = {(suite.table, check) for suite in suites_of(stage) for check in bench.failing(suite)}
    original = shop_files.store if stage == "raw" else shop_files.build
    copy = tmp_path / original.name
    shutil.copyfile(original, copy)
    with duckdb.connect(str(copy)) as connection:
        for table in {"raw": sorted(first)}.get(stage, []):
            _without_constraints(connection, table)
        for sql in statements:
            connection.execute(sql)
    report = replace(shop_files, **{original.stem: copy}).gate(stage, suites_of(stage))
    assert {(result.table, result.check) for result in report.blocking} == found
    assert len(found) >= len(statements)


def _without_constraints(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    connection.execute(f"create temp table moved as from {table}; drop table {table}")
    connection.execute(f"create table {table} as from moved; drop table moved")
