"""Writing the demo shop: sizes, bytes, headers, configuration, refusals."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
from decimal import Decimal
from itertools import chain
from pathlib import Path

import pytest

from retention_pipeline.config import load_settings
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.demo.answers import COMMENT_CANARY, RESPONSE_WINDOW_DAYS
from retention_pipeline.demo.dirt import BAD_ORDERS
from retention_pipeline.demo.dirt_people import BAD_CUSTOMERS, BAD_FEEDBACK
from retention_pipeline.demo.dirt_service import BAD_SERVICE
from retention_pipeline.demo.files import DAILY, HISTORY, MONTHLY
from retention_pipeline.demo.lines import HEADERS
from retention_pipeline.demo.purchases import TIERS
from retention_pipeline.demo.shop import write_shop
from retention_pipeline.demo.tickets import SLA_HOURS
from retention_pipeline.demo.truth import Truth

Shop = tuple[Path, Truth]


def _bytes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_writes_the_same_bytes_and_another_seed_does_not(tiny_shop: Shop, tmp_path: Path) -> None:
    write_shop(tmp_path / "again", customers=200, days=120)
    write_shop(tmp_path / "other", customers=200, days=120, seed=8)
    assert _bytes(tmp_path / "again") == _bytes(tiny_shop[0])
    assert _bytes(tmp_path / "other").keys() == _bytes(tiny_shop[0]).keys()
    assert _bytes(tmp_path / "other") != _bytes(tiny_shop[0])


def test_the_default_shop_has_three_years_ten_thousand_customers_and_about_fifty_thousand_orders(
    default_shop: Shop,
) -> None:
    truth = default_shop[1]
    assert (truth.start, truth.last) == (dt.date(2023, 1, 1), dt.date(2025, 12, 31))
    assert truth.customers == 10_000
    assert 45_000 <= truth.orders_sent <= 55_000
    assert truth.orders_guest / truth.orders_valid == pytest.approx(0.05, abs=0.005)
    assert truth.orders_refunded / truth.orders_valid == pytest.approx(0.04, abs=0.005)
    assert truth.orders_foreign / truth.orders_valid == pytest.approx(0.045, abs=0.01)
    assert truth.orders_excluded["status_cancelled"] / truth.orders_sent == pytest.approx(0.02, abs=0.003)
    assert len(truth.months) == 36


def test_every_source_is_written_in_its_own_rhythm() -> None:
    assert sorted((*DAILY, *MONTHLY, *HISTORY)) == sorted(HEADERS)


def test_each_daily_source_has_one_file_a_day_with_its_header(default_shop: Shop) -> None:
    for source in DAILY:
        header = HEADERS[source]
        paths = sorted((default_shop[0] / "landing" / source).iterdir())
        dates = [dt.date.fromisoformat(path.stem.removeprefix(f"{source}_")) for path in paths]
        assert dates == [dt.date(2023, 1, 1) + dt.timedelta(days=day) for day in range(1096)]
        assert {path.read_bytes().split(b"\n", 1)[0].decode() for path in paths} == {",".join(header)}


def test_each_monthly_source_has_one_file_dated_on_the_last_day_of_each_month(
    default_shop: Shop, tiny_shop: Shop
) -> None:
    for source in MONTHLY:
        names = sorted(path.name for path in (default_shop[0] / "landing" / source).iterdir())
        assert (len(names), names[1], names[13]) == (36, f"{source}_2023-02-28.csv", f"{source}_2024-02-29.csv")
        assert len(list((tiny_shop[0] / "landing" / source).iterdir())) == 4


def test_a_monthly_file_tells_of_its_month_only_and_of_each_thing_once(default_shop: Shop) -> None:
    for source, key in {"subscriptions": "contract_no", "tickets": "ticket_no"}.items():
        for path in (default_shop[0] / "landing" / source).iterdir():
            with path.open(encoding="utf-8", newline="") as stream:
                rows = [row for row in csv.DictReader(stream) if row[key] and row.get("monthly") != ""]
            good = {tuple(row.values()) for row in rows if "2001-01-01T08:00:00" not in row.values()}
            assert {row["changed_at"][:7] for row in rows} <= {path.stem[-10:-3]}
            assert len({row[0] for row in good}) == len(good) > 0


def test_each_history_has_one_file_with_its_header(tiny_shop: Shop) -> None:
    for source in HISTORY:
        (path,) = (tiny_shop[0] / "landing" / source).iterdir()
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        assert (path.name, header) == (f"{source}.csv", ",".join(HEADERS[source]))
        assert len(rows) >= 8


def test_the_day_of_stock_taking_has_files_with_a_header_only(default_shop: Shop) -> None:
    for source in DAILY:
        path = default_shop[0] / "landing" / source / f"{source}_2024-01-01.csv"
        assert path.read_text(encoding="utf-8") == ",".join(HEADERS[source]) + "\n"


def test_a_tiny_shop_still_holds_every_fault_it_has_room_for(tiny_shop: Shop, default_shop: Shop) -> None:
    planted, everything = tiny_shop[1].planted, default_shop[1].planted
    for fault in (*BAD_ORDERS, *BAD_CUSTOMERS, *BAD_FEEDBACK):
        assert everything[fault.name] >= 1
    for fault in chain(*BAD_SERVICE.values()):
        assert planted[fault.name] >= 1
    needs_more_days = {"late_by_400_days", "in_the_repeated_hour"}
    rare_by_chance = {"staff_test", "free_sample", "annulled_at_once", "corrected"}
    absent = set(everything) - {name for name, count in planted.items() if count}
    assert absent <= needs_more_days | rare_by_chance | {fault.name for fault in BAD_FEEDBACK[2:]}


@pytest.mark.parametrize(("customers", "days"), [(50, 28), (120, 60), (200, 120)])
def test_no_source_is_so_broken_that_the_limit_of_the_configuration_refuses_it(
    customers: int, days: int, tmp_path: Path
) -> None:
    truth = write_shop(tmp_path, customers=customers, days=days)
    limits = load_settings(tmp_path / "retention.toml").limits
    for source, reasons in truth.quarantined.items():
        allowed = limits.max_quarantined_share * truth.records[source]
        tolerated = 0 if source in DAILY else limits.tolerated_quarantined_rows
        assert sum(reasons.values()) <= max(allowed, tolerated)


def test_the_configuration_loads_and_maps_neither_names_nor_comments(tiny_shop: Shop) -> None:
    folder, _ = tiny_shop
    settings = load_settings(folder / "retention.toml")
    assert settings.home_dir == (folder / ".retention").resolve()
    assert tuple(settings.sources.configured()) == tuple(HEADERS)
    for name, source in settings.sources.configured().items():
        assert source.is_dated == (name not in HISTORY)
        assert set(source.columns.values()) <= set(HEADERS[name])
        assert not set(source.columns.values()) & {"first_name", "last_name", "email", "comment", "message"}
    assert settings.sources.customers is not None
    assert set(settings.shop.loyalty_tiers) == set(TIERS)
    assert settings.shop.sla_hours == SLA_HOURS
    assert settings.shop.response_window_days == RESPONSE_WINDOW_DAYS
    assert settings.derived_segments == ("new_returning", "nps_group", "rfm")
    assert set(settings.shop.segments) <= set(settings.sources.customers.columns)


def test_every_word_of_the_files_is_in_the_configured_vocabularies(default_shop: Shop) -> None:
    settings = load_settings(default_shop[0] / "retention.toml")
    sources = settings.sources
    assert sources.feedback is not None
    assert sources.tickets is not None
    assert sources.spend is not None
    column = {"orders": "state", "feedback": "survey", "tickets": "topic", "spend": "purpose"}
    words: dict[str, set[str]] = {source: set() for source in column}
    for path in (default_shop[0] / "landing").rglob("*.csv"):
        if path.parent.name in column:
            with path.open(encoding="utf-8", newline="") as stream:
                words[path.parent.name] |= {row[column[path.parent.name]] for row in csv.DictReader(stream)}
    assert words == {
        "orders": set(sources.orders.status),
        "feedback": {*sources.feedback.scales, "smiley"},
        "tickets": set(sources.tickets.kinds),
        "spend": {*sources.spend.kinds, "new desks"},
    }


def test_comments_names_and_mail_addresses_are_there_to_be_left_alone(default_shop: Shop) -> None:
    feedback = [path.read_text(encoding="utf-8") for path in (default_shop[0] / "landing" / "feedback").iterdir()]
    customers = (default_shop[0] / "landing" / "customers" / "customers_2025-06-02.csv").read_text(encoding="utf-8")
    assert sum(text.count(COMMENT_CANARY) for text in feedback) > 50
    assert any('"The ""gift box"" was dented,\nthe content was fine"' in text for text in feedback)
    assert "@example.com" in customers


def test_truth_json_says_what_was_returned(tiny_shop: Shop) -> None:
    folder, truth = tiny_shop
    written = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert written["orders_valid"] == truth.orders_valid
    assert written["quarantined"] == truth.quarantined
    assert Decimal(written["revenue_gross"]) * 100 == truth.revenue_gross
    assert written["parameters"] == truth.parameters
    assert sum(month["tickets"] for month in written["months"].values()) == sum(
        truth.tickets[kind] for kind in ("complaint", "question", "other")
    )
    assert sum(month["orders"] for month in written["months"].values()) == truth.orders_valid
    assert written["last"] == "2023-04-30"


def test_writing_again_replaces_a_longer_shop_without_leftovers(tmp_path: Path, tiny_shop: Shop) -> None:
    write_shop(tmp_path, customers=60, days=150)
    write_shop(tmp_path, customers=200, days=120)
    assert _bytes(tmp_path) == _bytes(tiny_shop[0])


def test_a_folder_with_other_deliveries_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    with pytest.raises(ConfigError, match="not a demo shop"):
        write_shop(tmp_path, customers=60, days=30)
    assert list(tmp_path.rglob("*")) == [tmp_path / "landing"]


def test_a_shop_too_small_to_mean_anything_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least 50 customers and 28 days"):
        write_shop(tmp_path, customers=49)
