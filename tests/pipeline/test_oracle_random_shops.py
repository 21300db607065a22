"""Tiny random shops through the command, every published cell against the oracle."""

from __future__ import annotations

from pathlib import Path

import pytest

from retention_pipeline.config import load_settings
from tests.oracle.compare import compare
from tests.oracle.landing import read_landing
from tests.oracle.random_shop import DAY, RandomShop
from tests.oracle.records import Shop
from tests.oracle.running import identify, published, run
from tests.oracle.world import compute

SEEDS = [
    pytest.param(4, marks=pytest.mark.long),
    pytest.param(69, marks=pytest.mark.long),
    *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3, 5, 6, 7, 8, 23, 62)),
]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_cell_of_a_random_shop_is_the_oracles(seed: int, tmp_path: Path) -> None:
    shop = RandomShop(seed)
    config = shop.write(tmp_path / "shop")
    settings = load_settings(config, tmp_path / "home")
    landing = read_landing(settings)
    for as_of in (shop.last, shop.start + 71 * DAY):
        run(config, tmp_path / "home", "--as-of", as_of.isoformat())
        with published(tmp_path / "home") as connection:
            world = compute(landing.records, Shop.from_settings(settings), as_of)
            compare(connection, world, identify=identify(tmp_path / "home")).require()
