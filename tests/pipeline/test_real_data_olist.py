"""Olist through its example configuration: people, review stars, the wave rule; every cell against the oracle."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from duckdb import DuckDBPyConnection

from retention_pipeline.config import load_settings
from tests.oracle import real_data
from tests.oracle.compare import compare
from tests.oracle.records import Shop
from tests.oracle.running import published, run
from tests.oracle.world import World, compute

CONFIG = real_data.example("olist")

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not (real_data.DATA / "olist_20k").exists(), reason=real_data.ABSENT),
]


@pytest.fixture(scope="module")
def world() -> World:
    return compute(real_data.olist(), Shop.from_settings(load_settings(CONFIG)))


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    home = tmp_path_factory.mktemp("olist")
    run(CONFIG, home)
    with published(home) as opened:
        yield opened


def test_a_person_is_the_unique_customer(connection: DuckDBPyConnection) -> None:
    people = "select count(*), sum(orders_count), sum(revenue_gross) from dim_customer where orders_count > 0"
    assert connection.execute(people).fetchone() == (19_596, 19_759, Decimal("3203815.30"))


def test_review_stars_are_satisfaction_and_never_a_promoter_score(connection: DuckDBPyConnection) -> None:
    measures = connection.execute("select distinct measure, scale_min, scale_max from fct_feedback_period").fetchall()
    assert measures == [("csat", Decimal(1), Decimal(5))]
    nps = "select count(*) from metric_values where metric = 'net_promoter_score' and value is not null"
    assert connection.execute(nps).fetchone() == (0,)


def test_one_answer_per_person_and_wave_counts(connection: DuckDBPyConnection, world: World) -> None:
    counted = (
        "select sum(answers_count), sum(top_box_count) from fct_feedback_period"
        " where grain = 'month' and segment_set = 'all'"
    )
    assert connection.execute(counted).fetchone() == (19_804, 15_284)
    assert len(world.state.answers) == 19_804


def test_every_cell_is_the_oracles_on_both_bases(connection: DuckDBPyConnection, world: World) -> None:
    found = compare(connection, world)
    found.require()
    assert found.cells > 1_000_000, found.text
