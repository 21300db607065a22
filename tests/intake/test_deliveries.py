"""Deliveries are addressed by content, superseded, restored, and taken in wholly or not at all."""

from __future__ import annotations

import datetime as dt
import errno
import importlib
from pathlib import Path

import pytest

from retention_pipeline.core import failpoints
from retention_pipeline.core.errors import InputRefusedError, StorageError
from retention_pipeline.intake import ingest as ingest_module
from retention_pipeline.intake.delivery import Delivery, address
from retention_pipeline.intake.discover import Found
from retention_pipeline.warehouse.store import default_as_of
from tests.intake.conftest import GOOD, HEADER, RECEIVED, Shop, new_store

DATED = 'path = "orders_{date}.csv"'
SECOND = "o2,c2,2026-03-02T10:00:00,paid,EUR,20.00,"


def day(number: int) -> str:
    return f"orders_2026-03-{number:02d}.csv"


def tables(shop: Shop) -> list[object]:
    return [shop.query(f"SELECT * FROM raw.{name} ORDER BY ALL") for name in ("deliveries", "orders", "quarantine")]


def test_the_same_bytes_twice_change_nothing(shop: Shop) -> None:
    shop.rows(GOOD, SECOND)
    shop.ingest()
    before = tables(shop)
    report = shop.ingest(received=RECEIVED + dt.timedelta(days=3))
    assert report.sources["orders"].deliveries_unchanged == 1
    assert report.sources["orders"].deliveries_new == 0
    assert tables(shop) == before


@pytest.mark.parametrize("orders", ['path = "orders.csv"', DATED])
def test_other_content_supersedes_and_old_content_comes_back(shop: Shop, orders: str) -> None:
    shop.configure(orders)
    name = "orders.csv" if "date" not in orders else day(1)
    shop.rows(GOOD, name=name)
    shop.ingest()
    shop.rows(GOOD.replace("10.00", "11.00"), name=name)
    second = shop.ingest().sources["orders"]
    assert (second.deliveries_new, second.deliveries_superseded) == (1, 1)
    assert [str(amount) for amount in shop.current("amount")] == ["11.0000"]
    shop.rows(GOOD, name=name)
    third = shop.ingest().sources["orders"]
    assert (third.deliveries_new, third.deliveries_superseded, third.deliveries_restored) == (0, 1, 1)
    assert [str(amount) for amount in shop.current("amount")] == ["10.0000"]
    assert shop.query("SELECT count(*) FROM raw.orders") == [(2,)]


def test_the_same_content_on_another_day_is_another_delivery(shop: Shop) -> None:
    shop.configure(DATED)
    shop.rows(GOOD, name=day(1))
    shop.rows(GOOD, name=day(2))
    shop.ingest()
    assert shop.query(
        "SELECT count(*), count(DISTINCT delivery_id), count(DISTINCT content_sha256) FROM raw.deliveries"
    ) == [(2, 2, 1)]


def test_another_mapping_reads_the_files_again(shop: Shop) -> None:
    shop.configure(DATED)
    shop.rows(GOOD, name=day(1))
    shop.rows(SECOND, name=day(2))
    shop.ingest()
    (shop.folder / day(1)).unlink()
    shop.configure(DATED + '\ntimezone = "UTC"')
    report = shop.ingest()
    assert report.sources["orders"].deliveries_new == 1
    assert "1 deliveries were read under an earlier mapping" in report.warnings()[0]
    assert [str(instant) for instant in shop.current("ordered_at")] == ["2026-03-01 09:00:00", "2026-03-02 10:00:00"]


def test_moving_a_file_is_no_new_delivery(shop: Shop) -> None:
    shop.rows(GOOD)
    shop.ingest()
    (shop.folder / "in").mkdir()
    (shop.folder / "orders.csv").rename(shop.folder / "in" / "orders.csv")
    shop.configure('path = "in/orders.csv"')
    assert shop.ingest().sources["orders"].deliveries_unchanged == 1


def test_a_source_that_becomes_daily_leaves_its_history_file_behind_and_can_go_back(shop: Shop) -> None:
    shop.rows(GOOD, SECOND)
    shop.ingest()
    shop.configure(DATED)
    shop.rows(GOOD, name=day(1))
    shop.ingest()
    assert shop.current("order_id") == ["o1"]
    shop.configure()
    shop.ingest()
    assert shop.current("order_id") == ["o1", "o2"]
    (shop.folder / day(1)).unlink()
    shop.configure(DATED)
    shop.ingest()
    assert shop.current("order_id") == ["o1"]


