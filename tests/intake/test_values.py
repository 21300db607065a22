"""Faults B3 and B5: numbers and timestamps are taken as they stand, or set aside; never changed."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.intake.conftest import GOOD, HEADER, Shop

NUMBERS = {
    "10": None,
    "+10.5": None,
    "-3.00": None,
    ".50": None,
    " 7 ": None,
    "10.12340000": None,
    "99999999999999.9999": None,
    "": "missing_amount",
    "n/a": "number_unreadable",
    "0x10": "number_unreadable",
    "1_000": "number_unreadable",
    "1e3": "number_in_scientific_notation",
    "NaN": "number_not_finite",
    "inf": "number_not_finite",
    "-Infinity": "number_not_finite",
    "€10.00": "number_with_currency",
    "10.00 EUR": "number_with_currency",
    "12,50": "number_other_separators",
    "1,234.50": "number_other_separators",
    "1.234.567": "number_other_separators",
    "1 234": "number_other_separators",
    "5.": "number_other_separators",
    "10.12345": "number_too_many_decimals",
    "100000000000000": "number_out_of_range",
    "1" * 1001: "value_too_long",
}


def test_a_number_is_exact_or_set_aside(shop: Shop) -> None:
    assert shop.reasons(NUMBERS) == NUMBERS
    assert shop.current("amount") == [Decimal(text.strip()) for text, reason in NUMBERS.items() if reason is None]


@pytest.mark.parametrize(
    ("options", "text", "value"),
    [
        ('decimal = ","', "12,50", "12.5000"),
        ('decimal = ","\nthousands = "."', "1.234,50", "1234.5000"),
        ('thousands = ","', "1,234,567.89", "1234567.8900"),
        ('thousands = " "', "1\u00a0234.5", "1234.5000"),
        ('thousands = "\'"', "1'234", "1234.0000"),
    ],
)
def test_a_declared_notation_is_read(shop: Shop, options: str, text: str, value: str) -> None:
    shop.configure(f'path = "orders.csv"\n{options}')
    assert shop.reasons([text]) == {text: None}
    assert shop.current("amount") == [Decimal(value)]


def test_thousands_must_stand_in_threes(shop: Shop) -> None:
    shop.configure('path = "orders.csv"\nthousands = ","')
    assert shop.reasons(["12,34.5"]) == {"12,34.5": "number_other_separators"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.sampled_from("0123456789.,+-eE €naif "), max_size=9), min_size=1, max_size=60))
def test_no_number_is_changed_silently(shop: Shop, texts: list[str]) -> None:
    shop.rows(*(f'o{i},c,2026-03-01,paid,EUR,"{text}",' for i, text in enumerate(texts)))
    shop.store.execute("DELETE FROM raw.orders; DELETE FROM raw.quarantine; DELETE FROM raw.deliveries")
    shop.ingest()
    loaded = {row[0]: row[1] for row in shop.query("SELECT line, amount FROM raw.orders")}
    for line, text in enumerate(texts, start=2):
        if line in loaded:
            assert loaded[line] == Decimal(text.strip())
        else:
            assert re.fullmatch(r"[+-]?[0-9]+", text.strip()) is None


def test_a_refund_lies_between_nothing_and_the_amount(shop: Shop) -> None:
    refunds = {
        "-0.01": "negative_refund",
        "10.01": "refund_exceeds_amount",
        "10.00": None,
        "": None,
        "x": "number_unreadable",
    }
    assert shop.reasons(refunds, "refund_amount") == refunds


def test_another_currency_is_set_aside_and_a_blank_one_is_the_shops(shop: Shop) -> None:
    currencies = {"USD": "currency_not_supported", "": None, "eur": None}
    assert shop.reasons(currencies, "currency") == currencies
    assert shop.current("currency") == ["EUR", "EUR"]


INSTANTS = {
    "2026-03-01": "2026-02-28 23:00:00",
    "2026-03-01T10:00": "2026-03-01 09:00:00",
    "2026-03-01 10:00:00": "2026-03-01 09:00:00",
    "2026-03-01T10:00:00.1234567": "2026-03-01 09:00:00.123456",
    "2026-03-01T10:00:00Z": "2026-03-01 10:00:00",
    "2026-03-01T10:00:00+05:30": "2026-03-01 04:30:00",
    "2026-03-01 10:00:00 -0800": "2026-03-01 18:00:00",
    "2026-03-01T10:00:00+01": "2026-03-01 09:00:00",
    "2026-03-01T10:00+01": "2026-03-01 09:00:00",
    "2026-03-01 10:00Z": "2026-03-01 10:00:00",
    "2026-03-01 10:00 -0130": "2026-03-01 11:30:00",
    "2026-02-28T24:00:00": "2026-02-28 23:00:00",
    "2025-10-26T02:30:00": "2025-10-26 01:30:00",
    "2025-07-01T10:00:00": "2025-07-01 08:00:00",
    "2025-10-26T02:30:00+02:00": "2025-10-26 00:30:00",
    "2025-10-26T02:30:00+01:00": "2025-10-26 01:30:00",
}


def test_a_naive_time_is_of_the_declared_zone_and_an_offset_is_honoured(shop: Shop) -> None:
    assert set(shop.reasons(INSTANTS, "ordered_at").values()) == {None}
    assert [str(instant) for instant in shop.current("ordered_at")] == list(INSTANTS.values())


TIMES = {
    "01/02/2026": "timestamp_unreadable",
    "2026-02-30": "timestamp_unreadable",
    "2026-02-30T10:00:00Z": "timestamp_unreadable",
    "2026-3-1": "timestamp_unreadable",
    "2026-03-01T25:00:00": "timestamp_unreadable",
    "2026-03-01T10:00:00+99:00": "timestamp_unreadable",
    "0000-00-00": "timestamp_unreadable",
    "0000-01-01": "timestamp_unreadable",
    "infinity": "timestamp_unreadable",
    "1772359200000": "timestamp_unreadable",
    "yesterday": "timestamp_unreadable",
    "9999-12-31T23:59:59": "timestamp_in_future",
    "2026-03-12T00:00:00": "timestamp_in_future",
    "2026-03-11T23:59:59": None,
    "1989-12-31T23:59:59": "timestamp_too_early",
    "1990-01-01T00:00:00": None,
    "": "missing_ordered_at",
    "2026-03-01T10:00:00 CET": "timestamp_unreadable",
}


def test_a_time_is_a_time_or_set_aside(shop: Shop) -> None:
    assert shop.reasons(TIMES, "ordered_at") == TIMES


def test_in_a_dated_file_the_future_begins_after_the_day_behind_the_files_date(shop: Shop) -> None:
    shop.configure('path = "orders_{date}.csv"')
    shop.rows("o1,c,2026-03-02T23:59:59,,,1,", "o2,c,2026-03-03T00:00:00,,,1,", name="orders_2026-03-01.csv")
    shop.ingest()
    assert shop.quarantined() == [(3, "timestamp_in_future", "ordered_at")]
    assert shop.query("SELECT known_date FROM raw.orders") == [(dt.date(2026, 3, 1),)]


@pytest.mark.parametrize(
    ("form", "text", "instant"),
    [
        ("%d/%m/%Y", "01/02/2026", "2026-01-31 23:00:00"),
        ("%d.%m.%Y %H:%M", "01.02.2026 12:30", "2026-02-01 11:30:00"),
        ("%d.%m.%Y %H:%M %z", "01.02.2026 12:30 +0000", "2026-02-01 12:30:00"),
        ("epoch_ms", "1772359200000", "2026-03-01 10:00:00"),
        ("epoch_s", "1772359200", "2026-03-01 10:00:00"),
    ],
)
def test_a_declared_time_format_is_read(shop: Shop, form: str, text: str, instant: str) -> None:
    shop.configure(f'path = "orders.csv"\ntimestamp_format = "{form}"')
    assert shop.reasons([text], "ordered_at") == {text: None}
    assert [str(found) for found in shop.current("ordered_at")] == [instant]


def test_a_declared_time_format_is_strict(shop: Shop) -> None:
    shop.configure('path = "orders.csv"\ntimestamp_format = "%d/%m/%Y"')
    times = {"30/02/2026": "timestamp_unreadable", "2026-03-01": "timestamp_unreadable", "28/02/2026": None}
    assert shop.reasons(times, "ordered_at") == times


def test_a_source_may_have_a_zone_of_its_own(shop: Shop) -> None:
    shop.configure('path = "orders.csv"\ntimezone = "America/New_York"')
    shop.reasons(["2026-03-01T22:00:00"], "ordered_at")
    # 22:00 in New York is already the next business day in Berlin
    assert shop.query("SELECT CAST(ordered_at AS VARCHAR), known_date FROM raw.orders") == [
        ("2026-03-02 03:00:00", dt.date(2026, 3, 2))
    ]


def test_one_reason_per_record_in_the_order_of_the_contract(shop: Shop) -> None:
    shop.rows(",c,nonsense,paid,USD,x,", "o2,c,nonsense,paid,USD,x,", "o3,c,2026-03-01,paid,USD,x,")
    shop.ingest()
    assert shop.quarantined() == [
        (2, "missing_order_id", "order_id"),
        (3, "timestamp_unreadable", "ordered_at"),
        (4, "currency_not_supported", "currency"),
    ]


def test_a_history_row_is_known_when_it_last_changed(shop: Shop) -> None:
    header = HEADER + ",updated_at"
    shop.rows(GOOD + ",2026-03-05T23:30:00Z", "o2,c,2026-03-01T23:30:00Z,paid,EUR,1,,", header=header)
    shop.ingest()
    assert shop.query("SELECT order_id, known_date FROM raw.orders ORDER BY 1") == [
        ("o1", dt.date(2026, 3, 6)),
        ("o2", dt.date(2026, 3, 2)),
    ]
    assert shop.query("SELECT first_known, last_known FROM raw.deliveries") == [
        (dt.date(2026, 3, 2), dt.date(2026, 3, 6))
    ]


def test_the_customer_is_stored_as_a_hash_everywhere(shop: Shop) -> None:
    shop.rows(GOOD, "o2,anna@example.org,2026-03-01,paid,EUR,x,")
    shop.ingest()
    assert shop.record()["customer_id"] != "anna@example.org"
    for table in ("orders", "quarantine", "deliveries"):
        assert "anna" not in str(shop.query(f"SELECT * FROM raw.{table}"))
    assert shop.query("SELECT count(*) FROM duckdb_tables() WHERE temporary") == [(0,)]
