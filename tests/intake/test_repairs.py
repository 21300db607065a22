"""Records that were set aside, repaired by a person, taken in once beside their delivery, as long as that counts."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from retention_pipeline.core.erased import Erased, Kind, erasure_key, tag
from retention_pipeline.core.errors import ConfigError, InputRefusedError
from retention_pipeline.core.spreadsheets import neutral, restored
from retention_pipeline.intake.contracts import contract_of
from retention_pipeline.intake.identity import hash_id
from retention_pipeline.intake.load import clear_staging
from retention_pipeline.intake.quarantine import Wanted, records, summary
from retention_pipeline.intake.repair_file import read_repair_file, write_repair_file
from retention_pipeline.intake.repair_store import take_in_repairs, undo_repair
from retention_pipeline.intake.repairs import Repair, by_target, prepare_repair
from tests.intake.conftest import GOOD, HEADER, KEY, RECEIVED, Shop

DATED = 'path = "orders_{date}.csv"'
FIRST, SECOND = "orders_2026-03-01.csv", "orders_2026-03-02.csv"
BAD = "o2,c2,2026-03-01T11:00:00,paid,EUR,{amount},"
Change = dict[tuple[str, str], str]
"""Line and column to what a person writes there."""


def export(shop: Shop, source: str = "orders", wanted: Wanted | None = None) -> list[dict[str, str]]:
    text = io.StringIO()
    write_repair_file(text, contract_of(shop.settings, source), records(shop.store, wanted or Wanted(source)))
    return list(csv.DictReader(io.StringIO(text.getvalue())))


def write(shop: Shop, rows: list[dict[str, str]], change: Change, *, delimiter: str = ",") -> Path:
    for (line, column), text in change.items():
        next(row for row in rows if row["_line"] == line)[column] = text
    path = shop.folder / "repair.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0].keys(), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def replay(shop: Shop, path: Path) -> Repair:
    repair = prepare_repair(shop.store, shop.settings, KEY, read_repair_file(path))
    if repair.taken:
        contract = contract_of(shop.settings, repair.source)
        take_in_repairs(shop.store, contract, repair.mapping, RECEIVED, by_target(repair))
    clear_staging(shop.store)
    shop.check_conservation()
    return repair


def repair(shop: Shop, change: Change, source: str = "orders") -> Repair:
    return replay(shop, write(shop, export(shop, source), change))


def counts(shop: Shop) -> tuple[int, ...]:
    """Records of the files that count, loaded from files, set aside, repaired, suppressed."""
    (row,) = shop.query(
        "SELECT sum(records) FILTER (repairs IS NULL)::INT, sum(loaded) FILTER (repairs IS NULL)::INT,"
        " sum(quarantined)::INT, coalesce(sum(loaded) FILTER (repairs IS NOT NULL), 0)::INT, sum(suppressed)::INT"
        " FROM raw.deliveries WHERE is_current AND status = 'accepted'"
    )
    open_now = sum(int(str(each[3])) for each in summary(shop.store, Wanted()))
    records_, loaded, quarantined, repaired, suppressed = map(int, map(str, row))
    assert records_ == loaded + quarantined + suppressed
    assert quarantined == open_now + repaired
    return records_, loaded, open_now, repaired, suppressed


@pytest.fixture
def dirty(shop: Shop) -> Shop:
    shop.configure(DATED)
    shop.rows(GOOD, BAD.format(amount="1e3"), 'o3,c3,31/02/2026,paid,EUR,"5,00",', name=FIRST)
    shop.rows(GOOD.replace("o1", "o4"), "short,row", name=SECOND)
    shop.ingest()
    return shop


def test_a_repaired_record_counts_on_its_own_day_under_its_own_customer(dirty: Shop) -> None:
    done = repair(dirty, {("3", "amount"): "1000.00"})
    assert (len(done.taken), len(done.left), done.changed) == (1, 2, {"amount": 1})
    rows = dirty.query("SELECT order_id, customer_id, amount, known_date::VARCHAR, line FROM raw.orders WHERE line = 3")
    assert rows == [("o2", hash_id(KEY, "c2"), Decimal("1000.0000"), "2026-03-01", 3)]
    assert counts(dirty) == (5, 2, 2, 1, 0)


def test_replaying_again_does_nothing_and_a_second_round_takes_the_rest(dirty: Shop) -> None:
    rows = export(dirty)
    first = replay(dirty, write(dirty, rows, {("3", "amount"): "1000"}))
    before = dirty.query("SELECT * FROM raw.deliveries ORDER BY ALL")
    again = replay(dirty, write(dirty, rows, {}))
    assert (len(first.taken), len(again.taken), len(again.already)) == (1, 0, 1)
    assert dirty.query("SELECT * FROM raw.deliveries ORDER BY ALL") == before
    third = replay(dirty, write(dirty, rows, {("4", "ordered_at"): "2026-02-28", ("4", "amount"): "5.00"}))
    assert (len(third.taken), len(third.already), len(third.left)) == (1, 1, 1)
    assert counts(dirty) == (5, 2, 1, 2, 0)
    assert dirty.ingest().refused == []
    assert counts(dirty) == (5, 2, 1, 2, 0)


def test_a_record_of_which_nothing_was_kept_is_written_out(dirty: Shop) -> None:
    wanted = Wanted(file=SECOND)
    (row,) = export(dirty, wanted=wanted)
    assert (row["_reason"], row["order_id"]) == ("ragged_row", "")
    cells = dict(zip(HEADER.split(","), ["o5", "anna", "2026-03-02", "paid", "EUR", "7", ""], strict=True))
    replay(dirty, write(dirty, [row | cells], {}))
    assert dirty.query("SELECT customer_id, amount FROM raw.orders WHERE order_id = 'o5'") == [
        (hash_id(KEY, "anna"), Decimal(7))
    ]
    assert counts(dirty) == (5, 2, 2, 1, 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({("3", "amount"): "1.000,00"}, "row 1 .*line 3.*amount: number_other_separators"),
        ({("3", "amount"): "5", ("4", "amount"): "5"}, "row 2 .*ordered_at: timestamp_unreadable"),
        ({("3", "_line"): "2"}, "line 2 of orders_2026-03-01.csv was not set aside"),
        ({("3", "_line"): "4"}, "stands twice"),
        ({("3", "_line"): "x"}, "no line number"),
        ({("3", "_delivery"): "0123456789abcdef"}, "no delivery that counts now"),
        ({("3", "customer_id"): "hash:" + "0" * 32}, "hash of another record"),
    ],
)
def test_a_row_that_does_not_fit_refuses_the_file_as_a_whole(dirty: Shop, change: Change, said: str) -> None:
    before = [dirty.query(f"SELECT * FROM raw.{name}") for name in ("deliveries", "orders", "quarantine", "arrivals")]
    with pytest.raises(InputRefusedError, match=said):
        repair(dirty, change)
    assert before == [
        dirty.query(f"SELECT * FROM raw.{name}") for name in ("deliveries", "orders", "quarantine", "arrivals")
    ]


def test_other_cells_are_taken_after_the_first_repair_was_undone(dirty: Shop) -> None:
    rows = export(dirty)
    replay(dirty, write(dirty, rows, {("3", "amount"): "1000"}))
    other = write(dirty, rows, {("3", "amount"): "999"})
    with pytest.raises(InputRefusedError, match="first undo repair") as caught:
        replay(dirty, other)
    name = caught.value.message.split("undo repair ")[1].split()[0]
    assert undo_repair(dirty.store, name) == (FIRST, 1)
    assert counts(dirty) == (5, 2, 3, 0, 0)
    with pytest.raises(InputRefusedError, match="no repair that counts"):
        undo_repair(dirty.store, name)
    replay(dirty, other)
    assert Decimal(999) in dirty.current("amount")
    assert counts(dirty) == (5, 2, 2, 1, 0)
    # and the first one again, whose rows are in the store already
    (second,) = [
        row[0] for row in dirty.query("SELECT delivery_id FROM raw.deliveries WHERE repairs IS NOT NULL AND is_current")
    ]
    undo_repair(dirty.store, str(second))
    replay(dirty, write(dirty, rows, {("3", "amount"): "1000"}))
    assert counts(dirty) == (5, 2, 2, 1, 0)
    assert dirty.query("SELECT count(*) FROM raw.orders WHERE line = 3") == [(2,)]


def test_another_file_for_the_day_takes_the_place_of_its_repair_and_its_return_brings_it_back(dirty: Shop) -> None:
    repair(dirty, {("3", "amount"): "1000"})
    former = (dirty.folder / FIRST).read_bytes()
    dirty.rows(GOOD, name=FIRST)
    dirty.ingest()
    assert Decimal(1000) not in dirty.current("amount")
    assert counts(dirty) == (3, 2, 1, 0, 0)
    dirty.write(former, FIRST)
    dirty.ingest()
    assert Decimal(1000) in dirty.current("amount")
    assert counts(dirty) == (5, 2, 2, 1, 0)


def test_another_mapping_reads_the_file_anew_and_the_same_repair_fits_again(dirty: Shop) -> None:
    path = write(dirty, export(dirty), {("3", "amount"): "1000"})
    replay(dirty, path)
    dirty.configure(DATED + '\ntimezone = "UTC"')
    with pytest.raises(ConfigError, match="another configuration"):
        replay(dirty, path)
    dirty.ingest()
    assert counts(dirty) == (5, 2, 3, 0, 0)
    replay(dirty, path)
    assert counts(dirty) == (5, 2, 2, 1, 0)


def test_repaired_records_no_longer_stop_a_run(shop: Shop) -> None:
    shop.configure(DATED, rest="[limits]\nmax_quarantined_share = 0.1\ntolerated_quarantined_rows = 0")
    shop.rows(GOOD, BAD.format(amount="x"), name=FIRST)
    with pytest.raises(InputRefusedError, match="were quarantined"):
        shop.ingest().raise_for_refusals(shop.settings)
    repair(shop, {("3", "amount"): "3"})
    shop.ingest().raise_for_refusals(shop.settings)
    assert shop.current("order_id") == ["o1", "o2"]


def test_formulas_are_harmless_in_the_file_and_come_back_as_they_were(shop: Shop) -> None:
    evil = ["=cmd|' /C calc'!A0", "+1", "-2", "@SUM(A1)", "'=x", "''-y", "\uff1dx", "'plain"]
    shop.rows(*(f'"{text}",c,bad,paid,EUR,1,' for text in evil))
    shop.ingest()
    rows = export(shop)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\uff1d")) for row in rows for cell in row.values())
    replay(shop, write(shop, rows, {(str(line), "ordered_at"): "2026-03-01" for line in range(2, 2 + len(evil))}))
    assert [row[0] for row in shop.query("SELECT order_id FROM raw.orders ORDER BY line")] == evil


@pytest.mark.parametrize("text", ["", "a", "'", "''", "'=", "=", "'-1", "\r\n=", "\t", "'a=b"])
def test_what_is_neutralised_is_restored(text: str) -> None:
    assert restored(neutral(text)) == text
    assert restored(neutral(neutral(text))) == neutral(text)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_that_a_spreadsheet_saved_is_read(dirty: Shop, delimiter: str) -> None:
    done = replay(dirty, write(dirty, export(dirty), {("3", "amount"): "1000"}, delimiter=delimiter))
    assert len(done.taken) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "does not begin"),
        (b"a,b\n1,2\n", "does not begin"),
        (b"_delivery,_line\n\xff,2\n", "not UTF-8"),
        (b"_delivery,_line\nx\n", "row 1 has 1 cells"),
        (b'_delivery,_line\n"x,2\n', "no CSV"),
        (b"_delivery,_line,_line\n", "names a column twice"),
        (b"_delivery,_line\n", "no delivery that counts"),
    ],
)
def test_what_is_no_repair_file_is_refused_in_words(shop: Shop, content: bytes, said: str) -> None:
    path = shop.write(content, "repair.csv")
    with pytest.raises(InputRefusedError, match=said):
        prepare_repair(shop.store, shop.settings, KEY, read_repair_file(path))


def test_a_file_with_other_columns_is_refused(dirty: Shop) -> None:
    rows = [{name: cell for name, cell in row.items() if name != "amount"} | {"note": "x"} for row in export(dirty)]
    with pytest.raises(InputRefusedError, match="no column 'amount'; 'note' is no column of orders"):
        replay(dirty, write(dirty, rows, {}))


def test_a_text_that_was_kept_in_part_is_not_taken_for_the_whole(shop: Shop) -> None:
    long = "o" * 300
    shop.rows(f"{long},c,bad,paid,EUR,1,")
    shop.ingest()
    with pytest.raises(InputRefusedError, match="only its first 200 characters were kept"):
        repair(shop, {("2", "ordered_at"): "2026-03-01"})
    repair(shop, {("2", "ordered_at"): "2026-03-01", ("2", "order_id"): long})
    assert shop.current("order_id") == [long]


def test_a_column_that_the_file_did_not_have_keeps_its_default(shop: Shop) -> None:
    shop.write("order_id,customer_id,ordered_at,amount\no1,c,2026-03-01,x\n")
    shop.ingest()
    with pytest.raises(InputRefusedError, match="the file had no such column"):
        repair(shop, {("2", "amount"): "1", ("2", "status"): "refunded"})
    repair(shop, {("2", "amount"): "1"})
    assert shop.current("status") == ["paid"]


def test_a_blank_status_stays_what_it_was_in_the_file(shop: Shop) -> None:
    shop.rows("o1,c,2026-03-01,,EUR,x,", "o2,c,2026-03-01,,EUR,2,")
    shop.ingest()
    repair(shop, {("2", "amount"): "1"})
    assert shop.current("status") == ["other", "other"]


def test_typed_files_under_a_text_notation_cannot_be_repaired(shop: Shop) -> None:
    shop.configure('path = "orders.parquet"\ndecimal = ","')
    shop.store.execute(
        "COPY (SELECT 'o1' AS order_id, 'c' AS customer_id, DATE '2026-03-01' AS ordered_at, NULL::INT AS amount)"
        f" TO '{shop.folder / 'orders.parquet'}' (FORMAT parquet)"
    )
    shop.ingest()
    with pytest.raises(ConfigError, match="typed files"):
        repair(shop, {("1", "amount"): "1"})


def test_records_of_other_sources_are_repaired_too(shop: Shop) -> None:
    shop.deliver(
        "spend", "spent_at,kind,channel,amount", "2026-03-01,acquisition,ads,x", "2026-03-01,acquisition,ads,5"
    )
    repair(shop, {("2", "amount"): "5"}, "spend")
    assert shop.query("SELECT kind, amount, line FROM raw.spend ORDER BY line") == [
        ("acquisition", Decimal(5), 2),
        ("acquisition", Decimal(5), 3),
    ]


def test_the_list_counts_by_file_and_reason_and_filters(dirty: Shop) -> None:
    assert [row[:4] for row in summary(dirty.store, Wanted())] == [
        ("orders", FIRST, "number_in_scientific_notation", 1),
        ("orders", FIRST, "timestamp_unreadable", 1),
        ("orders", SECOND, "ragged_row", 1),
    ]
    assert [row[1] for row in summary(dirty.store, Wanted(reason="ragged_row"))] == [SECOND]
    assert summary(dirty.store, Wanted(source="customers")) == []
    repair(dirty, {("3", "amount"): "1000"})
    assert len(summary(dirty.store, Wanted())) == 2
    assert [row[3:6:2] for row in summary(dirty.store, Wanted(with_repaired=True))] == [(0, 1), (1, 0), (1, 0)]
    ((shown),) = records(dirty.store, Wanted(file=FIRST, line=4))
    assert (shown.reason, shown.record["ordered_at"]) == ("timestamp_unreadable", "31/02/2026")


def test_an_erased_person_does_not_come_back_through_a_repair(dirty: Shop) -> None:
    rows = export(dirty)
    line = rows[0]["_line"]
    path = write(dirty, rows, {(line, "customer_id"): "somebody", (line, "amount"): "1"})
    somebody = hash_id(KEY, "somebody") or ""
    erased = Erased(KEY, people=frozenset({tag(erasure_key(KEY), Kind.PERSON, somebody)}))
    with pytest.raises(InputRefusedError, match="customer_id: erased"):
        prepare_repair(dirty.store, dirty.settings, KEY, read_repair_file(path), erased)
    order = Erased(
        KEY, people=frozenset({"x"}), orders=frozenset({tag(erasure_key(KEY), Kind.ORDER, rows[0]["order_id"])})
    )
    assert prepare_repair(dirty.store, dirty.settings, KEY, read_repair_file(path), order)
    path = write(dirty, rows, {(line, "customer_id"): "", (line, "amount"): "1"})
    with pytest.raises(InputRefusedError, match="order_id: erased"):
        prepare_repair(dirty.store, dirty.settings, KEY, read_repair_file(path), order)
