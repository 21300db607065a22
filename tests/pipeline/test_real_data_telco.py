"""Telco through its example configuration: contracts instead of purchases; every cell against the oracle."""

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

CONFIG = real_data.example("telco")
DECEMBER = "from fct_period where basis = 'subscription' and grain = 'month' and period_start = date '2019-12-01'"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not (real_data.DATA / "telco").exists(), reason=real_data.ABSENT),
]


@pytest.fixture(scope="module")
def world() -> World:
    return compute(real_data.telco(), Shop.from_settings(load_settings(CONFIG)))


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBPyConnection]:
    home = tmp_path_factory.mktemp("telco")
    run(CONFIG, home)
    with published(home) as opened:
        yield opened


def test_the_published_churn_is_of_everybody_in_the_picture(connection: DuckDBPyConnection) -> None:
    counts = f"select customers_lost, customers_start, customers_new {DECEMBER} and segment_set = 'all'"
    lost, start, new = connection.execute(counts).fetchone() or (0, 0, 0)
    assert (lost, start, new) == (1_869, 7_032, 11)
    # 26.54 % divides by all 7,043 customers; eleven of them came on the last day and could not have been lost yet.
    assert round(lost / (start + new), 4) == 0.2654


def test_the_churn_rate_is_of_those_who_could_be_lost(connection: DuckDBPyConnection) -> None:
    row = connection.execute(
        "select value, numerator, denominator, status from metric_values where metric = 'customer_churn_rate'"
        " and variant = 'base_leavers' and basis = 'subscription' and grain = 'month' and segment_set = 'all'"
        " and period_start = date '2019-12-01'"
    ).fetchone()
    assert row is not None
    assert (round(row[0], 4), *row[1:]) == (0.2658, 1_869, 7_032, "final")


def test_monthly_contracts_are_left_most(connection: DuckDBPyConnection) -> None:
    by_contract = f"select segment_key, customers_lost {DECEMBER} and segment_set = 'contract' order by 2 desc"
    assert connection.execute(by_contract).fetchall() == [
        ("Month-to-month", 1_655),
        ("One year", 166),
        ("Two year", 48),
    ]


def test_bills_and_what_they_come_to(connection: DuckDBPyConnection) -> None:
    people = "select count(*), sum(orders_count), sum(revenue_gross) from dim_customer where orders_count > 0"
    assert connection.execute(people).fetchone() == (7_032, 227_990, Decimal("16055091.45"))


def test_every_cell_is_the_oracles_on_all_bases(connection: DuckDBPyConnection, world: World) -> None:
    found = compare(connection, world)
    found.require()
    assert found.cells > 1_000_000, found.text
