"""Reading delivered CSV files cell by cell, by the shop's own ``retention.toml``.

Belongs here: finding files, parsing cells, when a record became known. Not here: what the columns of a source mean
(``landing``, ``landing_sources``).
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from retention_pipeline.config import Settings
from retention_pipeline.config_sources import Source
from tests.oracle.records import Shop

FROM_THE_BEGINNING = dt.date(1900, 1, 1)
Cells = dict[str, str]
R = TypeVar("R")


class BrokenRecordError(Exception):
    """A record that cannot be read; it is set aside."""


@dataclass
class Delivered:
    """The records of one source and what was read along the way."""

    records: int = 0
    broken: int = 0
    dates: list[dt.date] = field(default_factory=list)
    aside: list[Line] = field(default_factory=list)
    """The lines that could not be read; without cells where there were too many or too few."""


@dataclass
class Line:
    """One record: where it stands and its cells by contract column."""

    number: int
    day: dt.date | None
    cells: Cells
    source: Source
    shop: Shop
    earliest: dt.date

    def text(self, column: str) -> str | None:
        """A cell, None where it is blank or not delivered."""
        return self.cells.get(column) or None

    def required(self, column: str) -> str:
        """A cell that must not be blank."""
        if not self.cells.get(column):
            raise BrokenRecordError(column)
        return self.cells[column]

    def number_of(self, column: str) -> Decimal:
        """A number that must be there."""
        text = self.required(column)
        try:
            return Decimal(text)
        except InvalidOperation:
            raise BrokenRecordError(text) from None

    def amount(self, column: str) -> Decimal:
        """A number that must be there and not negative."""
        found = self.number_of(column)
        if found < 0:
            raise BrokenRecordError(column)
        return found

    def optional_amount(self, column: str) -> Decimal | None:
        """A number that is not negative, None where it is blank."""
        return self.amount(column) if self.text(column) else None

    def time(self, column: str) -> dt.datetime | None:
        """An instant as naive UTC."""
        text = self.text(column)
        if not text:
            return None
        try:
            at = dt.datetime.fromisoformat(text)
        except ValueError:
            raise BrokenRecordError(column) from None
        if at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(self.source.timezone or self.shop.timezone))
        return at.astimezone(dt.UTC).replace(tzinfo=None)

    def event(self, column: str) -> dt.datetime:
        """An instant that must be there."""
        at = self.time(column)
        if at is None:
            raise BrokenRecordError(column)
        return at

    def currency(self) -> str | None:
        """The currency of the record; a foreign one only where exchange rates are delivered."""
        found = self.text("currency") or self.shop.currency
        if found != self.shop.currency and "fx_rates" not in self.shop.sources:
            raise BrokenRecordError("currency")
        if not re.fullmatch("[A-Z]{3}", found):
            raise BrokenRecordError("currency")
        return found

    def known(self, event: dt.datetime | None, updated: dt.datetime | None = None) -> dt.date:
        """When the record became known; refuses dates from after the delivery or before all time."""
        dates = [None if at is None else self.shop.business_date(at) for at in (event, updated)]
        for found in dates:
            if found is not None and self.day is not None and found > self.day + dt.timedelta(days=1):
                raise BrokenRecordError("in the future")
            if found is not None and found < self.earliest:
                raise BrokenRecordError("too early")
        return self.day or dates[1] or dates[0] or FROM_THE_BEGINNING


class Reader:
    """The files of one shop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.shop = Shop.from_settings(settings)
        self.delivered: dict[str, Delivered] = {}

    def read(self, name: str, parse: Callable[[Line], R]) -> list[R]:
        """Every record of a source that can be read; the others are counted as broken."""
        source = self.settings.sources.configured().get(name)
        found = []
        for line in self._lines(name, source) if source is not None else ():
            try:
                found.append(parse(line))
            except BrokenRecordError:
                self.delivered[name].broken += 1
                self.delivered[name].aside.append(line)
        return found

    def _lines(self, name: str, source: Source) -> Iterator[Line]:
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
                        empty = Line(lines.line_num, day, {}, source, self.shop, self.settings.limits.earliest_date)
                        delivered.aside.append(empty)
                        continue
                    held = dict(zip(header, row, strict=True))
                    mapped = source.columns or {column: column for column in header}
                    cells = {contract: held[own].strip() for contract, own in mapped.items()}
                    yield Line(lines.line_num, day, cells, source, self.shop, self.settings.limits.earliest_date)

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
