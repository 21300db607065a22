"""The clock of the alerts: ages, reminders, and whether a delivery is due by now.

Belongs here: reading the wall clock. Not here: anything computed from delivered rows.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from retention_pipeline.core.errors import ConfigError

END_OF_DAY = 24


def instant() -> dt.datetime:
    """This instant (UTC)."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class ShopTime:
    """The shop's calendar day and the hour of that day, 0 to 24 (the day is over)."""

    date: dt.date
    hour: int


def shop_time(timezone: str, moment: dt.datetime) -> ShopTime:
    """Day and hour in the shop's time zone; the end of the day named by ``RETENTION_RECEIVED_ON`` where it is set.

    Raises:
        ConfigError: The variable is not a date.
    """
    override = os.environ.get("RETENTION_RECEIVED_ON")
    if override is None:
        local = moment.astimezone(ZoneInfo(timezone))
        return ShopTime(local.date(), local.hour)
    try:
        return ShopTime(dt.date.fromisoformat(override), END_OF_DAY)
    except ValueError:
        raise ConfigError(f"RETENTION_RECEIVED_ON: {override!r} is not a date such as 2025-01-31") from None
