"""The example configuration reads a database of the shape it describes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from retention_pipeline.config import load_settings
from retention_pipeline.core.progress import Silent
from retention_pipeline.intake.ingest import ingest
from tests.extract.server import READER
from tests.extract.shop import DatabaseShop

EXAMPLE = Path(__file__).parents[2] / "examples" / "postgres.toml"


def test_the_example_reads_the_tables_it_names(shop: DatabaseShop, tmp_path: Path) -> None:
    shop.owner.execute(
        f"""
        drop table shop.orders, shop.customers;
        create table shop.orders (id int, customer_id int, created_at timestamptz, updated_at timestamptz, state text,
                                  currency text, total_cents int);
        create table shop.payments (order_id int, updated_at timestamptz, refunded_cents int);
        create table shop.customers (id int, created_at timestamptz, updated_at timestamptz, country text, name text);
        create table shop.survey_answers (id int, customer_id int, answered_at timestamptz, changed_at timestamptz,
                                          rating int);
        insert into shop.orders values (1, 7, '2026-02-01Z', '2026-02-01Z', 'completed', 'EUR', 1999);
        insert into shop.payments values (1, '2026-02-03Z', 500);
        insert into shop.customers values (7, '2026-02-01Z', '2026-02-01Z', 'DE', 'a name');
        insert into shop.survey_answers values (1, 7, '2026-02-02Z', '2026-02-02Z', 9);
        grant select on all tables in schema shop to {READER};
        """
    )
    settings = load_settings(EXAMPLE, tmp_path / "home")
    report = ingest(shop.store, settings, b"key", received_date=dt.date(2026, 2, 5), progress=Silent())
    assert report.refused == []
    assert shop.query("SELECT amount::VARCHAR, refund_amount::VARCHAR, updated_at::VARCHAR FROM raw.orders") == [
        ("19.9900", "5.0000", "2026-02-03 00:00:00")
    ]
    assert shop.query("SELECT attributes['country'] FROM raw.customers") == [("DE",)]
    assert shop.query("SELECT score::VARCHAR, measure FROM raw.feedback") == [("9.00", "nps")]
