from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_pipeline.warehouse.connection import connect
from retention_pipeline.warehouse.grain import keyless, repeated_key

CELL = st.one_of(st.none(), st.integers(0, 3))


@pytest.mark.parametrize(
    ("rows", "repeated", "bad"),
    [
        ("(1, 'x', 0), (1, 'y', 0)", None, 0),
        ("(1, 'x', 0), (1, 'x', 1)", (1, "x"), 1),
        ("(1, null, 0), (1, null, 1), (1, 'x', 2)", (1, None), 1),
        ("(1, null, 0), (2, null, 1)", None, 2),
    ],
)
def test_keys_that_are_there_twice_or_lack_a_part(
    memory: duckdb.DuckDBPyConnection, rows: str, repeated: tuple[object, ...] | None, bad: int
) -> None:
    relation = f"(from (values {rows}) as t(a, b, other))"
    assert repeated_key(memory, relation, ["a", "b"]) == repeated
    assert keyless(memory, relation, ["a", "b"]) == bad


def test_an_empty_table_repeats_nothing(memory: duckdb.DuckDBPyConnection) -> None:
    assert repeated_key(memory, "(select 1 as a where false)", ["a"]) is None
    assert keyless(memory, "(select 1 as a where false)", ["a"]) == 0


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=12))
def test_the_count_is_that_of_a_plain_look(rows: list[tuple[int | None, int | None]]) -> None:
    values = ", ".join(f"({a if a is not None else 'null'}, {b if b is not None else 'null'})" for a, b in rows)
    expected = sum(rows.count(key) > 1 or None in key for key in set(rows))
    with connect(None) as connection:
        assert keyless(connection, f"(from (values {values}) as t(a, b))", ["a", "b"]) == expected
