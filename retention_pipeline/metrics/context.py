"""What metric rows depend on besides the facts.

Belongs here: the few values a run hands to every family. Not here: where they come from (``defs``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MetricContext:
    """The circumstances of one run.

    Attributes:
        as_of: Date up to which deliveries were known.
        data_through: Per source the last date that has been delivered in full; None where nothing has.
        currency: Currency of every money value.
        min_cell_size: Fewest customers a published cell of a segment may describe.
        open_ended_cohorts: Whether ``cohort_retention.on_or_after`` is published although it can still rise.
        has_feedback: Whether a feedback source is configured.
    """

    as_of: dt.date
    data_through: Mapping[str, dt.date | None]
    currency: str
    min_cell_size: int = 5
    open_ended_cohorts: bool = False
    has_feedback: bool = True
