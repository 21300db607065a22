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
        first_order_date: First day with a valid order of a known customer; None where there is none.
        min_cell_size: Fewest customers a published cell of a segment may describe.
        open_ended_cohorts: Whether ``cohort_retention.on_or_after`` is published although it can still rise.
        sources: Names of the configured sources; without its source a metric is ``source_absent``.
        activity_window_days: Days that an order keeps its customer active.
        lifespan_horizon_years: Horizon to which lifespans are restricted.
        response_window_days: Days within which an answer to an invitation counts.
        final_grace_days: Days of deliveries to wait for, after a period, before its values are final.
        control_sigmas: Distance of control limits from their centre, in standard deviations.
        control_floor: Least distance from the centre, as a fraction, that is outside control limits.
        control_includes: What the shop's own totals hold beyond the published ones; None where it is searched for.
    """

    as_of: dt.date
    data_through: Mapping[str, dt.date | None]
    currency: str
    first_order_date: dt.date | None = None
    min_cell_size: int = 5
    open_ended_cohorts: bool = False
    sources: frozenset[str] = frozenset({"orders", "customers", "feedback"})
    activity_window_days: int = 90
    lifespan_horizon_years: float = 5.0
    response_window_days: int = 30
    final_grace_days: int = 0
    control_sigmas: float = 3.0
    control_floor: float = 0.01
    control_includes: tuple[str, ...] | None = None

    def through_all(self, *sources: str) -> dt.date | None:
        """The last date up to which every one of these sources has been delivered; None where one has not at all."""
        dates = [date for source in sources if (date := self.data_through.get(source)) is not None]
        return min(dates) if len(dates) == len(sources) else None

    def settled_through(self, source: str) -> dt.date | None:
        """The last date whose values are final: that of the source's deliveries, less the grace period.

        The only reader of the grace period: what is *counted* goes by ``data_through``, what is *final* by this.
        """
        through = self.data_through.get(source)
        return None if through is None else through - dt.timedelta(days=self.final_grace_days)