def test_exact_duplicates_within_a_file_are_suppressed_and_near_ones_are_not(shop: Shop) -> None:
    shop.rows(GOOD, SECOND, GOOD, GOOD.replace("10.00", "10.000"), GOOD.replace("10.00", "10.01"))
    report = shop.ingest().sources["orders"]
    assert (report.records, report.loaded, report.suppressed) == (5, 3, 2)
    assert shop.query("SELECT line FROM raw.orders ORDER BY line") == [(2,), (3,), (6,)]


def test_the_same_row_in_two_files_stays_in_both(shop: Shop) -> None:
    shop.configure(DATED)
    shop.rows(GOOD, name=day(1))
    shop.rows(GOOD, name=day(2))
    assert shop.ingest().sources["orders"].suppressed == 0


def test_line_numbers_are_right_in_each_of_many_files_read_at_once(shop: Shop) -> None:
    shop.configure(DATED)
    for number in range(1, 29):
        rows = [
            f"d{number}r{row},c,2026-03-01,paid,EUR,{'x' if row == 3 else row}," for row in range(2, 2 + number * 7)
        ]
        shop.rows(*rows, name=f"orders_2026-02-{number:02d}.csv")
    shop.ingest(received=dt.date(2026, 3, 1))
    wrong = shop.query(
        "SELECT * FROM raw.orders o JOIN raw.deliveries d USING (delivery_id)"
        " WHERE o.order_id <> 'd' || day(d.business_date) || 'r' || o.line"
    )
    assert wrong == []
    assert shop.query("SELECT DISTINCT line FROM raw.quarantine WHERE reason = 'number_unreadable'") == [(3,)]


def test_one_broken_file_among_many_does_not_disturb_the_others(shop: Shop) -> None:
    shop.configure(DATED)
    for number in range(1, 10):
        rows = [GOOD, "short,row", SECOND] if number == 5 else [GOOD, SECOND]
        shop.rows(*rows, name=day(number))
    shop.write(f'{HEADER}\n"', day(10))
    report = shop.ingest()
    assert [refusal.path for refusal in report.refused] == [day(10)]
    assert shop.query("SELECT path, line FROM raw.quarantine") == [(day(5), 3)]
    assert shop.query("SELECT count(*) FROM raw.orders") == [(18,)]
    assert shop.query("SELECT DISTINCT line FROM raw.orders ORDER BY 1") == [(2,), (3,), (4,)]


def test_a_refused_file_blocks_until_it_is_replaced(shop: Shop) -> None:
    shop.configure(DATED)
    shop.rows(GOOD, name=day(1))
    shop.ingest()
    shop.write("", day(1))
    for _ in range(2):
        report = shop.ingest()
        with pytest.raises(InputRefusedError, match="empty_file"):
            report.raise_for_refusals(shop.settings)
    assert shop.current("order_id") == []
    assert shop.query("SELECT count(*) FROM raw.deliveries") == [(2,)]
    shop.rows(SECOND, name=day(1))
    shop.ingest().raise_for_refusals(shop.settings)
    assert shop.current("order_id") == ["o2"]


def test_a_file_of_a_day_that_has_not_come_is_refused_until_it_is_renamed(shop: Shop) -> None:
    shop.configure('path = "in/{date}.csv"')
    tomorrow = RECEIVED + dt.timedelta(days=1)
    for date in (RECEIVED, tomorrow, "2026-03-12", "2062-03-09"):
        shop.rows(GOOD, name=f"in/{date}.csv")
    report = shop.ingest()
    assert [(found.path, found.reason) for found in report.refused] == [
        ("in/2026-03-12.csv", "date_in_future"), ("in/2062-03-09.csv", "date_in_future"),
    ]  # fmt: skip
    assert default_as_of(shop.store) == tomorrow
    (shop.folder / "in" / "2062-03-09.csv").rename(shop.folder / "in" / "2026-03-09.csv")
    assert shop.ingest(RECEIVED + dt.timedelta(days=1)).refused == []
    assert default_as_of(shop.store) == dt.date(2026, 3, 12)


def test_a_refused_file_that_is_taken_away_no_longer_blocks(shop: Shop) -> None:
    shop.configure(DATED)
    shop.rows(SECOND, name=day(2))
    shop.rows(GOOD, name=day(1))
    shop.ingest()
    shop.write("", day(1))
    shop.ingest()
    (shop.folder / day(1)).unlink()
    report = shop.ingest()
    report.raise_for_refusals(shop.settings)
    assert shop.current("order_id") == ["o1", "o2"]
    assert "taken away" in report.warnings()[0]


