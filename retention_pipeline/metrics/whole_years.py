"""What a year's purchases say, where the whole year is known (section 7 of the metric definitions).

Belongs here: which years those are. Not here: what is computed of them (``lifetime_value``, ``unit_economics``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from retention_pipeline.core.status import Status
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.facts import Facts
from retention_pipeline.metrics.rows import Cells, only_where
from retention_pipeline.metrics.status import Bools

BEGINNING_RULE: Final = "; immature in the year in which orders begin later than in its first month"


def in_whole_years(
    years: Facts, context: MetricContext, cells: Cells, possible: Bools | None = None
) -> Iterator[Cells]:
    """The cells of years of which all purchases can be known; where orders begin within the year they are immature.

    A year that begins with the first month of orders counts as whole. What is not ``possible`` has no source.
    """
    starts, ends = (years.frame[name].to_numpy() for name in ("period_start", "period_end"))
    first = np.datetime64("NaT" if context.first_order_date is None else context.first_order_date, "D")
    begins_late = (first >= starts.astype("datetime64[M]") + np.timedelta64(1, "M")) & (first < ends)
    parts = (cells,) if possible is None else only_where(cells, possible, Status.SOURCE_ABSENT)
    for part in parts:
        yield from only_where(part, ~begins_late, Status.IMMATURE) if part.forced is None else (part,)
