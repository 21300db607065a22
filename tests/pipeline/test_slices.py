"""Facts built for a part of the customers at a time are the same facts."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from retention_pipeline.core import memory
from retention_pipeline.defs import slices
from retention_pipeline.warehouse.connection import connect
from tests.carrying.nights import tables
from tests.pipeline.conftest import ShopFolder


@pytest.mark.parametrize(
    ("limit", "expected"), [("1TB", 1), ("1GB", 1), ("100MB", 3), ("20MB", 13), ("2MB", slices.MOST)]
)
def test_there_are_as_many_parts_as_memory_asks_for(
    limit: str, expected: int, published_shop: ShopFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = published_shop.settings.home
    with connect(home.store, read_only=True) as store:
        ((records,),) = store.execute("select count(*) from raw.orders").fetchall()
    monkeypatch.setattr(slices, "ORDER_BYTES", 250_000_000 // records)
    monkeypatch.setenv(memory.MEMORY_LIMIT, limit)
    assert slices.slices(home) == expected


@pytest.mark.long
def test_parts_come_to_the_same_tables(
    published_shop: ShopFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retention_pipeline.defs.transform.slices", lambda home: 5)
    again = published_shop.copy(tmp_path / "again", with_home=True)
    again.run(rebuild=True)
    assert tables(again.settings.home.build) == tables(published_shop.settings.home.build)
    assert again.version() == published_shop.version()
    with connect(again.settings.home.build, read_only=True) as build:
        for table in ("intermediate.int_customer_periods_ordered", "marts.fct_customer_period"):
            rows = build.execute(f"select left(customer_id, 4) from {table} order by rowid").fetchall()
            parts = [int(digits, 16) * 5 // 65536 for (digits,) in rows]
            assert set(parts) == set(range(5))
            assert all(before <= after for before, after in pairwise(parts)), f"{table} was made in one piece"
