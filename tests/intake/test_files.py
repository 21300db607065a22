"""Faults B1, B2, B4 and S1: whole files, each with its own clear outcome."""

from __future__ import annotations

import gzip
import importlib
from decimal import Decimal

import pytest

from retention_pipeline.core.errors import ConfigError, InputRefusedError
from retention_pipeline.intake import ingest as ingest_module
from retention_pipeline.intake.delivery import Delivery
from tests.intake.conftest import GOOD, HEADER, Shop

SECOND = "o2,c2,2026-03-02T10:00:00,paid,EUR,20.00,"
LESS = HEADER.replace(",status", "")
TEXT = f"{HEADER}\n{GOOD}\n{SECOND}\n"


def amounts(shop: Shop) -> list[object]:
    report = shop.ingest()
    assert report.refused == []
    return [row[0] for row in shop.query("SELECT amount FROM raw.orders ORDER BY line")]


# --- B1: encodings ---


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.encode("latin-1"), "latin-1"),
        (TEXT.replace("\n", "\r\n").encode("utf-16"), "utf-16"),
    ],
)
def test_a_declared_encoding_is_read(shop: Shop, content: bytes, encoding: str) -> None:
    shop.configure(f'path = "orders.csv"\nencoding = "{encoding}"')
    shop.write(content)
    assert amounts(shop) == [10, 20]
    assert not (shop.settings.home.temporary / "intake").exists()


@pytest.mark.parametrize(
    ("content", "encoding", "reason"),
    [
        (TEXT.encode("utf-16"), "utf-8", "wrong_encoding"),
        (TEXT.encode("utf-16"), "latin-1", "wrong_encoding"),
        (TEXT.encode("utf-8-sig"), "latin-1", "wrong_encoding"),
        (TEXT.encode("utf-8-sig"), "utf-16", "wrong_encoding"),
        (TEXT.encode("utf-16")[:-1], "utf-16", "wrong_encoding"),
        (TEXT.encode("utf-16-le"), "utf-8", "nul_byte"),
        (TEXT.replace("paid", "zahlÜng").encode("latin-1"), "utf-8", "invalid_utf8"),
        ((TEXT + "Ü").encode() + "Ü".encode("latin-1") + b"\n", "utf-8", "invalid_utf8"),
        (TEXT.replace("paid", "pa\0id").encode(), "utf-8", "nul_byte"),
        (gzip.compress(TEXT.encode()), "utf-8", "compressed_file"),
        (b"PAR1....", "utf-8", "wrong_format"),
    ],
)
def test_bytes_that_are_not_what_was_declared_refuse_the_file(
    shop: Shop, content: bytes, encoding: str, reason: str
) -> None:
    shop.configure(f'path = "orders.csv"\nencoding = "{encoding}"')
    shop.write(content)
    assert shop.refusal() == reason


def test_latin1_letters_survive(shop: Shop) -> None:
    shop.configure('path = "orders.csv"\nencoding = "latin-1"\n[sources.orders.status]\n"bezahlt ß" = "refunded"')
    shop.write(TEXT.replace("paid", "bezahlt ß").encode("latin-1"))
    shop.ingest()
    assert shop.query("SELECT DISTINCT status FROM raw.orders") == [("refunded",)]


# --- B2: rows and quotes ---


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("has_end", [True, False])
def test_line_ends_of_any_kind_are_read(shop: Shop, newline: str, has_end: bool) -> None:
    text = TEXT.replace("\n", newline)
    shop.write(text if has_end else text.removesuffix(newline))
    assert amounts(shop) == [10, 20]


def test_ragged_rows_are_set_aside_with_their_lines_and_without_their_text(shop: Shop) -> None:
    shop.rows(GOOD, "o2,secret@example.org", SECOND + ",extra", SECOND.replace("o2", "o3"))
    report = shop.ingest()
    assert shop.quarantined() == [(3, "ragged_row", None), (4, "ragged_row", None)]
    assert shop.query("SELECT order_id, line FROM raw.orders ORDER BY line") == [("o1", 2), ("o3", 5)]
    assert shop.query("SELECT record FROM raw.quarantine ORDER BY line") == [
        ('{"fields": 2, "expected": 7}',),
        ('{"fields": 8, "expected": 7}',),
    ]
    assert report.sources["orders"].reasons == {"ragged_row": 2}


@pytest.mark.parametrize(
    "text",
    [
        f'{HEADER},note\n{GOOD},"open\n{SECOND},x\n',
        f'{HEADER},note\n{GOOD},"open\n{SECOND},"x"\n',
        f'{HEADER}\n{GOOD}\n"o2,c2',
    ],
)
def test_an_unclosed_quote_refuses_the_file(shop: Shop, text: str) -> None:
    shop.write(text)
    assert shop.refusal() == "unclosed_quote"


