"""The whole pipeline on a small shop: what is published, and that it depends on nothing it should not depend on."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest

from retention_pipeline import connect
from retention_pipeline.alerts import alive
from retention_pipeline.config import Sources
from retention_pipeline.demo.redelivery import redeliver_day
from retention_pipeline.warehouse.read import published_manifest
from tests.pipeline.conftest import ShopFolder


def truth_of(shop: ShopFolder) -> dict[str, object]:
    content: dict[str, object] = json.loads((shop.folder / "truth.json").read_text(encoding="utf-8"))
    return content


def test_every_delivered_record_is_accounted_for(published_shop: ShopFolder) -> None:
    rows = published_shop.rows("select source, records, loaded + quarantined + suppressed, quarantined from _freshness")
    assert {source for source, *_ in rows} == set(Sources.model_fields)
    for source, records, accounted, quarantined in rows:
        assert records == accounted, source
        assert quarantined > 0, f"{source}: the demo plants bad rows"


def test_revenue_and_orders_per_month_are_the_simulators(published_shop: ShopFolder) -> None:
    months = published_shop.rows(
        "select strftime(period_start, '%Y-%m'), orders_count + orders_count_guest, "
        "revenue_gross + revenue_gross_guest from fct_period "
        "where basis = 'calendar' and grain = 'month' and segment_set = 'all' order by 1"
    )
    truth = truth_of(published_shop)["months"]
    assert isinstance(truth, dict)
    assert len(months) == len(truth) >= 4
    for month, orders, revenue in months:
        assert orders == truth[month]["orders"], month
        assert revenue == Decimal(truth[month]["revenue_gross"]), month


def test_a_second_run_publishes_nothing_new(shop: ShopFolder) -> None:
    before, hashes, served = shop.version(), shop.table_hashes(), shop.served_bytes()
    alive_before = alive.read(shop.settings.home)
    printed = shop.run()
    assert "unchanged" in printed
    success = alive.read(shop.settings.home).last_success
    assert success is not None
    assert alive_before.last_success is not None
    assert (success.outcome, success.version) == ("unchanged", before)
    assert success.finished_at > alive_before.last_success.finished_at
    assert (shop.version(), shop.table_hashes(), shop.served_bytes()) == (before, hashes, served)


@pytest.mark.long
def test_a_fresh_home_gives_the_same_content(fresh_shop: ShopFolder, published_shop: ShopFolder) -> None:
    fresh_shop.run()
    assert fresh_shop.table_hashes() == published_shop.table_hashes()


@pytest.mark.long
def test_a_redelivered_day_changes_what_it_corrects_and_comes_back(shop: ShopFolder) -> None:
    hashes = shop.table_hashes()
    orders = (
        "select sum(orders_count + orders_count_guest) from fct_period "
        "where basis = 'calendar' and grain = 'month' and segment_set = 'all'"
    )
    before = shop.rows(orders)[0][0]
    day = shop.folder / "landing" / "orders"
    original = {path: path.read_bytes() for path in day.iterdir()}
    change = redeliver_day(shop.folder)
    shop.run()
    assert shop.version() == "v000002"
    assert shop.rows(orders)[0][0] - before == change.orders_change != 0
    Path(change.path).write_bytes(original[Path(change.path)])
    shop.run()
    assert shop.table_hashes() == hashes


@pytest.mark.long
def test_as_of_a_past_date_is_what_could_be_known_then(fresh_shop: ShopFolder, shop: ShopFolder) -> None:
    day = dt.date(2023, 3, 10)
    shop.run(day)
    for path in (fresh_shop.folder / "landing").rglob("*.csv"):
        if "_20" in path.stem and dt.date.fromisoformat(path.stem[-10:]) > day:  # a history file stays whole
            path.unlink()
    fresh_shop.run()
    assert fresh_shop.rows("select distinct as_of from metric_values") == [(day,)]
    assert fresh_shop.table_hashes() == shop.table_hashes()


@pytest.mark.parametrize(
    "zone",
    [
        pytest.param("Asia/Kolkata", marks=pytest.mark.long),
        pytest.param("America/New_York", marks=pytest.mark.long),
        pytest.param("Pacific/Auckland", marks=pytest.mark.slow),
    ],
)
def test_the_hosts_time_zone_changes_nothing(zone: str, fresh_shop: ShopFolder, published_shop: ShopFolder) -> None:
    done = fresh_shop.command("run", TZ=zone, LC_ALL="C", PYTHONHASHSEED="7")
    assert done.returncode == 0, done.stderr
    assert fresh_shop.table_hashes() == published_shop.table_hashes()


def test_the_manifest_says_what_the_version_was_made_from(published_shop: ShopFolder) -> None:
    manifest = published_manifest(published_shop.settings.home)
    delivered = {name: source["deliveries"] for name, source in manifest["inputs"].items()}
    assert set(delivered) == set(Sources.model_fields)
    assert all(delivered[name] == 120 for name in ("customers", "feedback", "orders"))
    assert all(delivered[name] == 1 for name in ("churn_reasons", "spend", "fx_rates", "benchmarks"))
    assert delivered["control_totals"] == 4
    assert all(len(source["sha256"]) == 64 for source in manifest["inputs"].values())
    assert manifest["checks"]["passed"] > 100
    assert published_shop.settings.home_dir.stat().st_mode & 0o777 == 0o711


def test_consumers_need_nothing_but_the_home_directory(published_shop: ShopFolder) -> None:
    with connect(published_shop.settings.home_dir) as published:
        tables = {row[0] for row in published.execute("show tables").fetchall()}
        undocumented = published.execute(
            "select table_name, column_name from information_schema.columns anti join _data_dictionary "
            "using (table_name, column_name)"
        ).fetchall()
    assert {"metric_values", "customer_retention", "fct_period", "dim_period", "_freshness", "_versions"} <= tables
    assert undocumented == []
    current = published_shop.settings.home.current_link
    assert {path.stem for path in current.glob("*.parquet")} == tables


def test_no_personal_data_is_in_any_byte_the_run_wrote(published_shop: ShopFolder) -> None:
    from retention_pipeline.demo.answers import COMMENT_CANARY

    needles = [b"@example.com", COMMENT_CANARY.encode()]
    searched = 0
    for path in published_shop.settings.home_dir.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            searched += len(content)
            assert not any(needle in content for needle in needles), path
    assert searched > 1_000_000
