"""Every type arrives as what it was, or is refused by name; nothing is rounded, shifted or lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from retention_pipeline.core.errors import ConfigError, InputRefusedError
from tests.extract.shop import DatabaseShop

BASE = {
    "order_id": "'1'",
    "customer_id": "'c1'",
    "ordered_at": "timestamptz '2026-03-01 10:00+00'",
    "updated_at": "timestamptz '2026-03-01 12:00+00'",
    "amount": "10",
}


def read(shop: DatabaseShop, options: str = "", **cells: str) -> tuple[Any, ...]:
    """The stored order, or the reason it was set aside."""
    listed = ", ".join(f"{value} as {name}" for name, value in (BASE | cells).items())
    query = f"database = 'postgresql'\nquery = '''select {listed}'''\ncursor = 'updated_at'\n{options}"
    shop.configure(query)
    shop.store.execute("DELETE FROM raw.deliveries; DELETE FROM raw.orders; DELETE FROM raw.quarantine")
    assert shop.ingest("2026-03-10").refused == []
    rows = shop.query("SELECT * FROM raw.orders") or shop.query(
        "SELECT column_name || ':' || reason FROM raw.quarantine"
    )
    return rows[0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("numeric '12345678901234.5678'", "12345678901234.5678"),
        ("numeric '1.100000'", "1.1000"),
        ("numeric '0.30001'", "amount:number_too_many_decimals"),
        ("numeric 'NaN'", "amount:number_not_finite"),
        ("numeric '1e30'", "amount:number_out_of_range"),
        ("float8 '0.1' + float8 '0.2'", "0.3000"),
        ("float8 '139.11999999999998'", "139.1200"),
        ("float8 '1e-5'", "amount:number_too_many_decimals"),
        ("float8 '1e15' / 1e3", "1000000000000.0000"),
        ("float8 'Infinity'", "amount:number_not_finite"),
        ("float4 '12345.67'", "12345.6700"),
        ("float4 '1234567'", "1234567.0000"),
        ("int2 '7'", "7.0000"),
        ("int8 '9007199254740993'", "amount:number_out_of_range"),
        ("money '1234.50'", "1234.5000"),
        ("' 42.50 '::text", "42.5000"),
        ("'42,50'::text", "amount:number_other_separators"),
        ("true", "1.0000"),
        ("null::numeric", "amount:missing_amount"),
    ],
)
def test_amounts_are_exact(shop: DatabaseShop, expression: str, expected: str) -> None:
    row = read(shop, amount=expression)
    assert str(row[6] if len(row) > 1 else row[0]) == expected


@pytest.mark.parametrize(
    ("expression", "options", "expected"),
    [
        ("timestamptz '2026-03-01 10:00:00.123456+05:30'", "", "2026-03-01 04:30:00.123456"),
        ("timestamp '2026-02-01 10:00:00'", "", "2026-02-01 09:00:00"),
        ("timestamp '2026-02-01 10:00:00'", "timezone = 'America/New_York'", "2026-02-01 15:00:00"),
        ("date '2026-02-01'", "", "2026-01-31 23:00:00"),
        ("'2026-02-01T10:00:00Z'::text", "", "2026-02-01 10:00:00"),
        ("'01.02.2026 10:00'::text", "timestamp_format = '%d.%m.%Y %H:%M'", "2026-02-01 09:00:00"),
        ("int8 '1772359200'", "timestamp_format = 'epoch_s'", "2026-03-01 10:00:00"),
        ("timestamptz 'infinity'", "", "ordered_at:timestamp_unreadable"),
        ("timestamptz '0044-03-15 BC'", "", "ordered_at:timestamp_unreadable"),
        ("timestamptz '9999-01-01'", "", "ordered_at:timestamp_in_future"),
    ],
)
def test_instants_keep_their_zone(shop: DatabaseShop, expression: str, options: str, expected: str) -> None:
    row = read(shop, options, ordered_at=expression)
    assert str(row[2] if len(row) > 1 else row[0]) == expected


def test_a_notation_for_text_is_not_applied_to_columns_with_a_type(shop: DatabaseShop) -> None:
    options = "decimal = ','\nthousands = '.'\ntimestamp_format = '%d.%m.%Y'"
    row = read(
        shop, options, ordered_at="'01.02.2026'::text", amount="numeric '1234.50'", refund_amount="'1.234,5'::text"
    )
    assert (str(row[2]), str(row[6]), str(row[7])) == ("2026-01-31 23:00:00", "1234.5000", "1234.5000")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("E'two\\nlines, \"quoted\"; ünïcode ☂'", 'two\nlines, "quoted"; ünïcode ☂'),
        ("E'carriage\\r\\nreturn'", "carriage\r\nreturn"),
        ("E'\\\\.'", "\\."),
        ("'NULL'", "NULL"),
        ("'padded'::char(12)", "padded"),
        ("uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("12345678901234567890::numeric", "12345678901234567890"),
        ("'%s %% {} $1'", "%s %% {} $1"),
        ("''", "order_id:missing_order_id"),
        ("null::text", "order_id:missing_order_id"),
    ],
)
def test_text_is_kept_to_the_letter(shop: DatabaseShop, expression: str, expected: str) -> None:
    assert read(shop, order_id=expression)[0] == expected


def test_enumerations_and_domains_are_text_and_numbers(shop: DatabaseShop) -> None:
    shop.owner.execute("create type shop.state as enum ('paid', 'void'); create domain shop.euro as numeric(12, 2)")
    row = read(shop, status="'void'::shop.state", amount="12.5::shop.euro")
    assert (row[4], str(row[6])) == ("void", "12.5000")


@pytest.mark.parametrize(
    ("cells", "named"),
    [
        ({"amount": "'{}'::jsonb"}, "column 'amount' is of type jsonb"),
        ({"amount": "now()"}, "column 'amount' is of type timestamptz"),
        ({"ordered_at": "true"}, "column 'ordered_at' is of type bool"),
        ({"ordered_at": "1.5::numeric"}, "column 'ordered_at' is of type numeric"),
        ({"order_id": "array[1]"}, "column 'order_id' is of type _int4"),
        ({"order_id": "'a'::bytea"}, "column 'order_id' is of type bytea"),
        ({"updated_at": "'2026-03-01'::text"}, "column 'updated_at' is of type text"),
    ],
)
def test_a_type_that_cannot_be_meant_is_refused_by_name(shop: DatabaseShop, cells: dict[str, str], named: str) -> None:
    with pytest.raises(InputRefusedError, match=named) as refused:
        read(shop, **cells)
    assert refused.value.remedy is not None
    assert "cast" in refused.value.remedy


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date"])
def test_a_cursor_may_be_any_kind_of_time(shop: DatabaseShop, kind: str) -> None:
    """In the night of 25 October 2025 clocks in Berlin go back, so 02:30 comes twice."""
    shop.owner.execute(f"alter table shop.orders alter column updated_at type {kind}")
    shop.configure('database = "postgresql"\ntable = "shop.orders"\ncursor = "updated_at"\ncursor_lookback_minutes = 0')
    shop.order(1, "2025-10-26 02:50", ordered="2025-10-25 10:00+00")
    shop.ingest("2025-10-26")
    shop.order(2, "2025-10-26 02:10" if kind == "timestamp" else "2025-10-26 02:50", ordered="2025-10-25 10:00+00")
    shop.ingest("2025-10-27")
    assert set(shop.state()) == {"1", "2"}
    assert shop.ingest("2025-10-28").sources["orders"].records == 0


def test_a_column_that_changes_its_type_is_read_as_what_it_is(shop: DatabaseShop) -> None:
    shop.order(1, "2026-03-01 12:00+00")
    shop.ingest("2026-03-02")
    shop.owner.execute("alter table shop.orders alter column amount type text, alter column order_id type text")
    shop.order(2, "2026-03-02 12:00+00", amount="7.5")
    shop.ingest("2026-03-03")
    assert shop.state() == {"1": ("paid", "10.0000"), "2": ("paid", "7.5000")}
    shop.owner.execute("alter table shop.orders alter column updated_at type text")
    with pytest.raises(InputRefusedError, match="a cursor is a date"):
        shop.ingest("2026-03-04")


def test_two_columns_of_one_name_are_refused(shop: DatabaseShop) -> None:
    with pytest.raises(ConfigError, match="two columns are named 'amount'"):
        read(shop, refund_amount="1", amount="10, 11 as amount, 12")
