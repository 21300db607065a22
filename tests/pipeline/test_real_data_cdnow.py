"""CDNOW through its example configuration: a history of orders and nothing else; every cell against the oracle."""

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

CONFIG = real_data.example("cdnow")

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not (real_data.DATA / "cdnow_sample").exists(), reason=real_data.ABSENT),
]


@pytest.fixture(scope="module")
def world() -> World:
    return compute(real_data.cdnow(), Shop.from_settings(load_settings(CONFIG)))


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    home = tmp_path_factory.mktemp("cdnow")
    run(CONFIG, home)
    with published(home) as opened:
        yield opened


def test_customers_orders_and_revenue(connection: DuckDBPyConnection) -> None:
    people = "select count(*), sum(orders_count), sum(revenue_gross) from dim_customer where orders_count > 0"
    assert connection.execute(people).fetchone() == (2_349, 6_911, Decimal("244091.94"))


def test_whoever_bought_first_in_1997_q1_is_the_only_cohort(connection: DuckDBPyConnection) -> None:
    sizes = "select distinct cohort_start, cohort_size from fct_cohort_period where grain = 'quarter'"
    rows = connection.execute(f"{sizes} order by 1").fetchall()
    assert [cohort.isoformat() for cohort, _ in rows] == ["1997-01-01"]
    assert [size for _, size in rows] == [2_349]


def test_metrics_of_feedback_are_absent_not_zero(connection: DuckDBPyConnection) -> None:
    statuses = "select distinct status, value from metric_values where metric in ('net_promoter_score', 'answers')"
    assert connection.execute(statuses).fetchall() == [("source_absent", None)]


def test_every_cell_is_the_oracles_on_both_bases(connection: DuckDBPyConnection, world: World) -> None:
    found = compare(connection, world)
    found.require()
    assert found.cells > 50_000, found.text
