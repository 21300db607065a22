from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from benchmarks.shop import DAILY, DAYS, REFUNDED_SHARE, draw_block, write_shop
from retention_pipeline.config import load_settings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder, 2000)
    return folder


def test_the_files_are_those_of_a_shop_that_the_product_can_read(folder: Path) -> None:
    settings = load_settings(folder / "retention.toml")
    assert list(settings.sources.configured()) == ["orders", "customers", "feedback"]
    assert len(list((folder / "landing" / "orders").glob("*.parquet"))) == DAILY + 1
    assert not (folder / "parts").exists()


def test_the_same_seed_writes_the_same_rows(folder: Path, tmp_path: Path) -> None:
    shops = [write_shop(tmp_path / name, 2000, seed=seed) for name, seed in (("same", 11), ("other", 12))]
    one, same, other = (
        duckdb.sql(f"FROM '{place}/landing/orders/*.parquet' ORDER BY order_id").fetchall()
        for place in (folder, *(shop.folder for shop in shops))
    )
    assert one == same
    assert one != other
    assert len(one) == shops[0].orders


def test_orders_are_delivered_on_their_day_or_late_and_once(folder: Path) -> None:
    lateness = duckdb.sql(
        "SELECT date_diff('day', ordered_at::DATE, regexp_extract(filename, '([0-9-]{10}).parquet', 1)::DATE),"
        f" filename = (SELECT min(filename) FROM read_parquet('{folder}/landing/orders/*', filename = true))"
        f" FROM read_parquet('{folder}/landing/orders/*', filename = true)"
    ).fetchall()
    daily = [days for days, is_first in lateness if not is_first]
    assert min(daily) == 0
    assert 0 < max(daily) <= 20
    delivered = f"{folder}/landing/orders/*.parquet"
    ids = duckdb.sql(f"SELECT order_id FROM '{delivered}'").fetchall()
    assert len(ids) == len(set(ids))


def test_most_customers_order_little_and_a_few_very_much() -> None:
    block = draw_block(np.random.default_rng(1), 0, 20_000)
    counts = np.sort(block.groupby("customer").size().to_numpy())
    assert len(counts) == 20_000
    assert 7.5 < counts.mean() < 8.5
    assert np.median(counts) <= 5
    assert counts[-1000:].sum() > counts.sum() / 5  # a twentieth of the customers places over a fifth of the orders
    assert block["second"].max() < DAYS * 86_400
    assert abs((block["refund_cents"] > 0).mean() - REFUNDED_SHARE) < 0.01
