"""Deliveries that are unlike those before them: another unit, another scheme of ids; and those that only look so."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from retention_pipeline.intake.drift import FORM, SIZE, History, compare, form_of
from tests.intake.conftest import HEADER, Shop

DATED = 'path = "orders_{date}.csv"'
FIRST = dt.date(2026, 1, 1)


def orders(
    day: int, *, count: int = 12, factor: float = 1, order: str = "o{}", customer: str = "C{:04}"
) -> Iterator[str]:
    """Orders of one day, their amounts spread over three orders of magnitude as shops have them."""
    draw = random.Random(day)  # no secret
    for number in range(count):
        cells = dict.fromkeys(HEADER.split(","), "")
        cells |= {
            "order_id": order.format(1000 + 100 * day + number),
            "customer_id": customer.format(draw.randrange(500)),
            "ordered_at": f"{FIRST + dt.timedelta(days=day)}T10:00:00",
            "amount": f"{draw.lognormvariate(4, 1.2) * factor:.2f}",
            "status": "paid",
        }
        yield ",".join(cells.values())


def days(shop: Shop, last: int, **more: Any) -> None:
    for day in range(last):
        write(shop, day, **more)


def write(shop: Shop, day: int, **more: Any) -> None:
    shop.rows(*orders(day, **more), name=f"orders_{FIRST + dt.timedelta(days=day)}.csv")


def warnings(shop: Shop) -> list[str]:
    report = shop.ingest()
    assert report.refused == []
    return [line for line in report.warnings() if "comparable_from" in line]


CHANGES: dict[str, dict[str, Any]] = {
    "cents": {"factor": 100},
    "thousands": {"factor": 1 / 1000},
    "a prefix on customers": {"customer": "SHOP-C{:04}"},
    "customers without their letter": {"customer": "{:04}"},
    "small letters": {"customer": "c{:04}"},
    "customers as addresses": {"customer": "someone{}@example.org"},
    "order numbers with a year": {"order": "2026-{}"},
    "order numbers in capitals": {"order": "O{}"},
    "padded order numbers": {"order": "o{:09}"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_warned_of_once_and_taken_in(shop: Shop, name: str) -> None:
    shop.configure(DATED)
    days(shop, 10)
    assert warnings(shop) == []
    write(shop, 10, **CHANGES[name])
    (warning,) = warnings(shop)
    assert "orders_2026-01-11.csv" in warning
    assert 'comparable_from = "2026-01-11" under [sources.orders]' in warning
    assert shop.query("SELECT count(*) FROM raw.orders") == [(132,)]
    assert warnings(shop) == []


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_noticed_within_a_first_load_of_many_files(shop: Shop, name: str) -> None:
    shop.configure(DATED)
    days(shop, 10)
    for day in range(10, 13):
        write(shop, day, **CHANGES[name])
    (warning,) = warnings(shop)
    assert "orders_2026-01-11.csv" in warning


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_at_the_end_of_a_history_in_one_file_is_noticed(shop: Shop, name: str) -> None:
    shop.configure('path = "orders.csv"')
    old = [line for day in range(10) for line in orders(day)]
    shop.rows(*old, name="orders.csv")
    assert warnings(shop) == []
    shop.rows(*old, *orders(10, **CHANGES[name]), name="orders.csv")
    assert len(warnings(shop)) == 1


@pytest.mark.parametrize("name", CHANGES)
def test_a_history_that_is_delivered_again_in_another_unit_is_noticed(shop: Shop, name: str) -> None:
    shop.configure('path = "orders.csv"')
    shop.rows(*[line for day in range(10) for line in orders(day)], name="orders.csv")
    assert warnings(shop) == []
    changed = [line for day in range(10) for line in orders(day, **CHANGES[name])]
    shop.rows(*changed, name="orders.csv")
    assert len(warnings(shop)) == 1


def test_a_shop_may_refuse_such_files_until_it_says_that_they_are_right(shop: Shop) -> None:
    shop.configure(DATED, rest='[limits]\ndrift = "refuse"')
    days(shop, 10)
    assert shop.ingest().refused == []
    write(shop, 10, factor=100)
    write(shop, 11)
    for _ in range(2):
        (refusal,) = shop.ingest().refused
        assert (refusal.path, refusal.reason) == ("orders_2026-01-11.csv", "unlike_before")
        assert "median" in refusal.detail
        assert shop.query("SELECT count(*) FROM raw.orders") == [(132,)]
    shop.configure(f'{DATED}\ncomparable_from = "2026-01-11"', rest='[limits]\ndrift = "refuse"')
    assert shop.ingest().refused == []
    assert shop.query("SELECT count(*) FROM raw.orders") == [(144,)]


def test_nothing_is_compared_where_the_shop_does_not_want_it(shop: Shop) -> None:
    shop.configure(DATED, rest='[limits]\ndrift = "off"')
    days(shop, 10)
    write(shop, 10, factor=100, customer="x-{}")
    assert warnings(shop) == []


def test_what_counts_from_a_day_on_is_compared_with_that_only(shop: Shop) -> None:
    shop.configure(f'{DATED}\ncomparable_from = "2026-01-11"')
    days(shop, 10)
    for day in range(10, 15):
        write(shop, day, factor=100)
    assert warnings(shop) == []
    write(shop, 15)
    assert len(warnings(shop)) == 1


def test_a_shop_of_three_orders_a_day_is_compared_over_several_days(shop: Shop) -> None:
    shop.configure(DATED)
    days(shop, 20, count=3)
    assert warnings(shop) == []
    for day in range(20, 24):
        write(shop, day, count=3, factor=100, customer="{:05}")
    assert [line.split(": ")[2] for line in warnings(shop)] == ["customer_id", "amount EUR"]


@pytest.mark.parametrize("seed", range(20))
def test_ordinary_years_raise_no_alarm(shop: Shop, seed: int) -> None:
    """Amounts of a shop with wholesale among its customers; numbers that gain a digit; a season twice as dear."""
    shop.configure(DATED)
    for day in range(60):
        shop.rows(
            *orders(day + 1000 * seed, count=5, factor=2 if day > 40 else 1, order="{}"),
            name=f"orders_{FIRST + dt.timedelta(days=day)}.csv",
        )
    assert warnings(shop) == []


def test_two_prices_far_apart_are_no_change_of_unit() -> None:
    """A shop with a small and a large subscription sells now more of the one, now more of the other."""
    mostly_small, mostly_large = {"19": 60, "49": 40}, {"19": 4, "49": 8}
    assert compare(f"{SIZE} amount EUR", Counter(mostly_large), Counter(mostly_small)) is None
    assert compare(f"{SIZE} amount EUR", Counter({"59": 12}), Counter(mostly_small)) is not None


@pytest.mark.parametrize(
    ("now", "before"), [({"19": 9}, {"59": 100}), ({"19": 10}, {"59": 29}), ({}, {"59": 100}), ({"19": 100}, {})]
)
def test_too_few_values_say_nothing(now: dict[str, int], before: dict[str, int]) -> None:
    assert compare(f"{SIZE} amount EUR", Counter(now), Counter(before)) is None
    assert compare(f"{SIZE} amount EUR", Counter({"19": 10}), Counter({"59": 30})) is not None


@pytest.mark.parametrize(
    ("pattern", "form"),
    [
        ("A9999", "9A:5"),
        ("9999", "9:4"),
        ("aaa@aa.aa", ".@a:9"),
        ("99a9-9a99", "-9a:9"),
        ("Ж9é", "9?:3"),
        (" a", " a:2"),
    ],
)
def test_the_form_of_an_id_is_its_kinds_of_characters_and_its_length(pattern: str, form: str) -> None:
    assert form_of(pattern, len(pattern)) == form


@pytest.mark.parametrize(
    ("form", "is_known"), [("9:6", True), ("9:5", True), ("9:7", True), ("9:8", False), ("9A:6", False)]
)
def test_running_numbers_may_gain_a_digit(form: str, is_known: bool) -> None:
    said = compare(f"{FORM} order_id", Counter({form: 10}), Counter({"9:6": 30}), {"9:6"})
    assert (said is None) == is_known


def test_a_form_that_occurred_long_ago_is_no_news() -> None:
    history = History()
    history.known_since[f"{FORM} order_id"]["9A:8"] = FIRST - dt.timedelta(days=2000)
    for day in range(30):
        history.add(FIRST + dt.timedelta(days=day), {f"{FORM} order_id": Counter({"9:6": 5})})
    last = FIRST + dt.timedelta(days=30)
    history.add(last, {f"{FORM} order_id": Counter({"9A:8": 20})})
    assert list(history.judge(last)) == []
    history.add(last, {f"{FORM} order_id": Counter({"9a:8": 20})})
    assert len(list(history.judge(last))) == 1


def test_a_few_ids_of_a_new_form_do_not_make_it_known() -> None:
    """A day of five orders is too few to say anything; the day after it is still the first that can be told."""
    history = History()
    for day in range(31):
        history.add(FIRST + dt.timedelta(days=day), {f"{FORM} order_id": Counter({"9:6" if day < 30 else "9A:9": 5})})
    last = FIRST + dt.timedelta(days=31)
    history.add(last, {f"{FORM} order_id": Counter({"9A:9": 20})})
    assert len(list(history.judge(last))) == 1
    history.forget(last)
    history.add(last, {f"{FORM} order_id": Counter({"9:6": 20})})
    assert list(history.judge(last)) == []


def test_a_store_of_an_earlier_program_begins_to_keep_profiles(shop: Shop) -> None:
    shop.configure(DATED)
    days(shop, 10)
    assert warnings(shop) == []
    shop.store.execute("DELETE FROM raw.profiles")
    write(shop, 10, factor=100)
    assert warnings(shop) == []
    days(shop, 0)
    for day in range(11, 14):
        write(shop, day, factor=100)
    assert warnings(shop) == []


def test_profiles_hold_no_id_and_no_amount(shop: Shop) -> None:
    shop.configure(DATED)
    write(shop, 0, count=1, customer="Müller-{}")
    shop.ingest()
    kept = shop.query("SELECT aspect, value FROM raw.profiles ORDER BY aspect")
    assert [aspect for aspect, _ in kept] == ["form customer_id", "form order_id", "size amount EUR"]
    assert all(len(str(value)) <= 8 for _, value in kept)
