"""The families of metrics: what each needs and how it is computed.

Belongs here: the list that orchestration walks over. Not here: formulas, reading or writing tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from retention_pipeline.metrics import (
    buying_behaviour,
    cohort_retention,
    customer_retention,
    feedback_scores,
    revenue_retention,
)
from retention_pipeline.metrics.context import MetricContext


@dataclass(frozen=True)
class Family:
    """A family of metrics, published as one table.

    Attributes:
        name: Name of the family and of its tables.
        meaning: What the family answers.
        inputs: Tables of the schema ``marts`` it is computed from.
        has_cohorts: Whether its rows are cells of cohorts.
        compute: Pure function from these tables to rows with the columns of ``METRIC_VALUES``.
    """

    name: str
    meaning: str
    inputs: tuple[str, ...]
    compute: Callable[[Mapping[str, pd.DataFrame], MetricContext], pd.DataFrame]
    has_cohorts: bool = False


FAMILIES: Final = {
    family.name: family
    for family in (
        Family(
            "customer_retention",
            "Customers kept, lost and won back.",
            ("fct_period",),
            customer_retention.compute,
        ),
        Family(
            "revenue_retention",
            "Revenue kept, lost and added against the previous period.",
            ("fct_period",),
            revenue_retention.compute,
        ),
        Family(
            "cohort_retention",
            "How customers who first bought together come back, and what they are worth so far.",
            ("fct_cohort_period",),
            cohort_retention.compute,
            has_cohorts=True,
        ),
        Family(
            "buying_behaviour",
            "How often customers buy, how much, and who had bought before.",
            ("fct_period",),
            buying_behaviour.compute,
        ),
        Family(
            "feedback_scores",
            "Recommendation, satisfaction and effort as customers report them.",
            ("fct_feedback_period", "fct_period"),
            feedback_scores.compute,
        ),
    )
}
