"""A shop's deliveries and what can be known of them when, in plain Python: the oracle of the order of arrivals.

Nothing here looks at the product: the rules are those of the architecture (deliveries, known dates, snapshots).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

FIRST = dt.date(2025, 3, 1)
SOURCES = ("orders", "customers", "feedback")
SNAPSHOT = "customers"

Row = tuple[str, str, str]
"""Key, what it says, when it was last changed."""
Content = tuple[Row, ...]


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


@dataclass
class Arrival:
    """A content that counts for a source and day from an as_of on."""

    source: str
    date: dt.date
    content: Content
    known_from: dt.date | None = None


@dataclass
class Model:
    """The landing place, and every arrival so far."""

    landing: dict[tuple[str, dt.date], Content] = field(default_factory=dict)
    log: list[Arrival] = field(default_factory=list)
    reached: dt.date | None = None

    def take_in(self, inside: Iterable[dt.date], *, is_history: bool) -> None:
        """What a finished run over these dates makes of the landing place."""
        dates = set(inside)
        used = {(entry.source, entry.date) for entry in self.log}
        fresh = [
            Arrival(source, date, content)
            for (source, date), content in self.landing.items()
            if date in dates and self._latest(source, date) != content
        ]
        self.log += fresh
        frontier = max((entry.date for entry in self.log if entry.source == "orders"), default=None)
        for entry in fresh:
            is_new_day = self.reached is None or entry.date > self.reached
            if (entry.source, entry.date) not in used and (is_history or is_new_day):
                entry.known_from = entry.date
            else:
                entry.known_from = max(entry.date, frontier or entry.date)
        if frontier is not None:
            self.reached = max(frontier, self.reached or frontier)

    def _latest(self, source: str, date: dt.date) -> Content | None:
        found = [entry.content for entry in self.log if (entry.source, entry.date) == (source, date)]
        return found[-1] if found else None

    @property
    def as_of(self) -> dt.date | None:
        """The date of a run that is asked for none."""
        return max((entry.date for entry in self.log if entry.source == "orders"), default=None)

    def visible(self, source: str, as_of: dt.date) -> dict[dt.date, Content]:
        """The content that counted for each day at ``as_of``."""
        found: dict[dt.date, Content] = {}
        for entry in self.log:
            if entry.source == source and entry.date <= as_of and (entry.known_from or as_of) <= as_of:
                found[entry.date] = entry.content
        if source == SNAPSHOT and found:
            last = max(found)
            return {last: found[last]}
        return found

    def state(self, source: str, as_of: dt.date) -> dict[str, str]:
        """What each key said last, as known at ``as_of``."""
        best: dict[str, tuple[str, dt.date, int, str]] = {}
        for date, content in self.visible(source, as_of).items():
            for line, (key, text, changed) in enumerate(content):
                best[key] = max(best.get(key, ("", dt.date.min, 0, "")), (changed, date, line, text))
        return {key: text for key, (*_, text) in best.items()}
