"""Periods found by walking from day to day, so that nothing here shares arithmetic with the pipeline.

Belongs here: starts, ends and sequences of periods. Not here: what happens in a period.
"""

from __future__ import annotations

import datetime as dt
from functools import cache

DAY = dt.timedelta(days=1)
FIRST_WEEKDAY = {"monday": 0, "sunday": 6, "saturday": 5}


def is_start(day: dt.date, grain: str, week_start: str) -> bool:
    """Whether a period begins on ``day``."""
    if grain == "day":
        return True
    if grain == "week":
        return day.weekday() == FIRST_WEEKDAY[week_start]
    if grain == "month":
        return day.day == 1
    if grain == "quarter":
        return day.day == 1 and day.month in {1, 4, 7, 10}
    if grain == "year":
        return day.day == 1 and day.month == 1
    raise ValueError(grain)


@cache
def start_of(day: dt.date, grain: str, week_start: str) -> dt.date:
    """The first day of the period that ``day`` lies in."""
    while not is_start(day, grain, week_start):
        day -= DAY
    return day


@cache
def end_of(start: dt.date, grain: str, week_start: str) -> dt.date:
    """The first day after the period that begins on ``start``."""
    day = start + DAY
    while not is_start(day, grain, week_start):
        day += DAY
    return day


def periods(first: dt.date, last: dt.date, grain: str, week_start: str) -> list[tuple[dt.date, dt.date]]:
    """Every ``(start, end)`` from the period of ``first`` to the period of ``last``."""
    found = []
    start = start_of(first, grain, week_start)
    while start <= last:
        end = end_of(start, grain, week_start)
        found.append((start, end))
        start = end
    return found
