"""Every metric the pipeline publishes, declared once.

The data dictionary, the page docs/metrics.md, the wide tables and the drift tests are made from it.
Belongs here: the collection and look-ups.
Not here: the definitions themselves; each stands in the module of its family, beside its formula.
"""

from __future__ import annotations

from typing import Final

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
from retention_pipeline.metrics.definition import MetricDefinition

SOURCES: Final = {
    "A1": "Lithuanian guide to customer retention",
    "A2": "Polish guide to customer retention",
    "A4": "Russian guide to customer loyalty (A5: the same text in Finnish)",
}

REGISTRY: Final[tuple[MetricDefinition, ...]] = (
    *customer_retention.DEFINITIONS,
    *revenue_retention.DEFINITIONS,
    *cohort_retention.DEFINITIONS,
    *buying_behaviour.DEFINITIONS,
    *order_gaps.DEFINITIONS,
    *lifetime_value.DEFINITIONS,
    *customer_segments.DEFINITIONS,
    *feedback_scores.DEFINITIONS,
    *service_quality.DEFINITIONS,
    *unit_economics.DEFINITIONS,
)

BY_NAME: Final = {definition.name: definition for definition in REGISTRY}
"""Definitions by ``metric.variant``."""


def of_family(family: str) -> tuple[MetricDefinition, ...]:
    """The definitions of one family, in the order of its table."""
    return tuple(definition for definition in REGISTRY if definition.family == family)
