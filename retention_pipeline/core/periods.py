"""Grains and calendars: pure date arithmetic on half-open periods ``[start, end)``.

Belongs here: which period a date lies in. Not here: SQL (``dim_period`` is tested against this module).
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

Grain = Literal["day", "week", "month", "quarter", "year"]
GRAINS: tuple[Grain, ...] = ("day", "week", "month", "quarter", "year")
WEEK_STARTS = {"monday": 0, "sunday": 6, "saturday": 5}


def period_start(day: dt.date, grain: Grain, *, week_start: str = "monday") -> dt.date:
    """The first day of the period that ``day`` lies in."""
    if grain == "day":
        return day
    if grain == "week":
        return day - dt.timedelta(days=(day.weekday() - WEEK_STARTS[week_start]) % 7)
    if grain == "month":
        return day.replace(day=1)
    if grain == "quarter":
        return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)
    return day.replace(month=1, day=1)


def period_end(start: dt.date, grain: Grain) -> dt.date:
    """The first day after the period that starts at ``start``."""
    if grain == "day":
        return start + dt.timedelta(days=1)
    if grain == "week":
        return start + dt.timedelta(days=7)
    months = {"month": 1, "quarter": 3, "year": 12}[grain]
    index = start.year * 12 + start.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, 1)


def period_label(start: dt.date, grain: Grain, *, week_start: str = "monday") -> str:
    """The name of a period: ``2025-03-04``, ``2025-W10``, ``2025-03``, ``2025-Q1``, ``2025``.

    A week is named by the ISO week of its fourth day; with weeks that start on Monday that is the ISO week itself.
    """
    if grain == "week":
        year, week, _ = (start + dt.timedelta(days=3)).isocalendar()
        return f"{year}-W{week:02d}"
    if grain == "quarter":
        return f"{start.year}-Q{(start.month + 2) // 3}"
    return {"day": start.isoformat(), "month": f"{start:%Y-%m}", "year": f"{start.year}"}[grain]