def test_a_refusal_on_record_is_not_written_again(shop: Shop) -> None:
    shop.write("")
    shop.ingest()
    before = tables(shop)
    shop.ingest(received=RECEIVED + dt.timedelta(days=1))
    assert tables(shop) == before


def test_too_many_quarantined_records_block_this_run_and_the_next_until_the_file_is_corrected(shop: Shop) -> None:
    shop.configure(DATED, rest="[limits]\nmax_quarantined_share = 0.1\ntolerated_quarantined_rows = 0")
    shop.rows(*(f"a{row},c,2026-03-01,paid,EUR,1," for row in range(20)), name=day(1))
    shop.ingest().raise_for_refusals(shop.settings)
    shop.rows(GOOD, SECOND.replace("20.00", "x"), name=day(2))
    for _ in range(2):
        report = shop.ingest()
        with pytest.raises(InputRefusedError, match=r"1 of 2 records \(50\.0%\)") as caught:
            report.raise_for_refusals(shop.settings)
    assert f"{day(2)}, line 3: number_unreadable" in caught.value.message
    shop.rows(GOOD, SECOND, name=day(2))
    shop.ingest().raise_for_refusals(shop.settings)


def test_a_file_written_to_while_it_is_read_is_refused_and_read_again_later(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shop.rows(GOOD)

    def address_then_write(found: Found, source: str, mapping: str) -> Delivery:
        made = address(found, source, mapping)
        with path.open("a") as stream:
            stream.write(SECOND + "\n")
        return made

    with monkeypatch.context() as patch:
        patch.setattr(ingest_module, "address", address_then_write)
        assert [refusal.reason for refusal in shop.ingest().refused] == ["changed_while_reading"]
    assert shop.ingest().refused == []
    assert shop.current("order_id") == ["o1", "o2"]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_module, "MAX_FILES", 2)
    failpoints._hits.clear()


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("place", ["intake.before_commit", "intake.after_commit"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_an_interruption_leaves_whole_deliveries_and_the_next_run_completes_them(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, place: str, nth: int
) -> None:
    shop.configure(DATED)
    for number in range(1, 7):
        shop.rows(GOOD, "o2,c,x,,,1,", GOOD, name=day(number))
    with monkeypatch.context() as patch:
        patch.setenv("RETENTION_FAILPOINT", f"{place}:{nth}:raise")
        with pytest.raises(RuntimeError, match=place):
            shop.ingest()
    shop.check_conservation()
    expected = 2 * (nth - (place == "intake.before_commit"))
    assert shop.query("SELECT count(*) FROM raw.deliveries") == [(expected,)]
    assert not (shop.settings.home.temporary / "intake").exists()
    shop.ingest()
    interrupted = [rows_without_arrival(shop, table) for table in ("deliveries", "orders", "quarantine")]
    shop.store = new_store()
    shop.ingest()
    assert interrupted == [rows_without_arrival(shop, table) for table in ("deliveries", "orders", "quarantine")]


def rows_without_arrival(shop: Shop, table: str) -> list[tuple[object, ...]]:
    without = "EXCLUDE (sequence)" if table == "deliveries" else ""
    return shop.query(f"SELECT * {without} FROM raw.{table} ORDER BY ALL")


def test_a_full_disk_is_said_in_words_and_leaves_the_store_as_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    failpoints._hits.clear()
    shop.rows(GOOD)
    with monkeypatch.context() as patch:
        patch.setenv("RETENTION_FAILPOINT", "intake.before_commit:enospc")
        with pytest.raises(StorageError, match="No space left"):
            shop.ingest()
    assert shop.query("SELECT count(*) FROM raw.deliveries") == [(0,)]
    assert shop.query("SELECT count(*) FROM raw.orders") == [(0,)]


def test_the_order_in_which_files_arrive_does_not_matter(shop: Shop, tmp_path: Path) -> None:
    shop.configure(DATED)
    files = {day(number): f"{HEADER}\n{GOOD.replace('o1', f'o{number}')}\n" for number in range(1, 5)}
    for name in reversed(files):
        shop.write(files[name], name)
        shop.ingest()
    one_by_one = [rows_without_arrival(shop, table) for table in ("deliveries", "orders")]
    shop.store = new_store()
    shop.ingest()
    assert one_by_one == [rows_without_arrival(shop, table) for table in ("deliveries", "orders")]


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("in/{date}/orders.csv", "in/2026-03-01/orders.csv"),
        ("{date:%Y/%m/%d}.csv", "2026/03/01.csv"),
        ("o{date:%Y%m%d}.csv", "o20260301.csv"),
        ("[x]/{date:%d-%b-%Y}_o.csv", "[x]/01-Mar-2026_o.csv"),
    ],
)
def test_dates_are_read_from_names_of_any_shape(shop: Shop, template: str, name: str) -> None:
    shop.configure(f'path = "{template}"')
    shop.rows(GOOD, name=name)
    shop.ingest()
    assert shop.query("SELECT business_date, path FROM raw.deliveries") == [(dt.date(2026, 3, 1), name)]


