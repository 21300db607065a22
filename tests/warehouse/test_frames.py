from __future__ import annotations

import datetime as dt
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pytest

from retention_pipeline.core.tables import METRIC_VALUES, Column, Table
from retention_pipeline.warehouse.frames import read_frame, write_frame

TABLE = Table(
    "metrics",
    "things",
    "One row per thing.",
    ("id",),
    (
        Column("id", "BIGINT", "Id."),
        Column("name", "VARCHAR", "Name.", nullable=True),
        Column("age", "INTEGER", "Age.", nullable=True),
        Column("amount", "DECIMAL(38,4)", "Amount.", nullable=True),
        Column("rate", "DOUBLE", "Rate.", nullable=True),
        Column("day", "DATE", "Day.", nullable=True),
        Column("flag", "BOOLEAN", "Flag."),
    ),
)
NONE = {"name": None, "age": None, "amount": None, "rate": None, "day": None}


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "flag": [True, False],
            "id": [2, 1],
            "name": ["x", None],
            "age": [3.0, np.nan],
            "amount": [99_999_999_999.1234, np.nan],
            "rate": [0.1, np.nan],
            "day": pd.Series([pd.Timestamp("2025-03-01"), pd.NaT]),
        }
    )


def test_a_frame_is_written_with_the_declared_types_in_the_order_of_the_key(memory: duckdb.DuckDBPyConnection) -> None:
    write_frame(memory, TABLE, frame())
    described = memory.execute("describe metrics.things").fetchall()
    assert [(name, kind, null == "YES") for name, kind, null, *_ in described] == [
        (column.name, column.type, column.nullable) for column in TABLE.columns
    ]
    assert memory.execute("from metrics.things").fetchall() == [
        (1, None, None, None, None, None, False),
        (2, "x", 3, Decimal("99999999999.1234"), 0.1, dt.date(2025, 3, 1), True),
    ]


def test_a_frame_that_was_written_is_read_back(memory: duckdb.DuckDBPyConnection) -> None:
    write_frame(memory, TABLE, frame(), name="others")
    found = read_frame(memory, "select * from metrics.others where id > ? order by id", [0])
    assert {name: str(kind) for name, kind in found.dtypes.items()} == {
        "id": "int64", "name": "str", "age": "Int64", "amount": "float64", "rate": "float64",
        "day": "datetime64[us]", "flag": "bool",
    }  # fmt: skip
    write_frame(memory, TABLE, found)
    assert memory.execute("from metrics.others except from metrics.things").fetchall() == []


def test_a_table_is_replaced_and_stays_as_it_was_when_that_fails(memory: duckdb.DuckDBPyConnection) -> None:
    write_frame(memory, TABLE, frame())
    write_frame(memory, TABLE, frame().head(1))
    assert memory.execute("select id from metrics.things").fetchall() == [(2,)]
    with pytest.raises(duckdb.ConstraintException):
        write_frame(memory, TABLE, frame().assign(id=[1.0, np.nan]))
    with pytest.raises(duckdb.ConversionException):
        write_frame(memory, TABLE, frame().assign(age=["x", "y"]))
    assert memory.execute("select id from metrics.things").fetchall() == [(2,)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (frame().drop(columns="age"), "missing age"),
        (frame().assign(extra=1), "unknown extra"),
        (pd.concat([frame(), frame()[["id"]]], axis=1), "repeated id"),
    ],
)
def test_a_frame_with_other_columns_is_refused(
    memory: duckdb.DuckDBPyConnection, changed: pd.DataFrame, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        write_frame(memory, TABLE, changed)


def test_an_infinite_number_is_refused(memory: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ValueError, match="column rate holds an infinite number"):
        write_frame(memory, TABLE, frame().assign(rate=[np.inf, 0.0]))


def test_an_empty_frame_makes_an_empty_table(memory: duckdb.DuckDBPyConnection) -> None:
    write_frame(memory, METRIC_VALUES, pd.DataFrame(columns=list(METRIC_VALUES.column_names)))
    assert memory.execute("select count(*) from metrics.metric_values").fetchone() == (0,)


def test_decimals_and_sums_arrive_as_numbers(memory: duckdb.DuckDBPyConnection) -> None:
    found = read_frame(
        memory,
        "select sum(range) as whole, sum(null::int) as nothing, sum(range::decimal(18, 4)) as money, "
        "date '0001-01-01' as first, date '9999-12-31' as last, null::int as missing from range(4)",
    )
    assert {name: str(kind) for name, kind in found.dtypes.items()} == {
        "whole": "int64", "nothing": "Int64", "money": "float64", "first": "datetime64[us]", "last": "datetime64[us]",
        "missing": "Int64",
    }  # fmt: skip
    assert found["whole"].tolist() == [6]
    assert found["last"].tolist() == [pd.Timestamp("9999-12-31")]


def test_a_sum_that_a_frame_cannot_hold_exactly_is_refused(memory: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(OverflowError, match="column total"):
        read_frame(memory, "select 9007199254740993::hugeint + 2 as total")
