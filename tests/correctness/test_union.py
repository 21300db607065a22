"""Two shops without a customer in common, delivered as one: counts and sums add, rates divide the sums anew."""

from __future__ import annotations

import copy
from pathlib import Path
from random import Random

import duckdb
import pytest

from tests.correctness.delivered import Delivered, read_delivered
from tests.correctness.relations import DAY, PEOPLE, cleaned
from tests.correctness.runs import run
from tests.correctness.tables import Published
from tests.oracle.random_shop import RandomShop

NUMBERS = ("BIGINT", "DECIMAL", "INTEGER")
KEYS = {
    "orders": "number", "customers": "customer", "feedback": "answer", "subscriptions": "contract", "tickets": "ticket",
}  # fmt: skip
SHARED = ("fx_rates", "benchmarks", "control_totals")
"""Facts about the world, not about a shop; and totals of books, which tell of the whole shop only."""
BY_CUSTOMER = ("dim_customer", "dim_customer_segment", "fct_customer_period")
SUMMED = (
    "fct_period", "fct_cohort_period", "fct_order_gap_period", "fct_lifetime_period", "fct_orders_distribution",
    "fct_rfm_transition", "fct_spend_period", "fct_feedback_period", "fct_survey_period", "fct_churn_reason_period",
    "fct_nps_retention_period", "fct_ticket_period", "fct_concentration_period",
)  # fmt: skip
NOT_SUMMED = frozenset(
    {"response_hours_p50", "response_hours_p90", "customers_with_reason", "next_value_top", "top_sq", "top_x_existing"}
)
"""Quantiles, a base that stands only beside the reasons of its own shop, and whoever belongs to the top fifth."""
NOT_DIVIDED = (
    "time_between_orders", "reorder_rate", "first_response_time", "order_value_uplift", "revenue_concentration",
    "average_lifespan", "ltv_to_cac", "acquisition_to_retention_cost", "payback_age", "churn_reason_share",
)  # fmt: skip
"""Metrics that are no quotient of sums over customers."""
PRODUCTS = ("next_year_revenue", "lifespan_revenue", "margin")
WHOLE_HISTORY = "case when grain = 'all' then null else {} end"
POOLED = "case when grain = 'all' or (cohort_age is not null and cohort_start is null) then null else {} end"