def test_names_that_hold_no_date_are_not_read_and_told(shop: Shop) -> None:
    shop.configure(DATED)
    shop.rows(GOOD, name=day(1))
    for name in ("orders_2026-02-30.csv", "orders_2026-3-1.csv", "orders_old-2026-03-01.csv"):
        shop.rows(SECOND, name=name)
    report = shop.ingest()
    assert report.sources["orders"].deliveries_new == 1
    assert "orders_2026-02-30.csv, orders_2026-3-1.csv, orders_old-2026-03-01.csv" in report.warnings()[0]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("in/o_20260301.csv", 'write path = "in/o_{date:%Y%m%d}.csv"'),
        ("in/o_01.03.2026.csv", 'write path = "in/o_{date:%d.%m.%Y}.csv"'),
        ("in/o_2026-03.csv", "the folder holds 1 such files, for example in/o_2026-03.csv: name their date format"),
        ("in/x_20260301.csv", "deliver at least one file"),
    ],
)
def test_files_that_spell_their_dates_in_another_way_are_named_with_the_path_to_write(
    shop: Shop, name: str, remedy: str
) -> None:
    shop.configure('path = "in/o_{date}.csv"')
    shop.rows(GOOD, name=name)
    with pytest.raises(InputRefusedError) as refused:
        shop.ingest()
    assert remedy in str(refused.value)


def test_an_emptied_landing_folder_is_no_mistake_once_something_was_delivered(shop: Shop) -> None:
    shop.configure('path = "in/{date}.csv"')
    with pytest.raises(InputRefusedError, match="no file matches"):
        shop.ingest()
    shop.rows(GOOD, name="in/2026-03-01.csv")
    shop.ingest()
    (shop.folder / "in" / "2026-03-01.csv").unlink()
    shop.ingest().raise_for_refusals(shop.settings)
    assert shop.current("order_id") == ["o1"]
    (shop.folder / "in").rmdir()
    with pytest.raises(InputRefusedError, match="no file matches"):
        shop.ingest()


@pytest.mark.parametrize("place", ["read_parquet.append_typed", "staging.examine_csv", "staging.read_plain"])
def test_a_full_disk_while_reading_is_not_blamed_on_the_file(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    if place.startswith("read_parquet"):
        shop.configure('path = "orders.parquet"')
        shop.store.execute(
            "COPY (SELECT 'o1' AS order_id, 'c' AS customer_id, DATE '2026-03-01' AS ordered_at, 1 AS amount)"
            f" TO '{shop.folder / 'orders.parquet'}' (FORMAT parquet)"
        )
    else:
        shop.rows(GOOD)
    module, name = place.split(".")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(importlib.import_module(f"retention_pipeline.intake.{module}"), name, fail)
    with pytest.raises(StorageError, match="No space left"):
        shop.ingest()
    assert shop.query("SELECT count(*) FROM raw.deliveries") == [(0,)]


def test_memory_that_runs_out_is_not_blamed_on_the_file(shop: Shop) -> None:
    shop.configure('path = "orders.csv"\nselect = "select a.* from source a, range(100000000) group by all"')
    shop.rows(GOOD)
    shop.store.execute("SET memory_limit = '1MB'; SET temp_directory = ''")
    with pytest.raises(StorageError, match="Out of Memory"):
        shop.ingest()


def test_a_handful_of_bad_records_on_a_quiet_day_is_tolerated(shop: Shop) -> None:
    shop.configure(rest="[limits]\nmax_quarantined_share = 0.05")
    shop.rows(GOOD, SECOND.replace("20.00", "x"))
    shop.ingest().raise_for_refusals(shop.settings)
