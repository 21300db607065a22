"""Customers kept, lost and won back, on both bases of activity (sections 3 and 4 of the metric definitions).

Belongs here: definitions and formulas over ``fct_period``.
Not here: who is active when (dbt), money (revenue_retention).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import pandas as pd

from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.definition import EVERY_BASIS, MetricDefinition
from retention_pipeline.metrics.facts import Facts
from retention_pipeline.metrics.intervals import WILSON, wilson
from retention_pipeline.metrics.rows import Cells, assemble_per_source, count, together

_metric = partial(MetricDefinition, family="customer_retention", bases=EVERY_BASIS)
_customers = partial(_metric, metric="customers", unit="customers", source="A1, A2, A4")
_retention = partial(_metric, metric="customer_retention_rate", unit="fraction")
_churn = partial(_metric, metric="customer_churn_rate", unit="fraction")

DEFINITIONS: Final = (
    _customers(
        variant="start", meaning="Customers who were active when the period began.",
        formula="count of customers active at period_start",
    ),
    _customers(
        variant="end", meaning="Customers who were active when the period ended, or at as_of while it is open.",
        formula="count of customers active at period_end",
    ),
    _customers(
        variant="new", meaning="Customers who bought, or subscribed, for the first time ever in the period.",
        formula="count of customers whose first valid order lies in the period; on basis subscription, whose first"
        " subscription begins in it", is_additive=True,
    ),
    _customers(
        variant="new_kept", meaning="New customers who were still active when the period ended.",
        formula="count of new customers active at period_end",
    ),
    _customers(
        variant="retained", meaning="Customers active at the start who were still active at the end.",
        formula="count of customers active at period_start and at period_end",
    ),
    _customers(
        variant="lost", meaning="Customers active at the start who were no longer active at the end.",
        formula="start - retained",
    ),
    _customers(
        variant="reactivated",
        meaning="Former customers, inactive at the start, who came back and were active at the end.",
        formula="active at period_end, not at period_start, minus new_kept",
    ),
    _customers(
        variant="new_lost", meaning="New customers who had already gone quiet by the end of the same period.",
        formula="new - new_kept",
    ),
    _customers(
        variant="ordering", meaning="Customers who placed at least one valid order in the period.",
        formula="count of distinct customers with a valid order in the period",
    ),
    _retention(
        variant="set_based", interval=WILSON, has_control_limits=True, source="A1, A2, A4, read strictly",
        meaning="Of the customers you had at the start, the share you still had at the end; never above 1.",
        formula="retained / start",
    ),
    _retention(
        variant="count_based", source="A1, A2, A4",
        meaning="Customers at the end without the new ones, relative to the start; win-backs can lift it above 1.",
        formula="(end - new) / start",
    ),
    _retention(
        variant="bridge", source="derived",
        meaning="How far the count-based rate lies above the set-based one, and nothing else.",
        formula="(reactivated - new_lost) / start = count_based - set_based",
    ),
    _churn(
        variant="base_leavers", interval=WILSON, has_control_limits=True, source="A1, A2",
        meaning="Of the customers you had at the start, the share that left.", formula="lost / start = 1 - set_based",
    ),
    _churn(
        variant="all_leavers", source="A1, read literally",
        meaning="Everybody who left in the period, new customers included, relative to the start.",
        formula="(lost + new_lost) / start",
    ),
    _metric(
        metric="reactivation_rate", unit="fraction", interval=WILSON, has_control_limits=True, source="derived",
        meaning="Of the former customers who were inactive at the start, the share that came back.",
        formula="reactivated / customers who had ordered before period_start and were not active at it; on basis"
        " subscription, who had subscribed before",
    ),
)  # fmt: skip


def compute(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> pd.DataFrame:
    """Metric rows of the family from ``fct_period``."""
    # who has a subscription may order besides, so that count waits for the orders of the period, too
    both = {**context.data_through, "subscriptions": context.through_all("orders", "subscriptions")}
    kept = assemble_per_source(facts["fct_period"], _cells, DEFINITIONS, context)
    ordering = assemble_per_source(facts["fct_period"], _ordering, DEFINITIONS, replace(context, data_through=both))
    return together([kept, ordering])


def _ordering(period: Facts) -> Iterator[Cells]:
    yield count("customers.ordering", period["customers_ordering"])


def _cells(period: Facts) -> Iterator[Cells]:
    for variant in ("start", "end", "new", "new_kept", "retained", "lost", "reactivated", "new_lost"):
        yield count(f"customers.{variant}", period[f"customers_{variant}"])
    start, retained, lost = period["customers_start"], period["customers_retained"], period["customers_lost"]
    reactivated, new_lost = period["customers_reactivated"], period["customers_new_lost"]
    lapsed = period["customers_lapsed_start"]
    per_start = partial(Cells, denominator=start, n=start)
    yield per_start(
        name="customer_retention_rate.set_based",
        numerator=retained,
        interval=wilson(retained, start),
    )
    yield per_start(
        name="customer_retention_rate.count_based",
        numerator=period["customers_end"] - period["customers_new"],
    )
    yield per_start(name="customer_retention_rate.bridge", numerator=reactivated - new_lost)
    yield per_start(name="customer_churn_rate.base_leavers", numerator=lost, interval=wilson(lost, start))
    yield per_start(name="customer_churn_rate.all_leavers", numerator=lost + new_lost)
    yield Cells(
        name="reactivation_rate.standard",
        numerator=reactivated,
        denominator=lapsed,
        n=lapsed,
        interval=wilson(reactivated, lapsed),
    )
