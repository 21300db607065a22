"""Parquet and query results: the same rules as for text, by name and type (faults B7, C1)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from retention_pipeline.core.errors import ConfigError
from retention_pipeline.intake import read_exact, read_parquet
from tests.intake.conftest import GOOD, HEADER, Shop


def write(shop: Shop, select: str, name: str = "orders.parquet") -> None:
    shop.store.execute(f"COPY ({select}) TO '{shop.folder / name}' (FORMAT parquet)")


def one(shop: Shop, **columns: str) -> None:
    """A Parquet file with one order."""
    shop.configure('path = "orders.parquet"')
    cells = {"order_id": "'o1'", "customer_id": "'c1'", "ordered_at": "DATE '2026-03-01'", "amount": "10.5"} | columns
    write(shop, "SELECT " + ", ".join(f"{value} AS {name}" for name, value in cells.items()))


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("TIMESTAMP '2026-03-01 10:00:00.5'", "2026-03-01 09:00:00.500000"),
        ("TIMESTAMPTZ '2026-03-01 10:00:00+05'", "2026-03-01 05:00:00"),
        ("DATE '2026-03-01'", "2026-02-28 23:00:00"),
        ("'2026-03-01T10:00:00Z'", "2026-03-01 10:00:00"),
        ("TIMESTAMP_NS '2026-03-01 10:00:00'", "2026-03-01 09:00:00"),
        ("TIMESTAMP_S '2026-03-01 10:00:00'", "2026-03-01 09:00:00"),
    ],
)
def test_an_instant_is_honoured_and_a_naive_time_is_of_the_declared_zone(shop: Shop, value: str, instant: str) -> None:
    one(shop, ordered_at=value)
    shop.ingest()
    assert [str(found) for found in shop.current("ordered_at")] == [instant]


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("10.25::DECIMAL(9,2)", "10.25"),
        ("12.5::DECIMAL(38,20)", "12.5"),
        ("7::BIGINT", "7"),
        ("7::UTINYINT", "7"),
        ("0.1::DOUBLE + 0.2::DOUBLE", "0.3"),
        ("139.11999999999998::DOUBLE", "139.12"),
        ("29.33::FLOAT", "29.33"),
        ("'8.5'", "8.5"),
        ("-3.5::DOUBLE", "-3.5"),
    ],
)
def test_numbers_of_any_type_keep_their_value(shop: Shop, value: str, amount: str) -> None:
    one(shop, amount=value)
    shop.ingest()
    assert shop.current("amount") == [Decimal(amount)]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("'nan'::DOUBLE", "number_not_finite"),
        ("'-inf'::DOUBLE", "number_not_finite"),
        ("1e20::DOUBLE", "number_in_scientific_notation"),
        ("1e15::DOUBLE", "number_out_of_range"),
        ("1.23456::DOUBLE", "number_too_many_decimals"),
        ("1.23456::DECIMAL(9,5)", "number_too_many_decimals"),
        ("NULL::DOUBLE", "missing_amount"),
    ],
)
def test_numbers_that_do_not_fit_are_set_aside(shop: Shop, value: str, reason: str) -> None:
    one(shop, amount=value)
    shop.ingest()
    assert shop.quarantined() == [(1, reason, "amount")]


@pytest.mark.parametrize(
    ("columns", "refusal"),
    [
        ({"amount": "[1.5]"}, "wrong_type"),
        ({"amount": "DATE '2026-03-01'"}, "wrong_type"),
        ({"ordered_at": "1.5::DOUBLE"}, "wrong_type"),
        ({"ordered_at": "true"}, "wrong_type"),
        ({"order_id": "'x'::BLOB"}, "wrong_type"),
        ({"order_id": "1::DOUBLE"}, "wrong_type"),
        ({"customer_id": "1::FLOAT"}, "wrong_type"),
        ({"order_id": "1::BIGINT", "customer_id": "1::UBIGINT"}, ""),
        ({"amount": "1 AS total, 2"}, ""),
    ],
)
def test_a_type_that_cannot_be_meant_refuses_the_file(shop: Shop, columns: dict[str, str], refusal: str) -> None:
    one(shop, **columns)
    assert [found.reason for found in shop.ingest().refused] == ([refusal] if refusal else [])


def test_typed_values_do_not_follow_the_notation_of_text(shop: Shop) -> None:
    one(shop, ordered_at="TIMESTAMP '2026-03-01 10:00:00'", amount="10.5::DOUBLE", refund_amount="'1,5'")
    shop.configure('path = "orders.parquet"\ndecimal = ","\ntimestamp_format = "%d.%m.%Y"')
    shop.ingest()
    assert shop.query("SELECT amount, refund_amount, CAST(ordered_at AS VARCHAR) FROM raw.orders") == [
        (Decimal("10.5"), Decimal("1.5"), "2026-03-01 09:00:00")
    ]


def test_lines_of_parquet_are_row_numbers(shop: Shop) -> None:
    shop.configure('path = "orders.parquet"')
    write(
        shop,
        "SELECT 'o' || i AS order_id, 'c' AS customer_id, DATE '2026-03-01' AS ordered_at,"
        " CASE WHEN i = 150000 THEN NULL ELSE 1 END AS amount FROM range(1, 300001) t(i)",
    )
    shop.ingest()
    assert shop.quarantined() == [(150000, "missing_amount", "amount")]
    assert shop.query("SELECT count(*) FROM raw.orders WHERE order_id <> 'o' || line") == [(0,)]


@pytest.mark.parametrize("damage", [b"", b"PAR1 this is no parquet PAR1", b"order_id,amount\n"])
def test_a_damaged_file_is_refused(shop: Shop, damage: bytes) -> None:
    shop.configure('path = "orders.parquet"')
    shop.write(damage, "orders.parquet")
    assert shop.refusal() == ("damaged_file" if damage else "empty_file")


def test_a_file_that_claims_more_records_than_any_shop_has_is_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_parquet, "MAX_RECORDS", 999)
    shop.configure('path = "orders.parquet"')
    write(
        shop,
        "SELECT 'o1' AS order_id, 'c' AS customer_id, DATE '2026-03-01' AS ordered_at, 1 AS amount FROM range(1000)",
    )
    assert shop.refusal() == "too_many_records"


def test_a_truncated_file_is_refused(shop: Shop) -> None:
    one(shop)
    path = shop.folder / "orders.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    assert shop.refusal() == "damaged_file"


def test_missing_columns_of_parquet_refuse_the_file(shop: Shop) -> None:
    shop.configure('path = "orders.parquet"')
    write(shop, "SELECT 1 AS order_id")
    assert shop.refusal() == "missing_column"


SELECT = (
    "select no as order_id, who as customer_id, day as ordered_at, sum(total::decimal(18,4)) as amount"
    " from source group by all -- a closing comment;"
)


def test_a_select_stands_between_file_and_contract(shop: Shop) -> None:
    shop.configure(f'path = "orders.csv"\nselect = """{SELECT}"""')
    shop.rows("1,c1,2026-03-01,5", "2,c2,2026-03-01,1", "1,c1,2026-03-01,5", "cut", header="no,who,day,total")
    report = shop.ingest()
    assert report.refused == []
    assert shop.query("SELECT order_id, amount, line FROM raw.orders ORDER BY line") == [("1", 10, 1), ("2", 1, 2)]
    assert shop.quarantined() == [(5, "ragged_row", None)]
    assert shop.query("SELECT records, loaded, quarantined FROM raw.deliveries") == [(3, 2, 1)]


def test_a_select_over_several_days_and_over_parquet(shop: Shop) -> None:
    shop.configure(f'path = "{{date}}.parquet"\nselect = """{SELECT}"""')
    for day in (1, 2, 3):
        write(
            shop,
            f"SELECT 'o{day}' AS no, 'c' AS who, DATE '2026-02-0{day}' AS day, 2.5 AS total",
            f"2026-03-0{day}.parquet",
        )
    shop.ingest()
    assert shop.current("order_id") == ["o1", "o2", "o3"]


def test_a_select_that_does_not_fit_a_file_refuses_it_without_showing_values(shop: Shop) -> None:
    shop.configure('path = "orders.csv"\nselect = "select nope from source"')
    shop.rows(GOOD)
    refused = shop.ingest().refused[0]
    assert refused.reason == "select_failed"
    assert "nope" in refused.detail
    shop.configure('path = "orders.csv"\nselect = "select customer_id::int as order_id from source"')
    refused = shop.ingest().refused[0]
    assert refused.reason == "select_failed"
    assert "c1" not in refused.detail


def test_a_select_does_not_tell_capitals_apart_so_the_file_must(shop: Shop) -> None:
    shop.configure('path = "orders.csv"\nselect = "select * from source"')
    shop.rows(f"{GOOD},a,b", header=f"{HEADER},Note,note")
    (refused,) = shop.ingest().refused
    assert (refused.reason, "'Note', 'note'" in refused.detail) == ("duplicate_column", True)
    shop.rows(f"{GOOD},a,b", header=f"{HEADER},anna@example.org,Anna@example.org")
    (refused,) = shop.ingest().refused
    assert (refused.reason, "example" in refused.detail) == ("duplicate_column", False)


@pytest.mark.parametrize("select", ["select * from source", "select * exclude (_file) from source order by _line"])
def test_columns_of_a_file_may_be_named_like_those_of_the_intake(shop: Shop, select: str) -> None:
    shop.configure(f'path = "orders.csv"\nselect = "{select}"')
    shop.rows(f"{GOOD},1,2,3", header=f"{HEADER},_line,_file,c0")
    assert shop.ingest().refused == []
    assert shop.query("SELECT order_id, amount, line FROM raw.orders") == [("o1", 10, 1)]


@pytest.mark.parametrize("letter", ["x", '"', "é"])
def test_a_select_reads_a_cell_of_millions_of_letters(shop: Shop, letter: str) -> None:
    shop.configure('path = "orders.csv"\nselect = "select * exclude (note) from source where length(note) = 5000000"')
    cell = letter.replace('"', '""') * 5_000_000
    shop.rows(f'{GOOD},"{cell}"', f"{GOOD.replace('o1', 'o2')},short", header=f"{HEADER},note")
    assert shop.ingest().refused == []
    assert shop.query("SELECT order_id FROM raw.orders") == [("o1",)]


def test_what_the_database_says_of_a_file_is_not_repeated(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_exact, "_bytes_of_long", lambda _: 0)
    shop.configure('path = "orders.csv"\nselect = "select * exclude (note) from source"')
    shop.rows(f"{GOOD.replace('c1', 'anna@example.org')},{'x' * 5_000_000}", header=f"{HEADER},note")
    (refused,) = shop.ingest().refused
    assert (refused.reason, "anna" in f"{refused}{refused.detail}") == ("damaged_file", False)
    assert shop.query("SELECT table_name FROM duckdb_tables() WHERE temporary") == []


def test_a_select_cannot_reach_beyond_one_statement(shop: Shop) -> None:
    shop.rows(GOOD)
    shop.configure('path = "orders.csv"\nselect = "delete from raw.orders returning *"')
    with pytest.raises(ConfigError, match="not one SELECT"):
        shop.ingest()
