"""Nights with every kind of late row: carried on, each table is what a rebuild makes of the same deliveries."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from tests.carrying.nights import Nights, with_dbt
from tests.carrying.quick import Quick
from tests.carrying.shop import EVENTS, PEOPLE, VARIABLES, Shop
from tests.dbt.support import Project

PATCHED = {
    "stg_orders", "int_customer_order_days", "int_customer_spells", "int_customer_periods_ordered",
    "int_customers_known", "int_customer_segments", "fct_customer_period", "dim_customer", "int_period_orders_summed",
    "int_period_order_counts", "int_period_customers_counted", "int_period_revenue_bridged",
}  # fmt: skip
"""What a plain night touches and must not rebuild, or the incremental build would be one in name only."""
STORY: tuple[tuple[int, tuple[str, ...]], ...] = (
    (1, ("plain",)),
    (1, ("late by a day", "late by three days", "late by a month", "order of the future", "refunded")),
    (
        1,
        (
            "corrected amount",
            "cancelled",
            "moved to another customer",
            "became a guest's",
            "another segment",
            "answers",
        ),
    ),
    (1, ("nothing",)),
    (0, ("delivered again", "moved in time")),
    (1, ("foreign money", "service", "history")),
    (1, ("another rate", "snapshot", "plain")),
    (31, ("plain",)),
    (1, ("late by more than a year",)),
    (8, ("plain", "answers")),
)
"""Days to go on, and what happens then; the eighth night passes the end of a year."""


def test_each_third_of_the_customers_has_some() -> None:
    """One of the two builds of a night is made by thirds, which must not be one third and two empty ones."""
    thirds = Counter(int(person, 16) * 3 // 65536 for person in PEOPLE)
    assert min(thirds[third] for third in range(3)) > 6


def tell(nights: Nights, story: tuple[tuple[int, tuple[str, ...]], ...] = STORY) -> None:
    shop = Shop(1)
    nights.night(shop.rows, shop.as_of)
    shop.rows.settle()
    for days, events in story:
        shop.today += dt.timedelta(days=days)
        for event in events:
            EVENTS[event](shop)
        states = nights.night(shop.rows, shop.as_of)
        shop.rows.settle()
        if events == ("plain",):
            assert {name for name in PATCHED if states[name] != "patched"} == set()


def by_chance(seed: int, nights: Nights, count: int) -> None:
    shop = Shop(seed)
    for _ in range(count):
        nights.night(shop.rows, shop.as_of)
        shop.rows.settle()
        shop.today += dt.timedelta(days=shop.chance.choice([0, 1, 1, 1, 2, 9]))
        for event in shop.chance.sample(sorted(EVENTS), 3):
            EVENTS[event](shop)


def test_a_plain_night(quick: Quick, tmp_path: Path) -> None:
    tell(Nights(quick.run, tmp_path, VARIABLES), STORY[:1])


@pytest.mark.long
def test_a_story_of_nights(quick: Quick, tmp_path: Path) -> None:
    tell(Nights(quick.run, tmp_path, VARIABLES))


@pytest.mark.slow
def test_the_same_story_with_dbt(project: Project, tmp_path: Path) -> None:
    tell(Nights(with_dbt(project), tmp_path, VARIABLES))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 4))
def test_nights_by_chance(seed: int, quick: Quick, tmp_path: Path) -> None:
    by_chance(seed, Nights(quick.run, tmp_path, VARIABLES), 8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 46))
def test_many_nights_by_chance(seed: int, quick: Quick, tmp_path: Path) -> None:
    by_chance(seed, Nights(quick.run, tmp_path, VARIABLES), 12)
