"""Days of delivery: the partitions of what intake takes in, and which of them a run is about.

Belongs here: the days and the window of a run. Not here: taking anything in (``raw``).
"""

from __future__ import annotations

import datetime as dt

import dagster as dg

from retention_pipeline.config import Settings
from retention_pipeline.core.window import EVERYTHING, Window
from retention_pipeline.defs.resources import RunClock
from retention_pipeline.intake.discover import first_date

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
"""Tags by which Dagster's interface and ``retention backfill`` ask for one run over a range of days."""


def delivery_days(settings: Settings) -> dg.DailyPartitionsDefinition:
    """One partition per business date, in the shop's time zone, up to yesterday.

    They begin with ``schedule.first_date``, else with the oldest file that lies in the landing place, else (histories
    in one file, an empty landing place) with the earliest date that can be right.
    """
    start = settings.schedule.first_date or first_date(settings) or settings.limits.earliest_date
    return dg.DailyPartitionsDefinition(start_date=start.isoformat(), timezone=settings.shop.timezone)


def range_tags(first: dt.date, last: dt.date) -> dict[str, str]:
    """The tags of one run over these days, both included."""
    return {RANGE_START: first.isoformat(), RANGE_END: last.isoformat()}


def window_of(context: dg.AssetExecutionContext, clock: RunClock) -> Window:
    """The business dates that a run takes in.

    A night's run (the clock has a last date) takes in whatever has arrived until then, late and corrected files too. A
    run over chosen days is a backfill of these days and leaves all others alone. Any other run takes in everything.
    """
    if clock.last is not None:
        return Window(last=clock.last)
    if context.has_partition_key_range:
        chosen = context.partition_key_range
        return Window(dt.date.fromisoformat(chosen.start), dt.date.fromisoformat(chosen.end), is_history=True)
    if context.has_partition_key:
        day = dt.date.fromisoformat(context.partition_key)
        return Window(day, day, is_history=True)
    return EVERYTHING
