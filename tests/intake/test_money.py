"""Currencies with and without exchange rates, discounts, dated refunds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.intake.conftest import GOOD, HEADER, Shop

RATES = '[sources.fx_rates]\npath = "fx_rates.csv"'
OTHERS = '[sources.subscriptions]\npath = "s.csv"\n[sources.spend]\npath = "p.csv"'
QUOTES = "currency,quoted_at,rate"


def write_others(shop: Shop, currency: str) -> None:
    shop.rows(
        f"s1,c1,2026-01-05,,5,{currency}", name="s.csv",
        header="subscription_id,customer_id,started_at,ended_at,monthly_amount,currency",
    )  # fmt: skip
    shop.rows(f"2026-03-01,retention,5,{currency}", name="p.csv", header="spent_at,kind,amount,currency")


def test_without_rates_a_foreign_currency_is_set_aside_in_every_source(shop: Shop) -> None:
    shop.configure(rest=OTHERS)
    shop.rows(GOOD.replace("EUR", "USD"))
    write_others(shop, "usd")
    shop.ingest()
    assert shop.query("SELECT source, reason, column_name FROM raw.quarantine ORDER BY source") == [
        ("orders", "currency_not_supported", "currency"),
        ("spend", "currency_not_supported", "currency"),
        ("subscriptions", "currency_not_supported", "currency"),
    ]


def test_with_rates_any_currency_is_taken_in_as_it_is(shop: Shop) -> None:
    shop.configure(rest=f"{OTHERS}\n{RATES}")
    shop.rows(GOOD.replace("EUR", "USD"), GOOD.replace("o1", "o2").replace("EUR", ""))
    shop.rows("USD,2026-03-01,0.9", name="fx_rates.csv", header=QUOTES)
    write_others(shop, "usd")
    shop.ingest()
    assert shop.current("currency") == ["USD", "EUR"]
    assert shop.current("amount") == [Decimal("10.0000")] * 2
    assert shop.query("SELECT currency FROM raw.spend UNION SELECT currency FROM raw.subscriptions") == [("USD",)]


def test_with_rates_a_currency_must_still_be_a_code(shop: Shop) -> None:
    shop.configure(rest=RATES)
    shop.rows("USD,2026-03-01,0.9", name="fx_rates.csv", header=QUOTES)
    currencies = {"US$": "currency_not_a_code", "euro": "currency_not_a_code", "XYZ": None, "chf": None, "": None}
    assert shop.reasons(currencies, "currency") == currencies


def test_files_are_read_again_once_there_are_rates(shop: Shop) -> None:
    shop.rows(GOOD.replace("EUR", "USD"))
    shop.ingest()
    assert shop.current("order_id") == []
    shop.configure(rest=RATES)
    shop.rows("USD,2026-03-01,0.9", name="fx_rates.csv", header=QUOTES)
    shop.ingest()
    assert shop.current("order_id") == ["o1"]


@pytest.mark.parametrize(
    ("row", "reason", "column"),
    [
        (",2026-03-01,1.1", "missing_currency", "currency"),
        ("US,2026-03-01,1.1", "currency_not_a_code", "currency"),
        ("USD,,1.1", "missing_quoted_at", "quoted_at"),
        ("USD,2026-03-20,1.1", "timestamp_in_future", "quoted_at"),
        ("USD,2026-03-01,", "missing_rate", "rate"),
        ("USD,2026-03-01,0", "rate_not_positive", "rate"),
        ("USD,2026-03-01,-1", "rate_not_positive", "rate"),
        ("USD,2026-03-01,1.123456789", "number_too_many_decimals", "rate"),
        ("EUR,2026-03-01,1.01", "own_currency_not_one", "rate"),
        ("USD,2026-03-01,0.12345678", None, None),
        ("usd,2026-03-01,16000", None, None),
        ("EUR,2026-03-01,1.00", None, None),
    ],
)
def test_a_rate_is_positive_exact_and_of_a_currency(
    shop: Shop, row: str, reason: str | None, column: str | None
) -> None:
    shop.deliver("fx_rates", QUOTES, row)
    assert shop.quarantined() == ([(2, reason, column)] if reason else [])
    if not reason:
        currency, _, rate = row.split(",")
        assert shop.query("SELECT currency, rate FROM raw.fx_rates") == [(currency.upper(), Decimal(rate))]


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        ("0.1::DOUBLE + 0.2::DOUBLE", "0.3"),
        ("0.00006712::DOUBLE", "0.00006712"),
        ("0.92302012::DOUBLE", "0.92302012"),
        ("0.923020123::DOUBLE", None),
    ],
)
def test_a_rate_from_a_typed_file_keeps_its_value_or_is_set_aside(shop: Shop, value: str, rate: str | None) -> None:
    shop.configure(rest=RATES.replace(".csv", ".parquet"))
    shop.rows(GOOD)
    shop.store.execute(
        f"COPY (SELECT 'USD' AS currency, DATE '2026-03-01' AS quoted_at, {value} AS rate)"
        f" TO '{shop.folder / 'fx_rates.parquet'}' (FORMAT parquet)"
    )
    shop.ingest()
    assert shop.query("SELECT rate FROM raw.fx_rates") == ([(Decimal(rate),)] if rate else [])
    assert [reason for _, reason, _ in shop.quarantined()] == ([] if rate else ["number_too_many_decimals"])


def test_a_discount_is_optional_and_not_negative(shop: Shop) -> None:
    rows = (f"{GOOD.replace('o1', f'o{n}')},{text}" for n, text in enumerate(["1.50", "", "-0.01", "x"]))
    shop.rows(*rows, header=HEADER + ",discount_amount")
    shop.ingest()
    assert shop.current("discount_amount") == [Decimal("1.5000"), None]
    assert shop.quarantined() == [
        (4, "negative_discount", "discount_amount"),
        (5, "number_unreadable", "discount_amount"),
    ]


def test_a_refund_may_be_dated(shop: Shop) -> None:
    rows = (f"{GOOD.replace('o1', f'o{n}')}2.00,{text}" for n, text in enumerate(["2026-03-05", "", "2027-01-01"]))
    shop.rows(*rows, header=HEADER + ",refunded_at")
    shop.ingest()
    assert [str(instant) for instant in shop.current("refunded_at")] == ["2026-03-04 23:00:00", "None"]
    assert shop.quarantined() == [(4, "timestamp_in_future", "refunded_at")]