@pytest.fixture(scope="module", params=[pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 6, 11)])
def connection(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Both shops and their union, each run once; schemas ``one.main``, ``two.main`` and ``joint.main``."""
    folder = tmp_path_factory.mktemp("union")
    one, two = two_shops(request.param, folder)
    connection = duckdb.connect()
    parsed = None
    for name, shop in (("one", one), ("two", two), ("joint", together(one, two))):
        found = run(shop.write(folder / name), shop.last, parsed=parsed)
        parsed = folder / name / ".retention" / "dbt"
        connection.execute(f"attach '{found.database}' as {name} (read_only)")
        if name == "joint":
            _remember_keys(connection, found)
    return connection


def two_shops(seed: int, folder: Path) -> tuple[Delivered, Delivered]:
    """Two shops of one configuration, calendar and currency; the second with other ids and channels."""
    first = RandomShop(seed)
    first.write(folder / "first")
    second = RandomShop(seed)
    second.random = Random(seed + 1000)
    second.write(folder / "second")
    one, two = (cleaned(read_delivered(folder / name, first.last)) for name in ("first", "second"))
    one.config = two.config = one.config.replace("min_cell_size", "min_cell_size = 1 #")
    for shop, number in ((one, "opening"), (two, "opening 2")):
        _open(shop, number)
    for source in SHARED:
        if source in one.files:
            two.files[source] = one.files[source]
    for source, files in two.files.items():
        columns = {name for name in (KEYS.get(source), "customer" if source in PEOPLE else None) if name}
        for rows in files.values():
            for row in rows:
                for column in columns:
                    cell = two.column(source, column)
                    row[cell] = row[cell] and f"b{row[cell]}"
                if "channel" in two.headers[source]:
                    cell = two.column(source, "channel")
                    row[cell] = f"b{row[cell]}"
    return one, two


def _open(shop: Delivered, number: str) -> None:
    """Give the shop an order of nobody before all others: periods begin with the first order, and must be the same."""
    day = min(day for day in shop.files["orders"] if day is not None)
    at = f"{day - 45 * DAY}T12:00:00"
    known = {"number": number, "at": at, "changed": at, "state": "paid", "value": "10", "refunded": "0"}
    shop.files["orders"][day].append([known.get(name, "") for name in shop.headers["orders"]])


def together(one: Delivered, two: Delivered) -> Delivered:
    """One shop that delivers what both do."""
    both = copy.deepcopy(one)
    for source, files in two.files.items():
        if source not in SHARED:
            for day, rows in files.items():
                both.files[source].setdefault(day, []).extend(rows)
    return both


def _remember_keys(connection: duckdb.DuckDBPyConnection, published: Published) -> None:
    connection.execute("create table keys (name varchar, key varchar[])")
    connection.executemany(
        "insert into keys values (?, ?)", [[name, list(key)] for name, key in published.keys.items()]
    )


def key_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    row = connection.execute("select key from keys where name = ?", [table]).fetchone()
    assert row is not None
    return list(row[0])


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"describe joint.main.{table}").fetchall()}


@pytest.mark.parametrize("table", BY_CUSTOMER)
def test_customers_do_not_notice_each_other(table: str, connection: duckdb.DuckDBPyConnection) -> None:
    apart = f"(from one.main.{table} union all from two.main.{table})"
    for left, right in ((apart, f"joint.main.{table}"), (f"joint.main.{table}", apart)):
        assert connection.execute(f"select count(*) from (from {left} except all from {right})").fetchone() == (0,)


@pytest.mark.parametrize("table", SUMMED)
def test_counts_and_sums_add(table: str, connection: duckdb.DuckDBPyConnection) -> None:
    kinds = columns_of(connection, table)
    key = key_of(connection, table)
    summed = [
        name for name, kind in kinds.items()
        if kind.startswith(NUMBERS) and name not in key and name not in NOT_SUMMED
    ]  # fmt: skip
    assert summed
    # The whole history of a shop begins with its own first order.
    by = ", ".join(f"{WHOLE_HISTORY.format(name)} as {name}" if name == "period_start" else name for name in key)
    zero = " and ".join(f"{name} = 0" for name in summed)
    difference = ", ".join(f"sum(sign * {name}) as {name}" for name in summed)
    sides = " union all ".join(
        f"select {sign} as sign, {by}, {', '.join(summed)} from {shop}.main.{table}"
        for sign, shop in ((1, "one"), (1, "two"), (-1, "joint"))
    )
    wrong = connection.execute(f"select {', '.join(key)}, {difference} from ({sides}) group by all having not ({zero})")
    assert wrong.fetchall() == []


def test_rates_divide_the_sums_anew(connection: duckdb.DuckDBPyConnection) -> None:
    key = key_of(connection, "metric_values")
    by = ", ".join(f"{POOLED.format(name)} as {name}" if name == "period_start" else name for name in key)
    names = ", ".join(f"'{name}'" for name in NOT_DIVIDED)
    products = ", ".join(f"'{name}'" for name in PRODUCTS)
    chosen = f"metric not in ({names}) and not (metric = 'clv' and variant in ({products}))"
    with_value = "status in ('final', 'provisional', 'undefined')"
    for shop in ("one", "two", "joint"):
        connection.execute(
            f"create or replace view v_{shop} as"
            f" select {by}, numerator, denominator, value, {with_value} as is_known"
            f" from {shop}.main.metric_values where {chosen}"
        )
    connection.execute(
        f"create or replace view v_apart as select {', '.join(key)}, sum(numerator) as numerator,"
        " sum(denominator) as denominator, bool_and(is_known) as is_known, count(*) as shops"
        " from (from v_one union all from v_two) group by all"
    )
    same = " and ".join(f"b.{name} is not distinct from a.{name}" for name in key)
    wrong = connection.execute(
        "select b.metric, b.variant, count(*),"
        " count(*) filter (b.numerator is distinct from a.numerator or b.denominator is distinct from a.denominator),"
        " count(*) filter (b.denominator <> 0"
        " and abs(b.value - a.numerator / a.denominator) > 1e-9 * abs(b.value) + 1e-9)"
        f" from v_joint b join v_apart a on {same} where a.is_known and b.is_known group by all"
    ).fetchall()
    assert sum(cells for _, _, cells, *_ in wrong) > 10_000
    assert [row for row in wrong if row[3] or row[4]] == []
