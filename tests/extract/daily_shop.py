"""A shop that changes every day, written to a database and to a file a day: the same rows known on the same days."""

from __future__ import annotations

import csv
import datetime as dt
import random
from dataclasses import dataclass, field
from pathlib import Path

from tests.extract.shop import DatabaseShop

FIRST = dt.date(2026, 1, 1)
ORDERS = ("order_id", "customer_id", "ordered_at", "status", "currency", "amount", "refund_amount", "updated_at")
CUSTOMERS = ("customer_id", "created_at", "updated_at", "country")
FEEDBACK = ("feedback_id", "customer_id", "submitted_at", "score", "kind", "updated_at")
COLUMNS = {"orders": ORDERS, "customers": CUSTOMERS, "feedback": FEEDBACK}
KEYS = {"orders": "order_id", "customers": "customer_id", "feedback": "feedback_id"}
Row = dict[str, str | None]

SHOP = """
[shop]
name = "Daily shop"
timezone = "Europe/Berlin"
currency = "EUR"
segments = ["country"]
"""
FROM_DATABASE = SHOP + "".join(
    f'[sources.{name}]\ndatabase = "postgresql"\ntable = "shop.{name}"\ncursor = "updated_at"\n' for name in COLUMNS
)
FROM_FILES = SHOP + "".join(f'[sources.{name}]\npath = "landing/{name}/{{date}}.csv"\n' for name in COLUMNS)


def instant(day: dt.date, rng: random.Random) -> str:
    """A moment between 08:00 and 20:00 UTC, which is the same date in Berlin."""
    return (
        f"{day}T{rng.randrange(8, 20):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}.{rng.randrange(10**6):06d}Z"
    )


@dataclass
class DailyShop:
    """What changes on each day; a row that changes twice on a day shows its last state."""

    days: int
    seed: int = 11
    changes: list[dict[str, dict[str, Row]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = random.Random(self.seed)
        state: dict[str, dict[str, Row]] = {name: {} for name in COLUMNS}
        for number in range(self.days):
            day = FIRST + dt.timedelta(days=number)
            changed: dict[str, dict[str, Row]] = {name: {} for name in COLUMNS}
            if number % 9 != 5:  # on some days nothing happens at all
                self._live(day, rng, state, changed)
            self.changes.append(changed)

    def _live(
        self, day: dt.date, rng: random.Random, state: dict[str, dict[str, Row]],
        changed: dict[str, dict[str, Row]],
    ) -> None:  # fmt: skip
        for _ in range(rng.randrange(3, 9)):
            now = instant(day, rng)
            customer = f"customer-{rng.randrange(60):03d}@example.org"
            if customer not in state["customers"] or rng.random() < 0.05:
                created = (state["customers"].get(customer) or {"created_at": now})["created_at"]
                values: list[str | None] = [customer, created, now, rng.choice(["DE", "FR", "IT"])]
                changed["customers"][customer] = dict(zip(CUSTOMERS, values, strict=True))
            placed = (
                now if day == FIRST or rng.random() < 0.9 else instant(day - dt.timedelta(rng.choice([1, 3, 30])), rng)
            )
            order = str(len(state["orders"]) + len(changed["orders"]) + 1000)
            amount = f"{rng.randrange(500, 20000) / 100:.2f}"
            values = [order, customer, placed, "paid", "EUR", amount, "0.00", now]
            changed["orders"][order] = dict(zip(ORDERS, values, strict=True))
        for order in rng.sample(sorted(state["orders"]), min(2, len(state["orders"]))):
            row = dict(state["orders"][order])
            row |= {"status": rng.choice(["refunded", "cancelled", "paid"]), "updated_at": instant(day, rng)}
            row["refund_amount"] = row["amount"] if row["status"] == "refunded" else "0.00"
            changed["orders"][order] = row
        now = instant(day, rng)
        answer = f"00000000-0000-4000-8000-{rng.randrange(10**12):012d}"
        values = [answer, rng.choice(sorted(changed["customers"]) or [None]), now, str(rng.randrange(11)), "nps", now]
        changed["feedback"][answer] = dict(zip(FEEDBACK, values, strict=True))
        for name, rows in changed.items():
            state[name] |= rows

    def write_files(self, folder: Path) -> None:
        """A file for each source and day."""
        for number, changed in enumerate(self.changes):
            day = FIRST + dt.timedelta(days=number)
            for name, rows in changed.items():
                path = folder / "landing" / name / f"{day}.csv"
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("w", encoding="utf-8", newline="") as stream:
                    writer = csv.DictWriter(stream, COLUMNS[name])
                    writer.writeheader()
                    writer.writerows(rows.values())

    def apply(self, number: int, shop: DatabaseShop) -> str:
        """Let one day happen in the database; returns the date of the morning after."""
        for name, rows in self.changes[number].items():
            columns = COLUMNS[name]
            sets = ", ".join(f"{column} = excluded.{column}" for column in columns)
            with shop.owner.cursor() as cursor:
                cursor.executemany(
                    f"insert into shop.{name} ({', '.join(columns)}) values ({', '.join(['%s'] * len(columns))})"
                    f" on conflict ({KEYS[name]}) do update set {sets}",
                    [[row[column] for column in columns] for row in rows.values()],
                )
        return (FIRST + dt.timedelta(days=number + 1)).isoformat()
