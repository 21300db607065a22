"""A fact as a table: rows by key, and what several facts share.

Belongs here: the shape, the periods and segments that facts run over. Not here: any column.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.oracle.calendars import DAY, periods
from tests.oracle.period_facts import ALL, Labels, first_day
from tests.oracle.state import State

Key = tuple[Any, ...]
Row = dict[str, Any]


@dataclass
class Fact:
    """One table; columns that every row repeats (``calendar``, ``period_end``) are added by ``expected``."""

    name: str
    key: tuple[str, ...]
    rows: dict[Key, Row] = field(default_factory=dict)


class Period(NamedTuple):
    """One period; ``boundary`` has moved to the day after ``as_of`` where the period is still open."""

    grain: str
    start: dt.date
    end: dt.date
    boundary: dt.date


def periods_of(state: State, grains: tuple[str, ...]) -> Iterator[Period]:
    """Every period of the calendar."""
    first = first_day(state)
    if first is not None:
        for grain in grains:
            for start, end in periods(first, state.as_of, grain, state.shop.week_start):
                yield Period(grain, start, end, min(end, state.as_of + DAY))


def segment_sets(state: State, *, derived: bool) -> dict[str, list[str]]:
    """Every segment set with its keys, the total first."""
    return {ALL: [ALL]} | (state.segment_keys if derived else state.configured_keys)


def by_segment(state: State, segment_set: str, day: dt.date, customers: set[str]) -> dict[str, set[str]]:
    """Customers by the segment they are known in on ``day``."""
    label = Labels(state, segment_set, day)
    found: dict[str, set[str]] = defaultdict(set)
    for customer in customers:
        found[label[customer]].add(customer)
    return found