def test_lines_are_physical_lines_also_after_breaks_inside_quotes(shop: Shop) -> None:
    shop.write(f'{HEADER},note\n{GOOD},"one\ntwo\r\nthree ""x"""\n\n{SECOND},"a,b"\no3,c,bad,paid,EUR,1,,\n')
    shop.ingest()
    assert shop.query("SELECT order_id, line FROM raw.orders ORDER BY line") == [("o1", 2), ("o2", 6)]
    assert shop.quarantined() == [(7, "timestamp_unreadable", "ordered_at")]


def test_a_value_with_a_break_or_quotes_is_kept_as_it_is(shop: Shop) -> None:
    shop.rows(GOOD.replace("o1", '"o\r\n""1"", x"'), SECOND)
    shop.ingest()
    assert shop.query("SELECT order_id FROM raw.orders ORDER BY line") == [('o\r\n"1", x',), ("o2",)]


def test_mixed_line_ends_are_read(shop: Shop) -> None:
    shop.write(f"{HEADER}\r\n{GOOD}\n{SECOND}\r\n")
    assert amounts(shop) == [10, 20]


def test_a_quote_inside_a_plain_field_is_a_letter(shop: Shop) -> None:
    shop.rows(GOOD.replace("o1", '5" pipe'), SECOND)
    shop.ingest()
    assert shop.query("SELECT order_id FROM raw.orders ORDER BY line") == [('5" pipe',), ("o2",)]


def test_text_behind_a_closing_quote_sets_the_record_aside(shop: Shop) -> None:
    shop.rows(GOOD.replace("o1", '"o1"x'), SECOND)
    shop.ingest()
    assert shop.quarantined() == [(2, "malformed_quotes", None)]
    assert shop.query("SELECT order_id, line FROM raw.orders") == [("o2", 3)]


@pytest.mark.parametrize(("mark", "spelt"), [(";", ";"), ("\t", "\\t"), ("|", "|")])
def test_another_delimiter_is_named_and_then_read(shop: Shop, mark: str, spelt: str) -> None:
    shop.write(TEXT.replace(",", mark))
    assert shop.refusal() == "wrong_delimiter"
    shop.configure(f'path = "orders.csv"\ndelimiter = "{spelt}"')
    assert amounts(shop) == [10, 20]


def test_a_field_of_ten_megabytes_that_nothing_asks_for_is_skipped(shop: Shop) -> None:
    shop.write(f"{HEADER},note\n{GOOD},{'x' * 10_000_000}\n{SECOND},y\n")
    assert amounts(shop) == [10, 20]


def test_too_many_columns_are_refused(shop: Shop) -> None:
    shop.write(HEADER + "".join(f",c{number}" for number in range(2000)) + "\n")
    assert shop.refusal() == "too_many_columns"


# --- B4: four different outcomes ---


def test_zero_bytes_are_refused(shop: Shop) -> None:
    shop.write("")
    assert shop.refusal() == "empty_file"


@pytest.mark.parametrize("content", [b"\n\n", b"\xef\xbb\xbf"])
def test_no_header_is_refused(shop: Shop, content: bytes) -> None:
    shop.write(content)
    assert shop.refusal() == "empty_file"


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_header_alone_is_an_empty_day(shop: Shop, end: str) -> None:
    shop.configure('path = "orders_{date}.csv"')
    shop.write(HEADER + end, "orders_2026-03-01.csv")
    report = shop.ingest()
    assert report.refused == []
    assert shop.query("SELECT status, records, is_current FROM raw.deliveries") == [("accepted", 0, True)]


def test_a_missing_file_is_named_with_the_key(shop: Shop) -> None:
    with pytest.raises(
        InputRefusedError, match=r"retention\.toml: sources\.orders\.path: there is no file 'orders\.csv'"
    ):
        shop.ingest()


def test_a_missing_day_is_not_a_delivery(shop: Shop) -> None:
    shop.configure('path = "orders_{date}.csv"')
    for day in (1, 3):
        shop.rows(GOOD, name=f"orders_2026-03-0{day}.csv")
    shop.ingest()
    assert shop.query("SELECT count(*) FROM raw.deliveries") == [(2,)]


def test_a_row_cut_in_the_middle_is_set_aside(shop: Shop) -> None:
    shop.write(f"{HEADER}\n{GOOD}\no2,c2,2026-03-0")
    shop.ingest()
    assert shop.quarantined() == [(3, "ragged_row", None)]
    assert shop.query("SELECT count(*) FROM raw.orders") == [(1,)]


# --- S1: columns ---


