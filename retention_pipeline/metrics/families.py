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
    customer_segments,
    feedback_scores,
    lifetime_value,
    order_gaps,
    revenue_retention,
    service_quality,
    unit_economics,
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
            ("fct_period", "fct_orders_distribution", "fct_concentration_period"),
            buying_behaviour.compute,
        ),
        Family(
            "order_gaps",
            "How long customers wait before they order again.",
            ("fct_order_gap_period", "fct_period"),
            order_gaps.compute,
        ),
        Family(
            "service_quality",
            "Tickets, complaints, how fast they are answered, and why customers leave.",
            ("fct_ticket_period", "fct_churn_reason_period", "fct_period"),
            service_quality.compute,
        ),
        Family(
            "lifetime_value",
            "What a customer is worth, and for how long.",
            ("fct_period", "fct_lifetime_period", "fct_cohort_period", "fct_spend_period"),
            lifetime_value.compute,
            has_cohorts=True,
        ),
        Family(
            "unit_economics",
            "What winning and keeping customers costs, and when it is earned back.",
            ("fct_spend_period", "fct_period", "fct_lifetime_period", "fct_cohort_period"),
            unit_economics.compute,
        ),
        Family(
            "customer_segments",
            "How many customers stand in which group by recency, frequency and money.",
            ("fct_rfm_transition", "fct_period"),
            customer_segments.compute,
        ),
        Family(
            "feedback_scores",
            "Recommendation, satisfaction and effort as customers report them.",
            ("fct_feedback_period", "fct_survey_period", "fct_nps_retention_period", "fct_period"),
            feedback_scores.compute,
        ),
    )
}
