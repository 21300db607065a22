"""A small demo shop through the command, every published cell against the oracle."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from retention_pipeline.config import load_settings
from retention_pipeline.demo.shop import write_shop
from tests.oracle.compare import compare
from tests.oracle.landing import read_landing
from tests.oracle.records import MONEY_SCALE, Shop
from tests.oracle.running import identify, published, run
from tests.oracle.state import state_at
from tests.oracle.world import World, compute

CUSTOMERS, DAYS = 400, 300


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "shop"
    write_shop(folder, seed=11, customers=CUSTOMERS, days=DAYS)
    return folder


@pytest.fixture(scope="module")
def world(shop: Path) -> World:
    settings = load_settings(shop / "retention.toml", shop / ".retention")
    return compute(read_landing(settings).records, Shop.from_settings(settings))


def test_the_oracle_finds_the_truth_that_the_simulator_knows(tmp_path: Path) -> None:
    truth = write_shop(tmp_path / "shop", seed=11, customers=CUSTOMERS, days=DAYS)
    settings = load_settings(tmp_path / "shop" / "retention.toml")
    landing = read_landing(settings)
    state = state_at(landing.records, Shop.from_settings(settings), landing.records.default_as_of())
    assert len(state.purchases) == truth.orders_valid
    assert sum(row.gross for row in state.purchases) == truth.revenue_gross * MONEY_SCALE // 100
    assert sum(row.net for row in state.purchases) == truth.revenue_net * MONEY_SCALE // 100
    assert state.excluded == truth.orders_excluded
    assert len(state.answers) == sum(truth.answers_counted.values())
    for source, found in landing.delivered.items():
        assert (found.records, found.broken) == (truth.records[source], sum(truth.quarantined[source].values()))


@pytest.mark.long
def test_the_books_are_explained_by_what_was_planted_and_the_wrong_total_stands_out(shop: Path, world: World) -> None:
    planted = json.loads((shop / "truth.json").read_text(encoding="utf-8"))["control_totals"]
    wrong, seen = planted["wrong"], False
    for (measure, _, start), cells in world.facts["reconciliation"].rows.items():
        causes = {name for name in cells["explained_by"].split(", ") if name != "nothing"}
        assert causes <= set(planted["includes"][measure])
        if cells["status"] == "final" and measure != "orders" and "quarantine" not in causes:
            left = planted["remainders"].get(f"{start:%Y-%m}", {}).get(measure, "0")
            assert cells["remainder"] == Decimal(left), (measure, start)
            seen |= (f"{start:%Y-%m}", measure) == (wrong["month"], wrong["measure"])
    assert seen


@pytest.mark.long
def test_every_cell_of_the_demo_shop_is_the_oracles(shop: Path, world: World, tmp_path: Path) -> None:
    run(shop / "retention.toml", tmp_path / "home")
    with published(tmp_path / "home") as connection:
        found = compare(connection, world, identify=identify(tmp_path / "home"))
    found.require()
    assert found.cells > 100_000, found.text