def test_an_added_column_is_told_once_and_changes_nothing(shop: Shop) -> None:
    shop.configure('path = "orders_{date}.csv"')
    shop.rows(GOOD, name="orders_2026-03-01.csv")
    shop.rows(SECOND + ",x", name="orders_2026-03-02.csv", header=HEADER + ",gift")
    shop.rows(SECOND.replace("o2", "o3") + ",x", name="orders_2026-03-03.csv", header=HEADER + ",gift")
    report = shop.ingest()
    assert shop.query("SELECT count(*) FROM raw.orders") == [(3,)]
    (warning,) = report.warnings()
    assert "orders_2026-03-02.csv: gift" in warning
    assert shop.ingest().warnings() == []


def test_an_added_column_is_told_when_only_the_later_file_is_new(shop: Shop) -> None:
    shop.configure('path = "orders_{date}.csv"')
    shop.rows(GOOD, name="orders_2026-03-01.csv")
    shop.ingest()
    shop.rows(SECOND + ",x", name="orders_2026-03-02.csv", header=HEADER + ",gift")
    assert len(shop.ingest().warnings()) == 1


def test_removed_and_renamed_columns_refuse_the_delivery(shop: Shop) -> None:
    shop.configure('path = "orders_{date}.csv"')
    shop.rows(GOOD, name="orders_2026-03-01.csv")
    shop.rows("o2,c2,2026-03-01,paid,EUR,", name="orders_2026-03-02.csv", header=HEADER.replace(",amount", ""))
    shop.rows(SECOND, name="orders_2026-03-03.csv", header=HEADER.replace("amount", "amount_eur"))
    report = shop.ingest()
    assert [refusal.reason for refusal in report.refused] == ["missing_column", "missing_column"]
    assert "'amount'" in report.refused[1].detail
    assert "amount_eur" in report.refused[1].detail
    assert 'amount = "amount_eur"' in report.refused[1].remedy
    assert shop.query("SELECT count(*) FROM raw.orders") == [(1,)]


def test_an_optional_column_that_is_gone_refuses_the_delivery_until_somebody_says_so(shop: Shop) -> None:
    dated = 'path = "orders_{date}.csv"'
    shop.configure(dated)
    shop.rows(GOOD.replace("o1", "o0").replace(",paid", ""), name="orders_2026-02-28.csv", header=LESS)
    shop.rows(GOOD, name="orders_2026-03-01.csv")
    shop.rows(SECOND.replace(",paid", ""), name="orders_2026-03-02.csv", header=LESS)
    report = shop.ingest()
    assert [(refusal.path, refusal.reason) for refusal in report.refused] == [("orders_2026-03-02.csv", "column_gone")]
    assert "file of 2026-03-01 had a column for status" in report.refused[0].detail
    assert 'may_lack = ["status"]' in report.refused[0].remedy
    assert [refusal.reason for refusal in shop.ingest().refused] == ["column_gone"]
    shop.configure(f'{dated}\nmay_lack = ["status"]')
    assert shop.ingest().refused == []
    assert shop.current("order_id") == ["o0", "o1", "o2"]


@pytest.mark.parametrize("is_together", [True, False])
@pytest.mark.parametrize("fault", ["drift", "gone"])
def test_a_file_that_was_refused_is_none_that_later_ones_are_compared_with(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, fault: str, is_together: bool
) -> None:
    shop.configure('path = "orders_{date}.csv"', rest='[limits]\ndrift = "refuse"\nmax_quarantined_share = 1.0')
    monkeypatch.setattr(
        Delivery, "has_changed", property(lambda made: fault == "gone" and "-02.csv" in made.found.shown)
    )
    if not is_together:
        monkeypatch.setattr(ingest_module, "MAX_FILES", 1)
    for day, header, amount in ((1, LESS, "1"), (2, HEADER, "100"), (3, LESS, "1")):
        rows = [f"o{day}{n},c1,2026-03-0{day},paid,EUR,{amount}{n:02}," for n in range(40)]
        rows[0] = rows[0].replace(f"2026-03-0{day}", "never")
        lacking = [row.replace(",paid", "") for row in rows]
        shop.rows(*(rows if header == HEADER else lacking), name=f"orders_2026-03-0{day}.csv", header=header)
    report = shop.ingest()
    reason = {"drift": "unlike_before", "gone": "changed_while_reading"}[fault]
    assert [(refusal.path, refusal.reason) for refusal in report.refused] == [("orders_2026-03-02.csv", reason)]
    assert report.sources["orders"].reasons == {"timestamp_unreadable": 2}


def test_may_lack_names_columns_of_the_contract(shop: Shop) -> None:
    shop.configure('path = "orders.csv"\nmay_lack = ["state"]')
    shop.write(TEXT)
    with pytest.raises(ConfigError, match=r"may_lack: 'state' is no contract column"):
        shop.ingest()


