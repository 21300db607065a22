"""Metric rows of the oracle: collecting them, their status, suppression of small cells.

Belongs here: what all metrics share. Not here: a formula.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from tests.oracle.calendars import DAY
from tests.oracle.intervals import Interval
from tests.oracle.period_facts import ALL
from tests.oracle.state import State

Number = int | Decimal
GRAINS = ("day", "week", "month", "quarter", "year", "all")
WHOLE = {
    "day": {"week", "month", "quarter", "year"}, "week": set(), "month": {"quarter", "year"}, "quarter": {"year"},
    "year": set(), "all": set(),
}  # fmt: skip
"""Grains whose periods are made of whole periods of a finer one."""
PER_PERIOD = {"new_returning", "nps_group", "rfm", "orders_bucket", "order_number"}
"""Segments that are another matter in every period."""


def smallest(*groups: int) -> int:
    """The smallest group that has anybody in it: whose privacy a value touches that mixes several."""
    return min((group for group in groups if group), default=0)


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

    @property
    def is_period(self) -> bool:
        """Whether it is neither of a cohort nor of cohorts pooled at an age."""
        return self.cohort_start is None and self.cohort_age is None


@dataclass
class Row:
    """One metric row, without the columns that only describe the definition."""

    metric: str
    variant: str
    place: Place
    numerator: Number | float | None
    """A float where an estimate has no sum of its own; the table holds it with four decimals."""
    denominator: Number | float | None
    value: float | None
    n: int | None
    ci: Interval | None
    status: str
    is_money: bool = False
    source: str = "orders"
    people: int = 0
    """Customers whose privacy the cell touches; ``n`` unless said otherwise."""
    assumptions: str | None = None
    needs: tuple[str, ...] = ()
    """Further sources whose delivery the row states with its own."""

    def data_through(self, state: State) -> dt.date | None:
        """The last day up to which everything behind the row was delivered."""
        days = [state.data_through.get(name) for name in (self.source, *self.needs)]
        return None if None in days else min(day for day in days if day is not None)


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
        people: int | None = None,
        assumptions: str | None = None,
        also: str | None = None,
        is_settled: bool = True,
    ) -> None:
        """A value that exists, or ``undefined`` where its denominator is zero (then nobody stands behind it).

        Not ``is_settled``: what it looks at after its period may still change.
        """
        metric, variant = name.split(".")
        shown: int | None = n
        if denominator is not None and denominator == 0:
            value, ci, shown, status = None, None, None, "undefined"
        else:
            value = float(Fraction(numerator) / Fraction(1 if denominator is None else denominator))
            status = self._status(place, source, also=also) if is_settled else "provisional"
        behind = n if people is None else people
        row = Row(metric, variant, place, numerator, denominator, value, shown, ci, status, is_money, source, behind,
                  assumptions)  # fmt: skip
        self.found.append(row)

    def add_estimate(
        self,
        name: str,
        place: Place,
        value: float,
        denominator: Number | float | None = None,
        *,
        n: int,
        ci: Interval | None = None,
        is_money: bool = False,
        source: str = "orders",
        people: int | None = None,
        assumptions: str | None = None,
        settled_after: float = 0,
        also: str | None = None,
        is_settled: bool = True,
    ) -> None:
        """A value that is no ratio of two sums: a quantile, a mean under a curve, a product of ratios.

        It is final only when every member has been watched for ``settled_after`` days.
        """
        metric, variant = name.split(".")
        status = self._status(place, source, settled_after, also) if is_settled else "provisional"
        behind = n if people is None else people
        numerator = value * float(1 if denominator is None else denominator)
        row = Row(metric, variant, place, numerator, denominator, value, n, ci, status, is_money, source, behind,
                  assumptions)  # fmt: skip
        self.found.append(row)

    def add_undefined(
        self,
        name: str,
        place: Place,
        *,
        people: int,
        is_money: bool = False,
        source: str = "orders",
        assumptions: str | None = None,
        numerator: int | None = None,
    ) -> None:
        """An estimate that would divide by zero; its numerator is 0 where only the denominator is in the way."""
        metric, variant = name.split(".")
        row = Row(metric, variant, place, numerator, 0, None, None, None, "undefined", is_money, source, people,
                  assumptions)  # fmt: skip
        self.found.append(row)

    def add_without_value(
        self, name: str, place: Place, status: str, *, source: str = "orders", assumptions: str | None = None
    ) -> None:
        """A row that says why there is no value, and nothing else."""
        metric, variant = name.split(".")
        row = Row(metric, variant, place, None, None, None, None, None, status, source=source, assumptions=assumptions)
        self.found.append(row)

    def _status(self, place: Place, source: str, settled_after: float = 0, also: str | None = None) -> str:
        end = place.period_end + dt.timedelta(days=math.ceil(settled_after))
        return "final" if all(self.is_final(end, name) for name in (source, also or source)) else "provisional"

    def is_final(self, end: dt.date, source: str = "orders") -> bool:
        """Whether everything before ``end`` is there, and the days of grace have passed."""
        through = self.state.data_through.get(source)
        return through is not None and through - self.state.shop.grace_days * DAY >= end - DAY

    def is_delivered(self, period_end: dt.date) -> bool:
        """Whether all orders of a period are there."""
        through = self.state.data_through.get("orders")
        return through is not None and through >= period_end - DAY

    def suppress_small_cells(self) -> None:
        """Hide segment cells of fewer than ``min_cell_size`` people, and what would give them away by subtraction."""
        groups: dict[str, dict[tuple[object, ...], list[Row]]] = {grain: defaultdict(list) for grain in GRAINS}
        hidden: dict[tuple[object, ...], list[Place]] = defaultdict(list)
        for row in self.found:
            place = row.place
            if place.segment_set != ALL and row.status not in {"immature", "source_absent"}:
                key = (row.metric, row.variant, place.basis, place.period_start, place.cohort_start, place.cohort_age,
                       place.segment_set)  # fmt: skip
                groups[place.grain][key].append(row)
        for sets in groups.values():  # from the finest grain to the coarsest
            for rows in sets.values():
                for row in _to_hide(
                    rows, self.state.shop.min_cell_size, [row for row in rows if _is_told(row, hidden)]
                ):
                    hidden[_line(row)].append(row.place)
                    row.numerator = row.denominator = row.value = row.n = row.ci = None
                    row.status = "suppressed"


def _line(row: Row) -> tuple[object, ...]:
    """What a cell shares with the cells of longer periods that it is a part of."""
    return row.metric, row.variant, row.place.basis, row.place.segment_set, row.place.segment_key


def _is_told(row: Row, hidden: dict[tuple[object, ...], list[Place]]) -> bool:
    """Whether a part of this cell is hidden: the whole less the other parts would tell it."""
    place = row.place
    if not place.is_period or place.segment_set in PER_PERIOD:
        return False
    return any(
        place.grain in WHOLE[part.grain]
        and part.is_period
        and place.period_start <= part.period_start
        and part.period_end <= place.period_end
        for part in hidden[_line(row)]
    )


def _to_hide(rows: list[Row], minimum: int, told: list[Row]) -> list[Row]:
    """Small cells, and further ones from the smallest upwards (empty ones last).

    A cell is small with 1 to ``minimum - 1`` people; nobody is in an empty one. Where there is a small one, at least
    two cells and at least ``minimum`` people are hidden: else the total minus what is shown would be a small group.
    Cells that a shorter period has ``told`` come first.
    """
    if not told and not any(0 < row.people < minimum for row in rows):
        return []
    hidden = list(told)
    others = [row for row in rows if all(row is not one for one in told)]
    for row in sorted(others, key=lambda row: (row.people == 0, row.people, row.place.segment_key)):
        is_enough = len(hidden) >= 2 and sum(one.people for one in hidden) >= minimum
        if not is_enough or 0 < row.people < minimum:
            hidden.append(row)
    return hidden
