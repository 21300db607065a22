"""The comparison itself: equal tables pass, and every kind of difference is found and named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest

from tests.oracle.compare import compare
from tests.oracle.expected import tables
from tests.oracle.records import Answer
from tests.oracle.small_shops import order, world
from tests.oracle.world import World


def small_world() -> World:
    at = dt.datetime.fromisoformat("2024-06-05T12:00:00")
    answer = Answer("1", "a", at, "csat", Decimal(4), Decimal(1), Decimal(5), None, None, at.date(), 1)
    orders = [order(number, f"c{number % 7}", f"2024-0{4 + number % 3}-1{number % 9}", "12.34") for number in range(40)]
    return world(orders, "2024-06-29", feedback=[answer])


def sql_type(column: str, value: object) -> str:
    if isinstance(value, dt.date) or column in {"cohort_start", "period_start", "period_end"}:
        return "date"
    if isinstance(value, float) or column.startswith("ci_") or column == "value":
        return "double"
    if isinstance(value, Decimal) or column in {"numerator", "denominator"}:
        return "decimal(38, 8)"
    if isinstance(value, bool):
        return "boolean"
    return "bigint" if isinstance(value, int) or column in {"n", "cohort_age"} else "varchar"


@pytest.fixture(scope="module")
def filled() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        for table in tables(small_world()):
            if not table.rows:
                opened.execute(f"create table {table.name} ({', '.join(f'{name} varchar' for name in table.columns)})")
                continue
            key, cells = next(iter(table.rows.items()))
            first = dict(zip(table.key, key, strict=True)) | cells
            columns = ", ".join(f"{name} {sql_type(name, first[name])}" for name in table.columns)
            opened.execute(f"create table {table.name} ({columns})")
            rows = [[*key, *cells.values()] for key, cells in table.rows.items()]
            opened.executemany(f"insert into {table.name} values ({', '.join('?' * len(table.columns))})", rows)
        yield opened


@pytest.fixture
def connection(filled: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    filled.begin()
    yield filled
    filled.rollback()


def test_the_oracles_own_tables_are_equal_to_it(connection: duckdb.DuckDBPyConnection) -> None:
    found = compare(connection, small_world())
    found.require()
    assert found.cells > 500
    assert sum(table.rows > 0 for table in found.tables) >= 8


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("update fct_period set customers_lost = customers_lost + 1 where grain = 'month'", "customers_lost = "),
        ("update fct_period set revenue_gross = revenue_gross + 0.0001", "revenue_gross = "),
        ("update metric_values set value = value * (1 + 1e-8) where metric = 'average_order_value'", "value = "),
        ("update metric_values set ci_low = ci_low - 1e-6 where metric = 'repeat_customer_rate'", "ci_low = "),
        ("update metric_values set value = 0 where status = 'undefined'", "oracle None"),
        ("update metric_values set status = 'final' where status = 'provisional'", "oracle provisional"),
        ("delete from fct_cohort_period where cohort_age = 1", "rows only the oracle has"),
        ("insert into fct_feedback_period by name (select * replace ('nps' as measure) from fct_feedback_period)",
         "rows only the table has"),
        ("insert into fct_cohort_period from fct_cohort_period where cohort_age = 0", "twice"),
        ("alter table fct_period drop column customers_ever", "not in the table ['customers_ever']"),
        ("alter table fct_period add column surprise integer", "not known to the oracle ['surprise']"),
    ],
)  # fmt: skip
def test_a_difference_is_found_and_named(connection: duckdb.DuckDBPyConnection, change: str, said: str) -> None:
    connection.execute(change)
    with pytest.raises(AssertionError) as caught:
        compare(connection, small_world()).require()
    assert said in str(caught.value)


def test_noise_of_the_last_digits_of_a_double_is_no_difference(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("update metric_values set value = value * (1 + 1e-11), ci_low = ci_low * (1 - 1e-11)")
    compare(connection, small_world()).require()