@pytest.mark.parametrize("rows", [("anna@example.org,Anna Smith,2026-03-01",), ("17,Anna,Anna", "18,Bert,Bert")])
def test_a_file_without_header_does_not_tell_who_is_in_it(shop: Shop, rows: tuple[str, ...]) -> None:
    shop.write("\n".join(rows) + "\n")
    refusal = shop.ingest().refused[0]
    assert "nna" not in f"{refusal} {refusal.remedy} {shop.query('SELECT * FROM raw.deliveries')}"


def test_a_mapping_to_a_column_that_is_not_there_refuses(shop: Shop) -> None:
    shop.configure('path = "orders.csv"\n[sources.orders.columns]\nstatus = "state"')
    shop.write(TEXT)
    assert shop.refusal() == "missing_column"


def test_reordered_columns_give_the_same_rows(shop: Shop) -> None:
    shop.configure('path = "orders_{date}.csv"')
    shop.rows(GOOD, name="orders_2026-03-01.csv")
    backwards = ",".join(reversed(HEADER.split(",")))
    shop.rows(",".join(reversed(GOOD.split(","))), name="orders_2026-03-02.csv", header=backwards)
    shop.ingest()
    columns = (
        "order_id, customer_id, ordered_at, updated_at, status, currency, amount, refund_amount, cost_amount, line"
    )
    assert len(shop.query(f"SELECT DISTINCT {columns} FROM raw.orders")) == 1
    assert shop.query("SELECT count(*) FROM raw.orders") == [(2,)]


def test_a_retyped_column_sets_its_records_aside(shop: Shop) -> None:
    shop.rows(GOOD.replace("10.00", "ten"), SECOND)
    shop.ingest()
    assert shop.quarantined() == [(2, "number_unreadable", "amount")]


def test_a_column_named_twice_refuses_the_delivery(shop: Shop) -> None:
    shop.rows(GOOD + ",5", header=HEADER + ",amount")
    assert shop.refusal() == "duplicate_column"


def test_blanks_around_names_and_nameless_columns_do_no_harm(shop: Shop) -> None:
    shop.rows("0," + GOOD + ",", header=", " + HEADER.replace(",", " , ") + ",")
    assert amounts(shop) == [Decimal(10)]


def test_a_path_is_taken_literally(shop: Shop) -> None:
    shop.configure('path = "in [1]/year=2026/a*b?.csv"')
    shop.write(TEXT, "in [1]/year=2026/a*b?.csv")
    assert amounts(shop) == [10, 20]
    assert shop.query("SELECT path FROM raw.deliveries") == [("in [1]/year=2026/a*b?.csv",)]


@pytest.mark.parametrize("place", ["ingest.address", "staging.examine_csv"])
def test_a_file_that_cannot_be_read_is_refused_and_the_others_are_not(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    shop.configure('path = "orders_{date}.csv"')
    shop.rows(GOOD, name="orders_2026-03-01.csv")
    shop.rows(SECOND, name="orders_2026-03-02.csv")
    module, name = place.split(".")
    target = importlib.import_module(f"retention_pipeline.intake.{module}")
    original = getattr(target, name)

    def deny(what: object, *rest: object) -> object:
        if "2026-03-02" in str(what):
            raise PermissionError(13, "Permission denied")
        return original(what, *rest)

    monkeypatch.setattr(target, name, deny)
    report = shop.ingest()
    assert [refusal.reason for refusal in report.refused] == ["unreadable_file"]
    assert shop.query("SELECT order_id FROM raw.orders") == [("o1",)]
    with pytest.raises(InputRefusedError, match=r"orders_2026-03-02\.csv"):
        report.raise_for_refusals(shop.settings)


@pytest.mark.parametrize("name", ["unlink", "rename"])
@pytest.mark.parametrize("text", [TEXT, TEXT.replace("c1", '"c,1"'), TEXT.replace("c1", 'c"1')])
@pytest.mark.parametrize("place", ["staging.examine_csv", "load.RowSql"])
def test_a_file_that_is_taken_away_while_it_is_read_is_refused_and_the_others_are_not(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, place: str, text: str, name: str
) -> None:
    shop.configure('path = "orders_{date}.csv"')
    gone = shop.write(text, "orders_2026-03-01.csv")
    shop.rows(SECOND, name="orders_2026-03-02.csv")
    module, called = place.split(".")
    target = importlib.import_module(f"retention_pipeline.intake.{module}")
    original = getattr(target, called)

    def then_gone(*arguments: object) -> object:
        made = original(*arguments)
        if gone.exists() and (module == "load" or gone in arguments):
            gone.unlink() if name == "unlink" else gone.rename(shop.folder / "elsewhere")
        return made

    monkeypatch.setattr(target, called, then_gone)
    report = shop.ingest()
    assert [refusal.reason for refusal in report.refused] in (["unreadable_file"], ["changed_while_reading"])
    assert shop.query("SELECT order_id FROM raw.orders") == [("o2",)]
