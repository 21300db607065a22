"""A day's order file delivered again with corrected content, as shops do when they find their export was wrong.

Belongs here: replacing one file of a written demo shop, and saying what that changes. Not here: the shop itself.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from retention_pipeline.core.errors import ConfigError
from retention_pipeline.demo.files import LANDING, day_file, write_file
from retention_pipeline.demo.lines import HEADERS
from retention_pipeline.demo.rates import CURRENCY, FOREIGN

_SURCHARGE = Decimal("10.00")
_MISSED = {"24.90": "13.10", "61.35": "34.20"}
"""Value and cost of the orders the first export had missed."""

_MAY_BE_BLANK = frozenset({"customer_no", "refunded_at"})
_NAIVE = len("2023-05-02T14:03:22")
_Row = dict[str, str]


@dataclass(frozen=True)
class Redelivery:
    """What a corrected file changes: one amount rises, one order is withdrawn, two orders of guests are added."""

    path: Path
    date: dt.date
    corrected: str
    """Order whose amount rises by 10.00."""
    withdrawn: str
    """Order that the corrected file no longer holds (nor any other file)."""
    added: tuple[str, ...]
    """Orders of guests that the first export had missed."""
    orders_change: int
    """Change in the number of valid orders."""
    revenue_change: Decimal
    """Change in gross revenue (and in net revenue)."""


def redeliver_day(folder: Path, day: dt.date | None = None) -> Redelivery:
    """Overwrite one day's order file of the demo shop in ``folder`` with corrected content.

    Args:
        folder: The folder ``write_shop`` has written.
        day: The day; by default the first suitable one from the middle of the shop's time on.

    Raises:
        ConfigError: No file of that day, or none of its orders can be corrected unambiguously.
    """
    files = {path: _read(path) for path in sorted((folder / LANDING / "orders").glob("orders_*.csv"))}
    deliveries = Counter(row.get("order_no") for rows in files.values() for row in rows)
    wanted = list(files)[len(files) // 2 :] if day is None else [day_file(folder, "orders", day)]
    for path in wanted:
        date = path.stem.removeprefix("orders_")
        rows = files.get(path, [])
        sales = [row for row in rows if _is_plain_sale(row, date) and deliveries[row["order_no"]] == 1]
        if len(sales) >= 2 and all(map(_is_whole, rows)):
            return _replace(path, rows, sales[0], sales[-1])
    raise ConfigError(f"{folder}: no order file that can be delivered again with corrections")


def _read(path: Path) -> list[_Row]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _is_whole(row: _Row) -> bool:
    """Whether nothing about the record is broken: a day with broken records is left to the quarantine."""
    has_all = None not in row and all(row[name] for name in HEADERS["orders"] if name not in _MAY_BE_BLANK)
    return has_all and row["currency"] in {CURRENCY, *FOREIGN} and row["total"].replace(".", "").isdigit()


def _is_plain_sale(row: _Row, date: str) -> bool:
    """Whether the record is an unchanged sale of a known customer at home, placed on the day of the file."""
    is_sale = _is_whole(row) and row["state"] == "completed" and row["refunded"] == "0.00" and Decimal(row["total"]) > 0
    is_at_home = row["customer_no"] != "" and row["currency"] == CURRENCY
    return is_sale and is_at_home and row["placed_at"].startswith(date) and len(row["placed_at"]) == _NAIVE


def _replace(path: Path, rows: list[_Row], corrected: _Row, withdrawn: _Row) -> Redelivery:
    date = path.stem.removeprefix("orders_")
    raised = {**corrected, "total": str(Decimal(corrected["total"]) + _SURCHARGE)}
    added = [
        {
            **dict.fromkeys(HEADERS["orders"], ""),
            "order_no": f"R{date.replace('-', '')}{position}",
            "placed_at": f"{date}T{12 + position}:00:00",
            "changed_at": f"{date}T{12 + position}:00:00",
            "state": "completed",
            "currency": CURRENCY,
            "total": total,
            "refunded": "0.00",
            "cost": cost,
            "discount": "0.00",
        }
        for position, (total, cost) in enumerate(_MISSED.items())
    ]
    kept = [raised if row is corrected else row for row in rows if row is not withdrawn]
    write_file(path, HEADERS["orders"], ([row[name] for name in HEADERS["orders"]] for row in [*kept, *added]))
    return Redelivery(
        path=path,
        date=dt.date.fromisoformat(date),
        corrected=corrected["order_no"],
        withdrawn=withdrawn["order_no"],
        added=tuple(row["order_no"] for row in added),
        orders_change=len(added) - 1,
        revenue_change=_SURCHARGE + sum(map(Decimal, _MISSED)) - Decimal(withdrawn["total"]),
    )
