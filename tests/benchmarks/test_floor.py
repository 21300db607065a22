from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from benchmarks import floor, pandas_reference
from benchmarks.contenders import AS_OF
from benchmarks.shop import write_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder, 1000)
    floor.build(folder, folder / "floor.duckdb", AS_OF)
    return folder


def test_floor_and_pandas_agree_on_cohorts(shop: Path) -> None:
    found = pandas_reference.cohort_facts(shop / "landing", AS_OF)
    with duckdb.connect(str(shop / "floor.duckdb"), read_only=True) as con:
        expected = con.sql(
            "SELECT segment_set, segment_key, customers_active, orders_count FROM fct_cohort_period"
            " WHERE grain = 'month' AND customers_active > 0 ORDER BY ALL"
        ).fetchall()
    columns = ["segment_set", "segment_key", "customers", "orders"]
    assert sorted(found[columns].itertuples(index=False, name=None)) == expected


def test_a_difference_between_floor_and_pipeline_is_counted(shop: Path, tmp_path: Path) -> None:
    build = tmp_path / "build.duckdb"
    with duckdb.connect(str(build)) as con:
        con.execute(f"ATTACH '{shop / 'floor.duckdb'}' AS floor (READ_ONLY)")
        for schema in ("staging", "intermediate", "marts"):
            con.execute(f"CREATE SCHEMA {schema}")
        for ours, theirs, *_ in floor.SHARED.values():
            con.execute(f"CREATE TABLE IF NOT EXISTS {theirs} AS FROM floor.{ours}")
    assert set(floor.differences(shop / "floor.duckdb", build).values()) == {0}
    with duckdb.connect(str(build)) as con:
        con.execute("DELETE FROM intermediate.int_customer_spells WHERE spell_number = 2")
    found = floor.differences(shop / "floor.duckdb", build)
    assert found["spells"] > 0
    assert found["cohorts"] == 0


def test_spells_join_orders_within_the_window() -> None:
    days = pd.to_datetime(["2024-01-01", "2024-03-31", "2024-07-01"])  # 90 days later, then 92
    orders = pd.DataFrame({"customer_id": "a", "day": days})
    found = pandas_reference.spells(orders)
    assert list(found["start"]) == [days[0], days[2]]
    assert list(found["end"]) == [days[1] + pandas_reference.WINDOW, days[2] + pandas_reference.WINDOW]
