"""The day on which files count as received: the only clock of the product.

Belongs here: that one question. Not here: anything computed from delivered rows; it must not depend on today.
"""

from __future__ import annotations

import datetime as dt
import os
from zoneinfo import ZoneInfo

from retention_pipeline.core.errors import ConfigError


def received_date(zone: str = "UTC") -> dt.date:
    """Today in a zone, or the date in ``RETENTION_RECEIVED_ON``.

    Raises:
        ConfigError: The variable is not a date.
    """
    override = os.environ.get("RETENTION_RECEIVED_ON")
    if override is None:
        return dt.datetime.now(ZoneInfo(zone)).date()
    try:
        return dt.date.fromisoformat(override)
    except ValueError:
        raise ConfigError(f"RETENTION_RECEIVED_ON: {override!r} is not a date such as 2025-01-31") from None
