"""Online Retail through its example configuration: published figures, and every cell against the oracle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
from duckdb import DuckDBPyConnection

from retention_pipeline.config import load_settings
from tests.oracle import real_data
from tests.oracle.compare import compare
from tests.oracle.records import MONEY_SCALE, Shop
from tests.oracle.running import published, run
from tests.oracle.world import World, compute

CONFIG = real_data.example("online_retail")
FIRST_COHORT = [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]
ALL_MONTHS = "from fct_period where grain = 'month' and basis = 'calendar' and segment_set = 'all'"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not (real_data.DATA / "online_retail").exists(), reason=real_data.ABSENT),
]


@pytest.fixture(scope="module")
def world() -> World:
    return compute(real_data.online_retail(), Shop.from_settings(load_settings(CONFIG)))


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    home = tmp_path_factory.mktemp("online_retail")
    run(CONFIG, home)
    with published(home) as opened:
        yield opened


def test_the_oracle_reproduces_the_published_figures(world: World) -> None:
    known = [row for row in world.state.purchases if row.customer_id is not None]
    assert len(known) == 18_532
    assert len({row.customer_id for row in known}) == 4_338
    assert Decimal(sum(row.gross for row in known)) / MONEY_SCALE == Decimal("8911407.904")
    assert world.state.excluded == {"status_cancelled": 3_836, "status_void": 3, "non_positive_amount": 2_102}


def test_customers_orders_and_revenue(connection: DuckDBPyConnection) -> None:
    people = "select count(*), count(*) filter (where orders_count >= 2), sum(orders_count), sum(revenue_gross)"
    row = connection.execute(f"{people} from dim_customer where orders_count > 0").fetchone()
    assert row is not None
    customers, repeaters, orders, revenue = row
    assert (customers, orders, revenue) == (4_338, 18_532, Decimal("8911407.904"))
    assert round(float(revenue) / float(orders), 2) == 480.87
    assert round(repeaters / customers, 4) == 0.6558
    assert round(float(orders) / customers, 3) == 4.272


def test_months_add_up_to_the_whole(connection: DuckDBPyConnection) -> None:
    sums = (
        f"select sum(orders_count), sum(revenue_gross), sum(orders_count_guest), sum(revenue_gross_guest) {ALL_MONTHS}"
    )
    assert connection.execute(sums).fetchone() == (
        18_532,
        Decimal("8911407.904"),
        1_427,
        Decimal("1744214.58"),
    )


def test_the_lifetime_repeat_rate_of_the_last_month_is_that_of_all(connection: DuckDBPyConnection) -> None:
    row = connection.execute(
        "select value, n from metric_values where metric = 'repeat_customer_rate' and variant = 'lifetime'"
        " and grain = 'month' and segment_set = 'all' and period_start = date '2011-12-01'"
    ).fetchone()
    assert row is not None
    assert (round(row[0], 4), row[1]) == (0.6558, 4_338)


def test_the_first_cohort_with_its_last_month_provisional(connection: DuckDBPyConnection) -> None:
    rows = connection.execute(
        "select cast(numerator as bigint), status, denominator from metric_values where metric = 'cohort_retention'"
        " and variant = 'on' and grain = 'month' and segment_set = 'all' and cohort_start = date '2010-12-01'"
        " and value is not null order by cohort_age"
    ).fetchall()
    assert [count for count, _, _ in rows] == FIRST_COHORT
    assert [status for _, status, _ in rows] == ["final"] * 12 + ["provisional"]
    assert {size for _, _, size in rows} == {885}


def test_nothing_is_quarantined_or_lost(connection: DuckDBPyConnection) -> None:
    assert connection.execute("select max(data_through) from metric_values").fetchone() == (dt.date(2011, 12, 9),)


def test_every_cell_is_the_oracles_on_both_bases(connection: DuckDBPyConnection, world: World) -> None:
    found = compare(connection, world)
    found.require()
    assert found.cells > 1_000_000, found.text
