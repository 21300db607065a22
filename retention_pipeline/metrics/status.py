"""The status of every cell: how complete it is, whether it exists, whether it may be shown.

Belongs here: the precedence of statuses and the suppression of small cells. Not here: the values themselves (``rows``).

Precedence: source_absent > immature > suppressed > undefined > final or provisional. Suppressed outranks undefined
because an undefined cell shows a zero denominator, and zeros are what complementary suppression sometimes has to hide.

What suppression promises: within one metric, variant and segment set, no cell of 1 to ``minimum - 1`` customers is
shown, and none can be had by subtracting shown cells from the total of their period, or shown periods from a longer one
(``nesting``). It does not hide small counts inside large groups (3 leavers of 100 customers: the rate is about 100
people), nor differences between metrics or published versions (``docs/privacy.md``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from retention_pipeline.core.status import WITHOUT_VALUE, Status
from retention_pipeline.metrics.intervals import Floats

Bools: TypeAlias = NDArray[np.bool_]
Codes: TypeAlias = NDArray[np.int8]
Integers: TypeAlias = NDArray[np.int64]

STATUSES: Final = tuple(Status)
CODE: Final = {status: np.int8(position) for position, status in enumerate(STATUSES)}
HAS_VALUE: Final = np.array([status not in WITHOUT_VALUE for status in STATUSES])
HAS_PARTS: Final = HAS_VALUE | np.array([status is Status.UNDEFINED for status in STATUSES])
"""Statuses under which numerator and denominator are shown."""


def is_complete(period_end: NDArray[np.datetime64], data_through: dt.date | None) -> Bools:
    """Whether every day of the period lies within: ``data_through >= period_end - 1 day``.

    Asked of the deliveries it says whether a period has been delivered; asked of ``MetricContext.settled_through``,
    whether it is final.
    """
    if data_through is None:
        return np.zeros(len(period_end), dtype=bool)
    return np.asarray(period_end <= np.datetime64(data_through) + np.timedelta64(1, "D"), dtype=bool)


def decide(*, complete: Bools, defined: Bools, hidden: Bools) -> Codes:
    """Status codes (positions in ``STATUSES``) of cells whose source exists and whose time has come."""
    codes = np.where(complete, CODE[Status.FINAL], CODE[Status.PROVISIONAL])
    codes = np.where(defined, codes, CODE[Status.UNDEFINED])
    return np.where(hidden, CODE[Status.SUPPRESSED], codes).astype(np.int8)


def suppressed(people: Floats, sets: Integers, order: Integers, minimum: int, already: Bools | None = None) -> Bools:
    """Which cells to hide so that no group of 1 to ``minimum - 1`` customers is shown or follows by subtraction.

    In a set that holds a small cell, cells are hidden from the smallest non-zero one upwards, zeros last, until all
    small ones and at least ``minimum`` customers are hidden. As a small cell alone never holds that many, at least two
    are: what is left of the total neither belongs to one cell alone nor is itself a small group. So a set of fewer than
    ``minimum`` customers is hidden whole. A zero in a set without small cells is shown: nobody is in it.

    Args:
        people: Customers behind each cell.
        sets: Number of the set (all cells that add up to one total) each cell belongs to.
        order: Decides between cells of equal size, so that the choice does not depend on the order of rows.
        minimum: Fewest customers of a cell that may be shown.
        already: Cells that are hidden for a reason of their own; they come first, and never stay the only one.
    """
    small = (people > 0) & (people < minimum)
    given = np.zeros(len(people), dtype=bool) if already is None else already
    hidden = np.zeros(len(people), dtype=bool)
    rows = np.flatnonzero(np.isin(sets, sets[small | given]))
    rows = rows[np.lexsort((order[rows], people[rows], people[rows] == 0, ~given[rows], sets[rows]))]
    if not len(rows):
        return hidden
    position = np.arange(len(rows))
    is_first = np.concatenate(([True], sets[rows][1:] != sets[rows][:-1]))
    first = np.maximum.accumulate(np.where(is_first, position, 0))
    before = np.cumsum(people[rows]) - people[rows]
    already_hidden = before - before[first]
    hidden[rows] = given[rows] | small[rows] | (already_hidden < minimum) | (position - first < 2)
    return hidden


def smallest_group(groups: Sequence[Floats]) -> Floats:
    """Per row the smallest group that has anybody in it, 0 where none has: whose privacy a mixed value touches."""
    smallest: Floats = np.min([np.where(group > 0, group, np.inf) for group in groups], axis=0)
    return np.where(np.isinf(smallest), 0.0, smallest)
