"""A shop to which things happen night by night, and an independent comparison of what was published.

Nothing here uses the ledger: changed cells are found by reading two published versions into dictionaries.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from retention_pipeline.warehouse.read import open_published
from tests.pipeline.conftest import ShopFolder

KEY = (
    "metric", "variant", "basis", "grain", "calendar", "period_start", "cohort_start", "cohort_age", "segment_set",
    "segment_key", "period_end",
)  # fmt: skip
COMPARED = (
    "numerator", "denominator", "value", "n", "ci_low", "ci_high", "status", "definition_version", "unit", "currency",
)  # fmt: skip
OPEN = ("provisional", "immature")

Cell = tuple[Any, ...]
Values = tuple[Any, ...]
ONE_DAY = dt.timedelta(days=1)


@dataclasses.dataclass(frozen=True)
class Version:
    """One published version's metric rows."""

    cells: dict[Cell, Values]
    through: dict[tuple[Any, ...], dt.date | None]

    @classmethod
    def read(cls, shop: ShopFolder, version: str) -> Version:
        with open_published(shop.settings.home, version) as published:
            columns = ", ".join((*KEY, *COMPARED, "data_through"))
            rows = published.execute(f"select {columns} from metric_values").fetchall()
        width = len(KEY)
        return cls(
            cells={row[:width]: row[width:-1] for row in rows},
            through={row[:3]: row[-1] for row in rows},
        )

    def is_finished(self, cell: Cell) -> bool:
        """Whether the whole period had been delivered to this version."""
        through = self.through.get(cell[:3])
        return through is not None and cell[-1] - ONE_DAY <= through

    def finished(self) -> dict[Cell, Values]:
        """Cells of finished periods that do not roll on with every night."""
        return {cell: values for cell, values in self.cells.items() if self.is_finished(cell) and not is_rolling(cell)}

    def rolling_spans(self) -> set[Cell]:
        return {span_of(cell) for cell in self.cells if is_rolling(cell)}


def is_rolling(cell: Cell) -> bool:
    """The whole history, or a curve over all cohorts: its period ends with the data."""
    grain, cohort_start, cohort_age = cell[3], cell[6], cell[7]
    return grain == "all" or (cohort_start is None and cohort_age is not None)


def period_of(cell: Cell) -> Cell:
    return (cell[3], cell[5], cell[-1])


def span_of(cell: Cell) -> Cell:
    return (*cell[:5], cell[-1])


def changed_cells(old: Version, new: Version) -> dict[Cell, tuple[Values | None, Values | None]]:
    """Cells of periods finished in the older version that are not the same in the newer one."""
    both_have = old.rolling_spans() & new.rolling_spans()
    periods = {period_of(cell) for cell in old.cells}
    found = {}
    for cell in {*old.cells, *new.cells}:
        before, after = old.cells.get(cell), new.cells.get(cell)
        lonely = before is None or after is None
        another_period = lonely and is_rolling(cell) and span_of(cell) not in both_have
        is_new = before is None and not is_rolling(cell) and period_of(cell) not in periods
        if before != after and old.is_finished(cell) and not another_period and not is_new:
            found[cell] = (before, after)
    return found


def ledger_rows(shop: ShopFolder, version: str) -> dict[Cell, tuple[Values | None, Values | None]]:
    """The rows that a version added to the ledger, in the shape of ``changed_cells``."""
    sides = ", ".join(f"{side}_{name}" for side in ("old", "new") for name in COMPARED)
    with open_published(shop.settings.home, version) as published:
        rows = published.execute(
            f"select {', '.join(KEY)}, {sides} from metric_restatements where version = ?", [version]
        ).fetchall()
    key, half = len(KEY), len(KEY) + len(COMPARED)
    found = {row[:key]: (_side(row[key:half]), _side(row[half:])) for row in rows}
    assert len(found) == len(rows)
    return found


def _side(values: Values) -> Values | None:
    return None if values[COMPARED.index("status")] is None else values


def causes(shop: ShopFolder, version: str, condition: str = "true") -> set[str]:
    """The different causes in the rows that a version added."""
    with open_published(shop.settings.home, version) as published:
        rows = published.execute(
            f"select distinct causes from metric_restatements where version = ? and ({condition})", [version]
        ).fetchall()
    return {text for (text,) in rows}


class Orders:
    """The order files of a demo shop, to be read and added to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "landing" / "orders"

    def path(self, day: str) -> Path:
        return self.folder / f"orders_{day}.csv"

    def latest(self) -> dict[str, dict[str, str]]:
        """The last delivered row of each order."""
        rows: dict[str, dict[str, str]] = {}
        for path in sorted(self.folder.glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as handle:
                for row in csv.DictReader(handle):
                    if None not in row and None not in row.values():
                        rows[row["order_no"]] = row
        return rows

    def plain(self, month: str) -> list[dict[str, str]]:
        """Paid orders of customers in euros, without a refund, placed in a month."""
        return [
            row
            for row in self.latest().values()
            if row["placed_at"].startswith(month)
            and row["state"] == "completed"
            and row["currency"] == "EUR"
            and row["customer_no"].strip()
            and row["refunded"] == "0.00"
            and float(row["total"]) > 20
        ]

    def deliver(self, day: str, rows: Iterable[dict[str, str]]) -> None:
        """Add rows to the file of a day; the file is begun where there is none."""
        path = self.path(day)
        header = next(self.folder.glob("*.csv")).read_text(encoding="utf-8").splitlines()[0].split(",")
        lines = [",".join(row[name] for name in header) for row in rows]
        before = path.read_text(encoding="utf-8") if path.exists() else ",".join(header) + "\n"
        path.write_text(before + "".join(f"{line}\n" for line in lines), encoding="utf-8")

    def drop(self, day: str, order: str) -> None:
        """Deliver a day again without an order."""
        lines = self.path(day).read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(f"{order},")]
        assert len(kept) < len(lines)
        self.path(day).write_text("".join(kept), encoding="utf-8")


def add_line(path: Path, line: str) -> None:
    """Deliver a file again with one more line."""
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")


def changed(row: dict[str, str], at: str, **changes: str) -> dict[str, str]:
    """A row as it is delivered again after a change."""
    return {**row, "changed_at": f"{at}T12:00:00", **changes}


def new_order(number: str, customer: str, placed: str, **others: str) -> dict[str, str]:
    """An order row as the shop writes it."""
    return {
        "order_no": number, "customer_no": customer, "placed_at": f"{placed}T10:00:00",
        "changed_at": f"{placed}T10:00:00", "state": "completed", "currency": "EUR", "total": "80.00",
        "refunded": "0.00", "refunded_at": "", "cost": "40.00", "discount": "0.00", **others,
    }  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Night:
    """One night of the story: what was delivered, and the versions before and after."""

    name: str
    before: str
    after: str
    printed: str


class Story:
    """Nights one after the other on one shop; every version is kept."""

    def __init__(self, shop: ShopFolder) -> None:
        self.shop = shop
        self.orders = Orders(shop.folder)
        self.nights: dict[str, Night] = {}
        self._read: dict[str, Version] = {}

    def night(self, name: str, act: Callable[[Orders], None], *, as_of: dt.date | None = None) -> Night:
        before = self.shop.version() or ""
        act(self.orders)
        printed = self.shop.run(as_of)
        self.nights[name] = Night(name, before, self.shop.version() or "", printed)
        return self.nights[name]

    def version(self, name: str) -> Version:
        if name not in self._read:
            self._read[name] = Version.read(self.shop, name)
        return self._read[name]
