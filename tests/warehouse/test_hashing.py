from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_pipeline.warehouse.connection import connect
from retention_pipeline.warehouse.hashing import content_hash, directory_hash, measure

CELLS = st.tuples(
    st.one_of(st.none(), st.integers(-(2**40), 2**40)),
    st.one_of(st.none(), st.text(alphabet="ab:-1 \u00e9", max_size=3)),
)
ROWS = st.lists(CELLS, min_size=0, max_size=12)


def table(connection: duckdb.DuckDBPyConnection, rows: list[Any], name: str = "t") -> str:
    connection.execute(f"create or replace table {name} (a bigint, b varchar)")
    if rows:
        connection.executemany(f"insert into {name} values (?, ?)", rows)
    return name


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, data=st.data())
def test_equal_rows_in_any_order_have_one_hash_and_other_rows_another(rows: list[Any], data: st.DataObject) -> None:
    with connect(None) as connection:
        first = content_hash(connection, table(connection, rows))
        shuffled = data.draw(st.permutations(rows))
        assert content_hash(connection, table(connection, shuffled)) == first
        other = data.draw(ROWS)
        same = sorted(map(repr, other)) == sorted(map(repr, rows))
        assert (content_hash(connection, table(connection, other)) == first) == same


def test_the_hash_does_not_depend_on_threads_time_zone_or_storage(tmp_path: Path) -> None:
    sql = (
        "select range as i, range / 7.0 as d, timestamp '2025-03-30' + interval (range) minute as t from range(300000)"
    )
    hashes = set()
    for threads in (1, 2):
        with connect(tmp_path / f"{threads}.duckdb") as connection:
            connection.execute(f"set threads = {threads}")
            connection.execute(f"create table t as {sql} order by hash(range)")
            connection.execute(f"copy t to '{tmp_path}/{threads}.parquet' (format parquet)")
            hashes |= {content_hash(connection, "t"), content_hash(connection, f"'{tmp_path}/{threads}.parquet'")}
    assert len(hashes) == 1


@pytest.mark.parametrize("column", ["first", "middle", "last"])
def test_values_that_change_places_between_rows_change_the_hash(memory: duckdb.DuckDBPyConnection, column: str) -> None:
    memory.execute("create table t as select i, i as first, hash(i) as middle, i % 64 as last from range(64) as r(i)")
    hashes = {content_hash(memory, "t")}
    for other in range(1, 64):
        place = f"case t.i when 0 then {other} when {other} then 0 else t.i end"
        swapped = f"select t.* replace (there.{column} as {column}) from t join t as there on there.i = {place}"
        hashes.add(content_hash(memory, f"({swapped})"))
    assert len(hashes) == 64


def test_null_empty_text_and_shifted_borders_differ(memory: duckdb.DuckDBPyConnection) -> None:
    rows = ["null, null", "null, ''", "'', null", "'', ''", "'-', null", "'a', 'b'", "'ab', ''", "'1:a', null"]
    hashes = {content_hash(memory, f"(select {row} from range(1)) v(a, b)") for row in rows}
    assert len(hashes) == len(rows)


def test_repeated_rows_column_names_types_and_order_count(memory: duckdb.DuckDBPyConnection) -> None:
    queries = [
        "select 1 as a, 2 as b",
        "select 2 as b, 1 as a",
        "select 1 as a, 2 as c",
        "select 1::bigint as a, 2 as b",
        "select 1 as a, 2 as b from range(2)",
        "select 1 as a, 2 as b where false",
    ]
    assert len({content_hash(memory, f"({query})") for query in queries}) == len(queries)
    assert measure(memory, "(select 1 as a, 'x' as b)").columns == (("a", "INTEGER"), ("b", "VARCHAR"))


def test_a_frame_and_the_table_made_from_it_have_one_hash(memory: duckdb.DuckDBPyConnection) -> None:
    memory.register("frame", pd.DataFrame({"x": [0.1, None, 1e300], "s": ["a", None, ""]}))
    memory.execute("create table t as from frame")
    assert content_hash(memory, "frame") == content_hash(memory, "t")


def test_a_folder_hash_follows_names_and_contents_of_program_text_only(tmp_path: Path) -> None:
    (tmp_path / "a" / "sub").mkdir(parents=True)
    (tmp_path / "a" / "sub" / "x.sql").write_text("select 1")
    first = directory_hash(tmp_path / "a")
    for by_product in ("target/x.sql", "__pycache__/x.py", ".hidden/x.sql", "notes.log"):
        path = tmp_path / "a" / by_product
        path.parent.mkdir(exist_ok=True)
        path.write_text("other")
    (tmp_path / "a").rename(tmp_path / "b")
    assert directory_hash(tmp_path / "b") == first
    (tmp_path / "b" / "sub" / "x.sql").rename(tmp_path / "b" / "x.sql")
    moved = directory_hash(tmp_path / "b")
    (tmp_path / "b" / "x.sql").write_text("select 2")
    assert len({first, moved, directory_hash(tmp_path / "b")}) == 3
