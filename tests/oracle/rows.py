"""Metric rows of the oracle: collecting them, their status, suppression of small cells.

Belongs here: what all metrics share. Not here: a formula.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from tests.oracle.calendars import DAY
from tests.oracle.intervals import Interval
from tests.oracle.period_facts import ALL
from tests.oracle.state import State

Number = int | Decimal


@dataclass(frozen=True)
class Place:
    """Where a row stands: everything of its key but the metric."""

    basis: str
    grain: str
    period_start: dt.date
    period_end: dt.date
    segment_set: str = ALL
    segment_key: str = ALL
    cohort_start: dt.date | None = None
    cohort_age: int | None = None


@dataclass
class Row:
    """One metric row, without the columns that only describe the definition."""

    metric: str
    variant: str
    place: Place
    numerator: Number | None
    denominator: Number | None
    value: float | None
    n: int | None
    ci: Interval | None
    status: str
    is_money: bool = False
    source: str = "orders"


@dataclass
class Rows:
    """Rows as they are found."""

    state: State
    found: list[Row] = field(default_factory=list)

    def add(
        self,
        name: str,
        place: Place,
        numerator: Number,
        denominator: Number | None = None,
        *,
        n: int,
        ci: Interval | None = None,
        is_money: bool = False,
        source: str = "orders",
    ) -> None:
        """A value that exists, or ``undefined`` where its denominator is zero."""
        metric, variant = name.split(".")
        if denominator is not None and denominator == 0:
            value, ci, status = None, None, "undefined"
        else:
            value = float(Fraction(numerator) / Fraction(1 if denominator is None else denominator))
            status = self._status(place, source)
        self.found.append(Row(metric, variant, place, numerator, denominator, value, n, ci, status, is_money, source))

    def add_without_value(
        self, name: str, place: Place, status: str, *, denominator: Number | None, n: int | None, source: str = "orders"
    ) -> None:
        """A row that says why there is no value."""
        metric, variant = name.split(".")
        self.found.append(Row(metric, variant, place, None, denominator, None, n, None, status, source=source))

    def _status(self, place: Place, source: str) -> str:
        through = self.state.data_through.get(source)
        return "final" if through is not None and through >= place.period_end - DAY else "provisional"

    def suppress_small_cells(self) -> None:
        """Hide segment cells of fewer than ``min_cell_size``, and one more where a single one could be inferred."""
        groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
        for row in self.found:
            place = row.place
            if place.segment_set != ALL:
                key = (row.metric, row.variant, place.basis, place.grain, place.period_start, place.cohort_start,
                       place.cohort_age, place.segment_set)  # fmt: skip
                groups[key].append(row)
        for rows in groups.values():
            small = [row for row in rows if row.n is not None and row.n < self.state.shop.min_cell_size]
            if len(small) == 1:
                others = [row for row in rows if row is not small[0] and row.n is not None]
                small += sorted(others, key=lambda row: (row.n or 0, row.place.segment_key))[:1]
            for row in small:
                row.numerator = row.denominator = row.value = row.n = row.ci = None
                row.status = "suppressed"
