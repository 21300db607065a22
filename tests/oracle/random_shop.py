"""Tiny seeded shops that do everything the definitions are subtle about.

Belongs here: late rows, corrections, stale copies, customers who move and vanish from snapshots, waves, missing days.
Not here: the optional sources (``random_sources``), broken records (the demo shop has them) and expectations.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from tests.oracle import random_sources
from tests.oracle.random_sources import CURRENCIES, stamp
from tests.oracle.random_toml import FEEDBACK_TOML, LOYALTY, RFM_TOML, TOML

DAY = dt.timedelta(days=1)
ZONES = ("Pacific/Auckland", "America/New_York", "Asia/Kolkata", "Europe/Berlin")
STATUSES = ("paid", "paid", "paid", "paid", "refunded", "pending", "cancelled", "test")
COUNTRIES = ("DE", "FR", "IT", "")
TIERS = ("gold", "silver")
SCORES = {"nps": (0, 10), "csat": (1, 5), "thumbs": (0, 1)}
HEADERS = {
    "orders": (
        "number",
        "customer",
        "at",
        "changed",
        "state",
        "value",
        "refunded",
        "currency",
        "cost",
        "paid_back",
        "rebate",
    ),
    "customers": ("customer", "changed", "country", "tier", "channel"),
    "feedback": ("answer", "customer", "survey", "score", "at", "changed", "wave", "asked"),
    **random_sources.HEADERS,
}
Rows = dict[dt.date, list[tuple[str, ...]]]


@dataclass
class RandomShop:
    """A shop of 25 people over 130 days; an even seed delivers customers as snapshots."""

    seed: int
    people: int = 25
    days: int = 130
    files: dict[str, Rows] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.zone = ZoneInfo(ZONES[self.seed % len(ZONES)])
        self.start = dt.date(2023, 11, 6) + self.random.randrange(40) * DAY
        self.is_snapshot = self.seed % 2 == 0
        self.has_feedback = self.seed % 3 != 2
        self.has_costs = self.seed % 4 != 3
        self.rebates = ("", "0", "1.25") if self.seed % 3 else ("",)
        self.names = [f"{number:03d}" for number in range(self.people)]
        wanted = [name for index, name in enumerate(random_sources.MAKERS) if self.seed == 1 or self.seed >> index & 1]
        self.sources = wanted
        self.single: dict[str, list[tuple[str, ...]]] = {}

    @property
    def last(self) -> dt.date:
        """The last day."""
        return self.start + (self.days - 1) * DAY

    def write(self, folder: Path) -> Path:
        """Write the configuration and a file per source and day; the path of the configuration."""
        self._orders()
        self._customers()
        if self.has_feedback:
            self._feedback()
        for name in self.sources:
            random_sources.MAKERS[name](self)
        folder.mkdir(parents=True, exist_ok=True)
        for source, found in self.single.items():
            write_csv(folder / f"{source}.csv", [HEADERS[source], *found])
        for source, rows in self.files.items():
            (folder / source).mkdir(parents=True)
            for day, found in rows.items():
                write_csv(folder / source / f"{day}.csv", [HEADERS[source], *found])
        path = folder / "retention.toml"
        path.write_text(self._toml(), encoding="utf-8")
        return path

    def _toml(self) -> str:
        choose = self.random.choice
        text = TOML.format(
            seed=self.seed,
            zone=self.zone.key,
            window=choose((7, 30, 45, 90)),
            grains=choose(('["week", "month"]', '["day", "week", "month", "quarter", "year"]')),
            open_ended=choose(("true", "false")),
            week_start=choose(("monday", "sunday", "saturday")),
            min_cell_size=choose((1, 2, 4)),
            minimum_amount=choose((0, 5)),
            kind="snapshot" if self.is_snapshot else "increment",
            response_window=choose((5, 14)),
            grace=(0, 3, 10)[self.seed % 3],
            lifespan=choose((0.2, 1, 5)),
            more="\n".join(choose(("", line)) for line in (f"fx_reference_date = {self.start + 30 * DAY}",
                                                            "sla_hours = 12", LOYALTY)),
        )  # fmt: skip
        parts = [text, *(random_sources.TOML[name] for name in self.sources)]
        if self.has_feedback:
            parts.append(FEEDBACK_TOML)
        if self.seed % 5 != 4:
            parts.append(RFM_TOML)
        return "".join(parts)

    def currency(self) -> str:
        """The currency of a record: now and then a foreign one, where exchange rates are delivered."""
        if "fx_rates" in self.sources and self.random.randrange(5) == 0:
            return self.random.choice(CURRENCIES)
        return self.random.choice(("EUR", "EUR", ""))

    def daily(self, source: str) -> Rows:
        """An empty file for each day, one in the middle missing."""
        missing = self.start + self.random.randrange(self.days // 2, self.days - 5) * DAY
        days = (self.start + number * DAY for number in range(self.days))
        rows: Rows = {day: [] for day in days if day != missing}
        self.files[source] = rows
        return rows

    def deliver(self, rows: Rows, day: dt.date, row: tuple[str, ...]) -> None:
        """File a row with the first delivery on or after ``day``; past the end it never becomes known."""
        if later := [delivered for delivered in rows if delivered >= day]:
            rows[min(later)].append(row)

    def moment(self) -> dt.datetime:
        """A random second of the shop's life, close to midnight more often than not."""
        day = self.start + self.random.randrange(self.days) * DAY
        second = self.random.choice((self.random.randrange(600), 86_399 - self.random.randrange(600), 43_200))
        return dt.datetime.combine(day, dt.time(), self.zone) + dt.timedelta(seconds=second)

    def _orders(self) -> None:
        rows, choose, number = self.daily("orders"), self.random.choice, self.random.randrange
        for order in range(self.people * 9):
            at = self.moment()
            person = "" if number(12) == 0 else self.names[min(number(self.people), number(self.people))]
            value = f"{number(1, 9000) / 100:.2f}" if number(15) else choose(("0", "-3.50", "5", "0.0001"))
            delivered = at.date() + choose((0, 0, 0, 1, 3, 40)) * DAY
            changed = at
            cost = self._cost(value)
            row = (f"{order:04d}", person, stamp(at), stamp(changed), choose(STATUSES), value, "0", self.currency(),
                   cost, "", choose(self.rebates))  # fmt: skip
            self.deliver(rows, delivered, row)
            while number(4) == 0:
                delivered += number(1, 12) * DAY
                is_stale = number(5) == 0
                changed += number(1, 5) * DAY
                cents = number(1, 9000)
                corrected = (
                    row[0], choose((person, person, choose(self.names))), stamp(at + choose((0, 0, -1, -20)) * DAY),
                    "" if is_stale else stamp(changed), choose(STATUSES), f"{cents / 100:.2f}",
                    f"{min(cents, number(0, 300)) / 100:.2f}", row[7], self._cost(f"{cents / 100:.2f}"),
                    choose(("", stamp(at + number((delivered - at.date()).days + 1) * DAY))), row[10],
                )  # fmt: skip
                self.deliver(rows, delivered, corrected)
                if number(3) == 0:
                    self.deliver(rows, delivered, corrected)

    def _cost(self, value: str) -> str:
        """What an order cost; now and then nobody knows (never in one shop of four, where margins are complete)."""
        is_unknown = self.seed % 4 != 1 and self.random.randrange(40) == 0
        return f"{float(value) * 0.6:.2f}" if self.has_costs and not is_unknown and float(value) > 0 else ""

    def _customers(self) -> None:
        rows: Rows = defaultdict(list)
        self.files["customers"] = rows
        channels = random_sources.CHANNELS
        known = {name: [self.random.choice(held) for held in (COUNTRIES, TIERS, channels)] for name in self.names[:-2]}
        for number in range(0, self.days, 9):
            day = self.start + number * DAY
            rows[day] = []
            for name, (country, tier, channel) in known.items():
                if self.random.randrange(4) == 0:
                    known[name] = [self.random.choice(COUNTRIES), self.random.choice(TIERS), channel]
                is_sent = self.random.randrange(8) > 0 if self.is_snapshot else self.random.randrange(3) == 0
                if is_sent:
                    midday = dt.datetime.combine(day, dt.time(12), self.zone)
                    stale = self.random.choice((0, 0, 0, 30)) * DAY
                    rows[day].append((name, "" if self.is_snapshot else stamp(midday - stale), country, tier,
                                      channel))  # fmt: skip

    def _feedback(self) -> None:
        rows, choose, number = self.daily("feedback"), self.random.choice, self.random.randrange
        for answer in range(self.people * 6):
            at = self.moment() + dt.timedelta(seconds=answer)
            survey = choose(tuple(SCORES))
            low, high = SCORES[survey]
            person = "" if number(10) == 0 else choose(self.names)
            wave = choose(("", "", "", "winter"))
            asked = choose((None, at - number(0, 20) * DAY))
            day = at.date() + choose((0, 0, 2)) * DAY
            row = (f"a{answer}", person, survey, str(number(low, high + 1)), stamp(at), "", wave, stamp(asked))
            if asked is not None and number(2) == 0:
                self.deliver(rows, asked.date(), (*row[:3], "", "", "", wave, stamp(asked)))
            if asked is not None and number(3) == 0:
                continue
            self.deliver(rows, day, row)
            if number(5) == 0:
                again = at + number(1, 40) * DAY
                reworked = (*row[:3], str(number(low, high + 1)), stamp(again), stamp(again), wave, row[7])
                self.deliver(rows, again.date(), reworked)


def write_csv(path: Path, rows: list[tuple[str, ...]]) -> None:
    """Write rows, the header first."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
