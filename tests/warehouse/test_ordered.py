"""Rows sorted by parts are in the order that one sort would give them."""

from __future__ import annotations

from typing import Any, cast

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_pipeline.warehouse.ordered import insert_ordered

WORDS = st.one_of(st.none(), st.sampled_from(["", "'", "a", "b", "ba", "c", "\u00e9"]))
ROWS = st.lists(st.tuples(WORDS, st.one_of(st.none(), st.booleans()), WORDS, st.integers(0, 9)), max_size=60)


def ordered(connection: duckdb.DuckDBPyConnection, cluster_by: tuple[str, ...], at_once: int | None) -> list[Any]:
    connection.execute("create or replace table sorted as select * from given with no data")
    ((count,),) = connection.execute("select count(*) from given").fetchall()
    insert_ordered(
        connection, "sorted", "given", cluster_by=cluster_by, key=("person", "number"), count=count, at_once=at_once
    )
    return connection.execute("select * from sorted").fetchall()


@given(
    rows=ROWS, at_once=st.integers(1, 70), cluster_by=st.sampled_from([(), ("kind",), ("kind", "flag"), ("number",)])
)
def test_parts_follow_one_another_in_order(
    rows: list[tuple[str | None, bool | None, str | None, int]], at_once: int, cluster_by: tuple[str, ...]
) -> None:
    with duckdb.connect() as connection:
        connection.execute("create table given (kind varchar, flag boolean, person varchar, number integer)")
        if rows:
            connection.executemany("insert into given values (?, ?, ?, ?)", rows)
        by = ", ".join(f"{column} nulls last" for column in (*cluster_by, "person", "number"))
        expected = connection.execute(f"select {by.replace(' nulls last', '')} from given order by {by}").fetchall()
        found = ordered(connection, cluster_by, at_once)
        positions = {"kind": 0, "flag": 1, "person": 2, "number": 3}
        by_order = [tuple(row[positions[column]] for column in (*cluster_by, "person", "number")) for row in found]
        assert by_order == expected
        assert sorted(map(repr, found)) == sorted(map(repr, rows))


@pytest.mark.parametrize("at_once", [7_000, 40_000, None])
def test_no_part_is_larger_than_asked_by_far(at_once: int | None) -> None:
    """The parts are those of a sample, so they are about equal: none takes twice the memory it was meant to."""
    with duckdb.connect() as connection:
        connection.execute(
            "create table given as select case when range % 5 = 0 then 'few' else 'most' end as kind,"
            " md5(range::varchar) as person, range as number from range(100_000)"
        )
        parts = Parts(connection)
        insert_ordered(
            cast("duckdb.DuckDBPyConnection", parts), "sorted", "given",
            cluster_by=("kind",), key=("person", "number"), count=100_000, at_once=at_once,
        )  # fmt: skip
        assert sum(parts.sizes) == 100_000
        assert max(parts.sizes) <= (2 * at_once if at_once else 100_000)
        assert len(parts.sizes) <= (2 + 2 * 100_000 // at_once if at_once else 1)


class Parts:
    """A connection that counts the rows of each part instead of writing them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection, self.sizes = connection, list[int]()

    def execute(self, query: str, values: object = None) -> duckdb.DuckDBPyConnection:
        if not query.startswith("INSERT"):
            return self.connection.execute(query, values)
        condition = query.partition(" WHERE ")[2].partition(" ORDER BY ")[0]
        counted = self.connection.execute(f"select count(*) from given where {condition}", values)
        self.sizes.append(counted.fetchall()[0][0])
        return self.connection
