"""Records of a shop that delivers CSV files, parsed in plain Python by its own ``retention.toml``.

Belongs here: finding files, reading cells, setting broken records aside. Not here: last versions, validity of an order.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from retention_pipeline.config import Settings
from retention_pipeline.config_schema import FeedbackSource, OrdersSource, Source
from tests.oracle.records import Answer, Coverage, Customer, Order, Records, Shop

FROM_THE_BEGINNING = dt.date(1900, 1, 1)
WORDS = frozenset({"paid", "refunded", "pending", "cancelled", "void", "test", "fraud", "other"})
Cells = dict[str, str]


class BrokenRecordError(Exception):
    """A record that cannot be read; it is set aside."""


@dataclass
class Delivered:
    """The records of one source and what was read along the way."""

    records: int = 0
    broken: int = 0
    dates: list[dt.date] = field(default_factory=list)


@dataclass
class Landing:
    """All sources of a shop."""

    records: Records
    delivered: dict[str, Delivered]


def read_landing(settings: Settings) -> Landing:
    """Parse every file that the configuration names."""
    reader = _Reader(settings)
    sources = settings.sources
    orders = list(reader.orders(sources.orders))
    customers = list(reader.customers(sources.customers)) if sources.customers else []
    feedback = list(reader.feedback(sources.feedback)) if sources.feedback else None
    last = {
        "orders": max((row.known_date for row in orders), default=None),
        "customers": max((row.known_date for row in customers), default=None),
        "feedback": max((row.known_date for row in feedback or []), default=None),
    }
    coverage = {
        name: Coverage(
            dates=tuple(reader.delivered[name].dates),
            is_dated=source.is_dated,
            is_daily=source.cadence == "daily",
            is_snapshot=source.kind == "snapshot",
            history_through=None if source.is_dated else source.complete_through or last[name],
        )
        for name, source in sources.configured().items()
    }
    return Landing(Records(orders, customers, feedback, coverage), reader.delivered)


class _Reader:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.shop = Shop.from_settings(settings)
        self.delivered: dict[str, Delivered] = {}

    def orders(self, source: OrdersSource) -> Iterator[Order]:
        for line, day, cells in self._lines("orders", source):
            try:
                at = self._event(cells, "ordered_at", source)
                updated = self._time(cells, "updated_at", source)
                word = source.status.get(cells.get("status", ""), cells.get("status") or "paid")
                amount = _number(cells.get("amount", ""))
                refund = _number(cells.get("refund_amount") or "0")
                number = _required(cells, "order_id")
                self._check_currency(cells)
                known = self._known(day, at, updated)
            except BrokenRecordError:
                self.delivered["orders"].broken += 1
                continue
            status = word if word in WORDS else "other"
            yield Order(number, cells.get("customer_id") or None, at, updated, status, amount, refund, known, line)

    def customers(self, source: Source) -> Iterator[Customer]:
        for line, day, cells in self._lines("customers", source):
            try:
                created = self._time(cells, "created_at", source)
                updated = self._time(cells, "updated_at", source)
                person = _required(cells, "customer_id")
                known = self._known(day, created, updated)
            except BrokenRecordError:
                self.delivered["customers"].broken += 1
                continue
            yield Customer(person, updated, {name: cells[name] for name in self.shop.segments}, known, line)

    def feedback(self, source: FeedbackSource) -> Iterator[Answer]:
        for line, day, cells in self._lines("feedback", source):
            try:
                at = self._event(cells, "submitted_at", source)
                updated = self._time(cells, "updated_at", source)
                number, score = _required(cells, "feedback_id"), _number(cells.get("score", ""))
                scale = source.scales.get(cells.get("kind", ""))
                if scale is None or not scale.min <= score <= scale.max:
                    raise BrokenRecordError("score")
                known = self._known(day, at, updated)
            except BrokenRecordError:
                self.delivered["feedback"].broken += 1
                continue
            ends = Decimal(str(scale.min)), Decimal(str(scale.max))
            wave = cells.get("wave") or None
            person = cells.get("customer_id") or None
            yield Answer(number, person, at, scale.measure, score, *ends, wave, updated, known, line)

    def _lines(self, name: str, source: Source) -> Iterator[tuple[int, dt.date | None, Cells]]:
        delivered = self.delivered.setdefault(name, Delivered())
        for path, day in self._files(source):
            if day is not None:
                delivered.dates.append(day)
            with path.open(encoding=source.encoding, newline="") as stream:
                lines = csv.reader(stream, delimiter=source.delimiter)
                header = next(lines)
                for row in lines:
                    delivered.records += 1
                    if len(row) != len(header):
                        delivered.broken += 1
                        continue
                    held = dict(zip(header, row, strict=True))
                    mapped = source.columns or {column: column for column in header}
                    yield lines.line_num, day, {contract: held[own].strip() for contract, own in mapped.items()}

    def _files(self, source: Source) -> list[tuple[Path, dt.date | None]]:
        if not source.is_dated:
            return [(self.settings.resolve(source.path), None)]
        before, after = source.split_path()
        folder, prefix = self.settings.resolve(before + "x").parent, Path(before + "x").name[:-1]
        found: list[tuple[Path, dt.date | None]] = []
        for path in sorted(folder.glob(f"{prefix}*{after}")):
            text = path.name.removeprefix(prefix).removesuffix(after)
            found.append((path, dt.datetime.strptime(text, source.date_format).replace(tzinfo=dt.UTC).date()))
        return found

    def _known(self, day: dt.date | None, event: dt.datetime | None, updated: dt.datetime | None) -> dt.date:
        dates = [None if at is None else self.shop.business_date(at) for at in (event, updated)]
        for found in dates:
            if found is not None and day is not None and found > day + dt.timedelta(days=1):
                raise BrokenRecordError("in the future")
            if found is not None and found < self.settings.limits.earliest_date:
                raise BrokenRecordError("too early")
        return day or dates[1] or dates[0] or FROM_THE_BEGINNING

    def _event(self, cells: Cells, column: str, source: Source) -> dt.datetime:
        at = self._time(cells, column, source)
        if at is None:
            raise BrokenRecordError(column)
        return at

    def _time(self, cells: Cells, column: str, source: Source) -> dt.datetime | None:
        text = cells.get(column, "")
        if not text:
            return None
        try:
            at = dt.datetime.fromisoformat(text)
        except ValueError:
            raise BrokenRecordError(column) from None
        if at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(source.timezone or self.shop.timezone))
        return at.astimezone(dt.UTC).replace(tzinfo=None)

    def _check_currency(self, cells: Cells) -> None:
        if cells.get("currency", self.shop.currency) != self.shop.currency:
            raise BrokenRecordError("currency")


def _required(cells: Cells, column: str) -> str:
    if not cells.get(column):
        raise BrokenRecordError(column)
    return cells[column]


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise BrokenRecordError(text) from None
