"""History first, then what changed: nothing twice, nothing lost."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from retention_pipeline.core.window import Window
from retention_pipeline.warehouse.store import data_through, default_as_of, first_known
from tests.extract.shop import DatabaseShop


def test_the_first_reading_is_a_history_known_on_its_own_dates(shop: DatabaseShop) -> None:
    shop.order(1, "2026-02-01 12:00+00", ordered="2026-02-01 10:00+00")
    shop.order(2, "2026-03-01 23:30+00")  # 2 March in Berlin
    shop.order(3, None, ordered="2026-01-15 10:00+00")
    report = shop.ingest("2026-03-10").sources["orders"]
    assert (report.records, report.loaded, report.deliveries_new) == (3, 3, 2)
    assert shop.deliveries() == [(None, 3), ("2026-03-09", 0)]
    known = dict(shop.query("SELECT order_id, known_date::VARCHAR FROM raw.orders"))
    assert known == {"1": "2026-02-01", "2": "2026-03-02", "3": "2026-01-15"}
    assert set(shop.state("2026-02-15")) == {"1", "3"}
    assert first_known(shop.store) == dt.date(2026, 1, 15)


def test_a_history_read_in_the_small_hours_counts_up_to_the_day_that_was_over(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-10 01:30+00", ordered="2026-03-09 20:00+00")
    shop.ingest("2026-03-10")
    assert set(shop.state("2026-03-09")) == {"1"}
    assert default_as_of(shop.store) == dt.date(2026, 3, 9)


def test_later_readings_bring_what_changed_under_the_day_that_was_over(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    shop.ingest("2026-03-02")
    shop.order(1, "2026-03-02 15:00+00", status="cancelled")
    shop.order(2, "2026-03-02 16:00+00", ordered="2025-06-01 10:00+00")  # late, by nine months
    shop.ingest("2026-03-03")
    assert shop.deliveries() == [(None, 1), ("2026-03-01", 0), ("2026-03-02", 2)]
    assert shop.state("2026-03-01") == {"1": ("paid", "10.0000")}
    assert shop.state() == {"1": ("cancelled", "10.0000"), "2": ("paid", "10.0000")}


def test_an_idle_night_brings_an_empty_delivery_and_still_counts_as_seen(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 23:59:59.999999+00")
    shop.ingest("2026-03-02")
    for night in ("2026-03-03", "2026-03-04"):
        report = shop.ingest(night).sources["orders"]
        assert (report.deliveries_new, report.records) == (1, 0)
    assert shop.deliveries() == [(None, 1), ("2026-03-01", 0), ("2026-03-02", 0), ("2026-03-03", 0)]
    assert default_as_of(shop.store) == dt.date(2026, 3, 3)
    assert data_through(shop.store, shop.settings, dt.date(2026, 3, 3)) == {"orders": dt.date(2026, 3, 3)}


def test_a_night_without_a_reading_is_no_gap_and_days_before_the_first_are_the_history_s(shop: DatabaseShop) -> None:
    shop.order(1, "2026-02-20 12:00+00")
    shop.ingest("2026-03-02")
    shop.order(2, "2026-03-03 12:00+00")
    shop.ingest("2026-03-08")
    through = {
        day: data_through(shop.store, shop.settings, dt.date.fromisoformat(day))["orders"]
        for day in ("2026-02-01", "2026-02-25", "2026-03-05", "2026-03-07")
    }
    assert {day: through[day] and str(through[day]) for day in through} == {
        "2026-02-01": None,
        "2026-02-25": "2026-02-25",
        "2026-03-05": "2026-03-01",
        "2026-03-07": "2026-03-07",
    }


def test_rows_of_the_same_instant_as_the_last_one_are_not_missed(shop: DatabaseShop) -> None:
    shop.configure('database = "postgresql"\ntable = "shop.orders"\ncursor = "updated_at"\ncursor_lookback_minutes = 0')
    shop.order(1, "2026-03-01 12:00:00.123456+00")
    shop.ingest("2026-03-02")
    shop.order(2, "2026-03-01 12:00:00.123456+00")
    report = shop.ingest("2026-03-03").sources["orders"]
    assert (report.records, set(shop.state())) == (1, {"1", "2"})


def test_a_transaction_that_commits_late_is_seen_within_the_lookback(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    with shop.server.connect() as slow, slow.transaction():
        slow.execute(
            "insert into shop.orders (order_id, ordered_at, status, amount, updated_at)"
            " values (2, '2026-03-01 11:30+00', 'paid', 5, '2026-03-01 11:30+00')"
        )
        shop.ingest("2026-03-02")
        assert set(shop.state()) == {"1"}
    shop.ingest("2026-03-03")
    assert set(shop.state()) == {"1", "2"}


def test_two_readings_for_one_day_lose_nothing_of_each_other(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    shop.ingest("2026-03-02")
    shop.order(2, "2026-03-02 09:00+00")
    shop.ingest("2026-03-03")
    shop.order(3, "2026-03-02 18:00+00")
    shop.order(1, "2026-03-03 08:00+00", status="refunded")
    report = shop.ingest("2026-03-03").sources["orders"]
    assert report.deliveries_superseded == 1
    assert shop.deliveries() == [(None, 1), ("2026-03-01", 0), ("2026-03-02", 3)]
    assert set(shop.state()) == {"1", "2", "3"}
    again = shop.ingest("2026-03-03").sources["orders"]
    assert (again.deliveries_new, again.deliveries_unchanged) == (0, 1)
    shop.ingest("2026-03-04")
    assert shop.deliveries()[-1] == ("2026-03-03", 0)


def test_two_readings_on_the_first_day_keep_the_history(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    shop.ingest("2026-03-02")
    shop.order(2, "2026-03-01 18:00+00")
    shop.ingest("2026-03-02")
    assert shop.deliveries() == [(None, 1), ("2026-03-01", 1)]
    assert set(shop.state("2026-03-01")) == {"1", "2"}


def test_a_shop_that_begins_with_an_empty_table(shop: DatabaseShop) -> None:
    shop.ingest("2026-03-01")
    assert shop.deliveries() == [(None, 0), ("2026-02-28", 0)]
    shop.order(1, "2026-03-01 12:00+00")
    shop.ingest("2026-03-02")
    assert shop.deliveries() == [(None, 0), ("2026-02-28", 0), ("2026-03-01", 1)]


def test_an_earlier_day_is_not_made_up_from_what_the_table_holds_now(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    shop.ingest("2026-03-05")
    shop.order(2, "2026-03-06 12:00+00")
    report = shop.ingest("2026-03-03").sources["orders"]
    assert "not read for 2026-03-02: it was read for 2026-03-04 already" in report.warnings[0]
    assert shop.deliveries() == [(None, 1), ("2026-03-04", 0)]


def test_a_run_about_other_days_does_not_ask_the_database(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    night = Window(last=dt.date(2026, 3, 1))
    shop.ingest("2026-03-02", window=night)
    assert shop.deliveries() == [(None, 1), ("2026-03-01", 0)]
    shop.order(2, "2026-03-04 12:00+00")
    days = Window(dt.date(2026, 2, 1), dt.date(2026, 2, 28), is_history=True)
    for window in (days, Window(last=dt.date(2026, 3, 3))):
        report = shop.ingest("2026-03-05", window=window).sources["orders"]
        assert report.warnings == [
            "not read: the run is about other days than 2026-03-04, and a database only tells how it is now"
        ]
    assert shop.deliveries() == [(None, 1), ("2026-03-01", 0)]
    shop.ingest("2026-03-05", window=Window(last=dt.date(2026, 3, 4)))
    assert shop.deliveries()[-1] == ("2026-03-04", 1)


def test_a_cursor_from_the_future_waits_and_does_not_carry_the_position_away(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    ahead = dt.datetime.now(dt.UTC) + dt.timedelta(hours=20)
    shop.order(2, ahead.isoformat())
    today = dt.datetime.now(ZoneInfo("Europe/Berlin")).date().isoformat()  # the shop's zone
    report = shop.ingest(today).sources["orders"]
    assert set(shop.state()) == {"1"}
    assert report.warnings[0].startswith("rows whose updated_at lies ahead of the server's clock: 1;")
    shop.order(3, (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)).isoformat())
    shop.ingest(today)
    assert set(shop.state()) == {"1", "3"}


def test_rows_without_a_cursor_value_are_compared_every_time(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    shop.order(2, None)
    shop.ingest("2026-03-02")
    assert shop.ingest("2026-03-03").sources["orders"].records == 0
    shop.order(2, None, amount="11.00")
    assert shop.ingest("2026-03-04").sources["orders"].records == 1
    shop.order(2, None, amount="10.00")
    assert shop.ingest("2026-03-05").sources["orders"].records == 1, "a return to an earlier state is news"
    assert shop.state()["2"] == ("paid", "10.0000")


def test_a_quarantined_row_is_set_aside_once(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    shop.order(2, "2026-03-01 12:30+00", amount="1.23456")
    assert shop.ingest("2026-03-02").sources["orders"].quarantined == 1
    assert shop.ingest("2026-03-03").sources["orders"].records == 0
    shop.order(2, "2026-03-03 12:00+00", amount="1.2345")
    shop.ingest("2026-03-04")
    assert shop.state()["2"] == ("paid", "1.2345")


def test_a_deleted_row_is_not_seen_by_increments(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    shop.ingest("2026-03-02")
    shop.owner.execute("delete from shop.orders")
    shop.ingest("2026-03-03")
    assert set(shop.state()) == {"1"}


def test_another_mapping_reads_everything_again_and_replaces_what_was(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 12:00+00", status="weird")
    shop.ingest("2026-03-02")
    shop.order(2, "2026-03-02 12:00+00", status="weird")
    shop.ingest("2026-03-03")
    assert shop.state()["2"] == ("other", "10.0000")
    shop.configure(rest='[sources.orders.status]\nweird = "paid"\n')
    shop.ingest("2026-03-04")
    assert shop.deliveries() == [(None, 2), ("2026-03-03", 0)]
    assert shop.state() == {"1": ("paid", "10.0000"), "2": ("paid", "10.0000")}
    shop.ingest("2026-03-05")
    assert shop.deliveries() == [(None, 2), ("2026-03-03", 0), ("2026-03-04", 0)]


def test_a_source_moves_from_files_to_a_database(shop: DatabaseShop) -> None:
    shop.configure('path = "orders_{date}.csv"')
    header = "order_id,customer_id,ordered_at,amount\n"
    (shop.folder / "orders_2026-03-01.csv").write_text(header + "1,c1,2026-03-01T10:00:00,99\n", encoding="utf-8")
    shop.ingest("2026-03-02")
    shop.order(1, "2026-03-01 12:00+00", amount="10.00")
    shop.configure()
    shop.ingest("2026-03-03")
    assert shop.deliveries() == [(None, 1), ("2026-03-02", 0)]
    assert shop.state() == {"1": ("paid", "10.0000")}
