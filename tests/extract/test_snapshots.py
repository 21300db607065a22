"""A table read as a whole every time: what is gone from it is gone; and a look at a table without reading it all."""

from __future__ import annotations

import io

from rich.console import Console

from retention_pipeline.cli.validating import show_validation
from tests.extract.shop import CUSTOMERS, SNAPSHOT, DatabaseShop

WITH_COUNTRY = 'segments = ["country"]'


def current(shop: DatabaseShop, as_of: str) -> list[str]:
    """Order numbers of the latest snapshot by a day: the rule of staging."""
    return [
        number
        for (number,) in shop.query(
            "SELECT order_id FROM raw.orders JOIN raw.deliveries d USING (delivery_id) WHERE d.is_current"
            " AND d.business_date = (SELECT max(business_date) FROM raw.deliveries"
            f" WHERE source = 'orders' AND is_current AND business_date <= DATE '{as_of}') ORDER BY 1"
        )
    ]


def test_a_row_that_is_gone_from_the_next_snapshot_is_deleted_from_then_on(shop: DatabaseShop) -> None:
    shop.configure(SNAPSHOT)
    shop.order(1, "2026-03-01 12:00+00")
    shop.order(2, "2026-03-01 12:00+00")
    shop.ingest("2026-03-02")
    shop.owner.execute("delete from shop.orders where order_id = 1")
    shop.ingest("2026-03-03")
    assert current(shop, "2026-03-01") == ["1", "2"]
    assert current(shop, "2026-03-02") == ["2"]
    assert shop.query("SELECT DISTINCT kind FROM raw.deliveries") == [("snapshot",)]


def test_two_snapshots_of_one_day_are_one(shop: DatabaseShop) -> None:
    shop.configure(SNAPSHOT)
    shop.order(1, "2026-03-01 12:00+00")
    shop.ingest("2026-03-02")
    assert shop.ingest("2026-03-02").sources["orders"].deliveries_unchanged == 1
    shop.order(2, "2026-03-02 01:00+00")
    assert shop.ingest("2026-03-02").sources["orders"].deliveries_superseded == 1
    assert shop.deliveries() == [("2026-03-01", 2)]


def test_the_same_rows_are_the_same_delivery_wherever_the_table_keeps_them(shop: DatabaseShop) -> None:
    shop.configure(SNAPSHOT)
    for number in range(1, 30):
        shop.order(number, "2026-03-01 12:00+00")
    shop.ingest("2026-03-02")
    shop.owner.execute("update shop.orders set note = 'moved' where mod(order_id, 3) = 1")
    assert shop.owner.execute("select order_id from shop.orders limit 1").fetchone() != (1,)
    report = shop.ingest("2026-03-02").sources["orders"]
    assert (report.deliveries_new, report.deliveries_unchanged) == (0, 1)


def test_only_columns_that_are_asked_for_leave_the_database(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    shop.owner.execute("revoke all on shop.customers from reader")
    shop.owner.execute("grant select (customer_id, created_at, updated_at, country) on shop.customers to reader")
    shop.owner.execute("insert into shop.customers values ('c1', 'who@example.org', '2026-02-01', '2026-02-01', 'DE')")
    query = "select customer_id, created_at, updated_at, country from shop.customers"
    source = CUSTOMERS.replace('table = "shop.customers"', f'query = "{query}"')
    shop.configure(rest=source + 'kind = "snapshot"', shop=WITH_COUNTRY)
    shop.ingest("2026-03-02")
    assert shop.query("SELECT attributes['country'] FROM raw.customers") == [("DE",)]


def test_increments_that_become_snapshots_and_back_do_not_mix(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    shop.ingest("2026-03-02")
    shop.owner.execute("delete from shop.orders")
    shop.order(2, "2026-03-02 12:00+00")
    shop.configure(SNAPSHOT)
    shop.ingest("2026-03-03")
    assert shop.deliveries() == [("2026-03-02", 1)]
    shop.configure()
    shop.ingest("2026-03-04")
    assert shop.deliveries() == [(None, 1), ("2026-03-03", 0)]
    assert set(shop.state()) == {"2"}


def test_validate_shows_a_sample_and_stores_nothing(shop: DatabaseShop) -> None:
    shop.owner.execute(
        "insert into shop.orders (order_id, customer_id, ordered_at, status, amount, updated_at)"
        " select n, 'c' || n, '2026-02-01', 'paid', 1, '2026-02-01' from generate_series(1, 5000) n"
    )
    text = io.StringIO()
    show_validation(shop.settings, Console(file=text, width=120))
    shown = text.getvalue()
    assert "postgresql: shop.orders  (a sample of 1000 rows)" in shown
    assert "1000 records = 1000 loaded" in shown
    assert "not read: note" in shown
    assert "fit: a run would accept every source" in shown
    assert not shop.settings.home.store.exists()
    assert shop.query("SELECT count(*) FROM raw.deliveries") == [(0,)]
