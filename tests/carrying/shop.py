"""A shop with every source, and what can happen to it: each event changes what was delivered.

Belongs here: the events. Not here: building anything (``nights``).
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.dbt.rows import Rows

VARIABLES: dict[str, Any] = {
    "grains": ["week", "month", "quarter", "year"], "cohort_grains": ["month", "year"], "segments": ["tier", "land"],
    "derived_segments": ["new_returning", "nps_group"], "activity_window_days": 40, "timezone": "Europe/Berlin",
    "channel_segment": "land", "loyalty_segment": "tier", "loyalty_tiers": ["basic", "silver", "gold"],
}  # fmt: skip
PEOPLE = [f"{number * 2730:04x}" for number in range(24)]
"""Spread over all first digits, as hashes are, so that each third of the customers has some of them."""
TIERS = ("basic", "silver", "gold")


@dataclass
class Deliveries(Rows):
    """Rows of which what was delivered up to a night stays as it is: a delivery is known by its content."""

    nights: int = 0
    settled: set[str] = field(default_factory=set)

    def settle(self) -> None:
        """A night has seen all that was delivered."""
        self.nights += 1
        self.settled = {row["delivery_id"] for row in self.tables["deliveries"]}

    def deliver(self, source: str, day: str | None, *, name: str = "", kind: str = "increment", **flags: Any) -> str:
        wanted = name or f"{source}-{day or 'history'}"
        return super().deliver(
            source, day, name=f"{wanted}-{self.nights}" if wanted in self.settled else wanted, kind=kind, **flags
        )


@dataclass
class Shop:
    """What was delivered up to a day, and a source of chance."""

    seed: int
    today: dt.date = dt.date(2023, 11, 20)
    rows: Deliveries = field(default_factory=Deliveries)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.count = 0
        start = self.today - dt.timedelta(days=330)
        for person in PEOPLE[:16]:
            for _ in range(self.chance.randint(1, 6)):
                self.sell(person, start + dt.timedelta(days=self.chance.randint(0, 330)))
        for person in PEOPLE[:12]:
            self.register(person)
        for person in PEOPLE[:6]:
            self.answer(person)
        self.rows.subscription("s1", PEOPLE[2], "2023-03-01", 10)
        self.rows.subscription("s2", PEOPLE[11], "2023-05-01", 12, ended="2023-12-24", known="2023-05-01")
        self.rows.ticket("t1", PEOPLE[1], "2023-06-01", responded="2023-06-02", kind="complaint")
        self.rows.ticket("t2", None, "2023-07-01")
        self.rows.reason(PEOPLE[14], "2023-08-01", "price")
        self.rows.spend("2023-08-01", "acquisition", 40, channel="DE")
        self.rows.rate("USD", str(start - dt.timedelta(days=5)), "0.9")
        self.rows.control_total("2023-09-01", "revenue_gross", 100, known="2023-10-01")
        self.rows.set_aside("2023-09-09", order_id="bad1", amount="x")

    @property
    def as_of(self) -> str:
        return str(self.today)

    def number(self, letter: str) -> str:
        self.count += 1
        return f"{letter}{self.count}"

    def person(self) -> str:
        return self.chance.choice(PEOPLE)

    def sell(self, customer: str | None, day: dt.date, **fields: Any) -> str:
        order = self.number("o")
        hour = self.chance.choice(["01:30:00", "12:00:00", "23:40:00"])
        amount = Decimal(self.chance.randint(100, 9000)) / 100
        self.rows.order(order, customer, f"{day} {hour}", amount, **{"known": str(day), **fields})
        return order

    def register(self, customer: str, **fields: Any) -> None:
        attributes = {"tier": self.chance.choice(TIERS), "land": self.chance.choice(["DE", "FR"]), **fields}
        self.rows.customer(customer, self.as_of, updated=f"{self.today} 08:00:00", **attributes)

    def answer(self, customer: str | None) -> None:
        number = self.number("f")
        self.rows.answer(number, customer, self.as_of, "nps", self.chance.randint(0, 10), sent=self.as_of)

    def again(self, **changes: Any) -> None:
        """An order record comes again with other values."""
        latest: dict[str, dict[str, Any]] = {row["order_id"]: row for row in self.rows.tables["orders"]}
        old = self.chance.choice(list(latest.values()))
        kept = {
            name: value
            for name, value in old.items()
            if name not in {"known_date", "delivery_id", "line", "updated_at"}
        }
        delivery = self.rows.deliver("orders", self.as_of)
        row = {
            **kept,
            "updated_at": f"{self.today} 20:00:00",
            "known_date": self.as_of,
            "delivery_id": delivery,
            **changes,
        }
        self.rows.tables["orders"].append({**row, "line": len(self.rows.tables["orders"]) + 2})


def plain(shop: Shop) -> None:
    """Orders of the day, of known and new customers and a guest."""
    for customer in (shop.person(), shop.person(), None):
        shop.sell(customer, shop.today)


def late(shop: Shop, days: int) -> None:
    shop.sell(shop.person(), shop.today - dt.timedelta(days=days), known=shop.as_of)


def early(shop: Shop) -> None:
    """An order of a day that has not come yet."""
    shop.sell(shop.person(), shop.today + dt.timedelta(days=2), known=shop.as_of)


def refund(shop: Shop) -> None:
    shop.again(
        refund_amount="1.00", refunded_at=f"{shop.today + dt.timedelta(days=shop.chance.randint(-3, 3))} 12:00:00"
    )


def foreign(shop: Shop) -> None:
    shop.sell(shop.person(), shop.today, currency="USD")
    shop.sell(shop.person(), shop.today - dt.timedelta(days=20), currency="USD", known=shop.as_of)


def another_rate(shop: Shop) -> None:
    """A rate of some time ago is corrected."""
    day = shop.today - dt.timedelta(days=shop.chance.randint(0, 25))
    shop.rows.rate("USD", str(day), str(Decimal(shop.chance.randint(80, 120)) / 100), known=shop.as_of)


def superseded(shop: Shop) -> None:
    """A day's file is delivered again with fewer rows: some are gone."""
    days = [row for row in shop.rows.tables["deliveries"] if row["source"] == "orders" and row["is_current"] is True]
    old = shop.chance.choice(days)
    old["is_current"] = False
    name = shop.rows.deliver("orders", old["business_date"], name=shop.number("again"))
    kept = [row for row in shop.rows.tables["orders"] if row["delivery_id"] == old["delivery_id"]][1:]
    shop.rows.tables["orders"] += [{**row, "delivery_id": name} for row in kept]


def snapshot(shop: Shop) -> None:
    """A full state of the customers, without some of them."""
    name = shop.rows.deliver("customers", shop.as_of, name=shop.number("snap"), kind="snapshot")
    for customer in shop.chance.sample(PEOPLE, 9):
        shop.rows.customer(customer, shop.as_of, delivery=name, tier=shop.chance.choice(TIERS), land="DE")


def history(shop: Shop) -> None:
    """A file without a date: its rows are known on days of their own, some of them later ones."""
    name = shop.rows.deliver("orders", None, name=shop.number("old"), first_known="2023-01-01")
    for days in (-40, 0, 1, 3):
        day = shop.today + dt.timedelta(days=days)
        shop.sell(shop.person(), day, delivery=name, known=str(day))


def service(shop: Shop) -> None:
    number = shop.number("t")
    shop.rows.ticket(
        number, shop.person(), shop.as_of, responded=str(shop.today + dt.timedelta(days=1)), kind="complaint"
    )
    shop.rows.subscription(shop.number("s"), shop.person(), str(shop.today - dt.timedelta(days=9)), 9, known=shop.as_of)
    shop.rows.reason(shop.person(), shop.as_of, "quality")
    shop.rows.spend(shop.as_of, "retention", 7, channel="FR")
    shop.rows.invitation(shop.number("f"), shop.person(), shop.as_of)


def answers(shop: Shop) -> None:
    for customer in (shop.person(), None):
        shop.answer(customer)


EVENTS: dict[str, Callable[[Shop], None]] = {
    "plain": plain,
    "late by a day": lambda shop: late(shop, 1),
    "late by three days": lambda shop: late(shop, 3),
    "late by a month": lambda shop: late(shop, 30),
    "late by more than a year": lambda shop: late(shop, 400),
    "order of the future": early,
    "corrected amount": lambda shop: shop.again(amount="77.77"),
    "cancelled": lambda shop: shop.again(status="cancelled"),
    "refunded": refund,
    "moved to another customer": lambda shop: shop.again(customer_id=shop.person()),
    "became a guest's": lambda shop: shop.again(customer_id=None),
    "moved in time": lambda shop: shop.again(ordered_at=f"{shop.today - dt.timedelta(days=35)} 12:00:00"),
    "foreign money": foreign,
    "another rate": another_rate,
    "delivered again": superseded,
    "snapshot": snapshot,
    "history": history,
    "another segment": lambda shop: shop.register(shop.person()),
    "answers": answers,
    "service": service,
    "nothing": lambda shop: None,
}
"""What can happen on a day."""
