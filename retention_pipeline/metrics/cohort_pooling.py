"""All cohorts at one age together: how customers come back, whenever they first bought (section 5).

Belongs here: definitions and formulas over sums of ``fct_cohort_period``, in the family cohort_retention.
Not here: the single cohorts (cohort_retention).

A pooled row has an age and no ``cohort_start``; its period runs from the start of the oldest cohort to the end of the
last delivered period. Only cells of delivered periods count, so every cohort in a row has reached its age in full.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from retention_pipeline.core.status import Status
from retention_pipeline.metrics.definition import CALENDAR, PERIOD_RULE, MetricDefinition
from retention_pipeline.metrics.facts import Facts, as_dates
from retention_pipeline.metrics.intervals import NORMAL_MEAN, WILSON, normal_mean, wilson, within
from retention_pipeline.metrics.rows import Cells, only_where
from retention_pipeline.metrics.status import is_complete

COSTED_RULE: Final = PERIOD_RULE + "; source_absent unless every order of the cell, so far, carries a cost"

_metric = partial(MetricDefinition, family="cohort_retention", source="cohort analysis", variant="pooled")
_value = partial(_metric, metric="cohort_value_to_date", unit="money", interval=NORMAL_MEAN, source="A2, observed part")

DEFINITIONS: Final = (
    _metric(
        metric="cohort_retention", unit="fraction", interval=WILSON,
        meaning="Of all customers who can have reached this age, the share that bought in the period of this age.",
        formula="sum over cohorts of customers who ordered in the period of this age / sum of cohort sizes",
    ),
    _value(
        variant="pooled_gross",
        meaning="What a customer has spent on average by the end of the period of this age, before refunds.",
        formula="sum over cohorts of revenue up to this age / sum of cohort sizes",
    ),
    _value(
        variant="pooled_net",
        meaning="What a customer has spent on average by the end of the period of this age, after refunds.",
        formula="sum over cohorts of revenue after refunds up to this age / sum of cohort sizes",
    ),
    _value(
        variant="pooled_margin", maturity=COSTED_RULE,
        meaning="What a customer has earned the shop on average by the end of the period of this age.",
        formula="sum over cohorts of revenue after refunds and cost of goods up to this age / sum of cohort sizes",
    ),
    _metric(
        metric="cohort_revenue_retention", unit="fraction",
        meaning="Revenue of all cohorts in the period of this age relative to their first periods.",
        formula="sum over cohorts of revenue in the period of this age / sum of revenue in their first periods",
    ),
)  # fmt: skip

_BY: Final = ["calendar", "grain", "cohort_age", "segment_set", "segment_key"]
_SUMMED: Final = [
    "cohort_size", "customers_active", "orders_count_to_date", "orders_costed_to_date",
    "revenue_gross", "revenue_gross_first", "revenue_gross_to_date", "revenue_net_to_date", "margin_to_date",
    "revenue_gross_to_date_sq", "revenue_net_to_date_sq", "margin_to_date_sq",
]  # fmt: skip


def pooled(reached: pd.DataFrame, data_through: dt.date | None) -> Facts:
    """Sums per age and segment over the cells of delivered periods of ``fct_cohort_period``."""
    ends = as_dates(reached["period_end"])
    delivered = reached[is_complete(ends.to_numpy(), data_through)]
    # sums of floats depend on their order, and facts are read in any
    delivered = delivered.sort_values([*_BY, "cohort_start"], kind="stable")
    sums = delivered.groupby(_BY, observed=True, as_index=False)[_SUMMED].sum()
    grains = delivered.assign(
        cohort_start=as_dates(delivered["cohort_start"]), period_end=as_dates(delivered["period_end"])
    )
    span = grains.groupby(["calendar", "grain"], observed=True, as_index=False).agg(
        period_start=("cohort_start", "min"), period_end=("period_end", "max")
    )
    return Facts.of(sums.merge(span, on=["calendar", "grain"]), basis=CALENDAR)


def cells(ages: Facts) -> Iterator[Cells]:
    """Cells of the definitions above."""
    size, active = ages["cohort_size"], ages["customers_active"]
    per_member = partial(Cells, denominator=size, n=size)
    yield per_member(name="cohort_retention.pooled", numerator=active, interval=wilson(active, size))
    costed = ages["orders_costed_to_date"] == ages["orders_count_to_date"]
    for variant, column, lowest in (
        ("gross", "revenue_gross", 0.0),
        ("net", "revenue_net", -np.inf),
        ("margin", "margin", -np.inf),
    ):
        total, squares = ages[f"{column}_to_date"], ages[f"{column}_to_date_sq"]
        interval = within(normal_mean(size, total, squares), lowest, np.inf)
        value = per_member(name=f"cohort_value_to_date.pooled_{variant}", numerator=total, interval=interval)
        yield from only_where(value, costed, Status.SOURCE_ABSENT) if variant == "margin" else (value,)
    yield Cells(
        name="cohort_revenue_retention.pooled",
        numerator=ages["revenue_gross"],
        denominator=ages["revenue_gross_first"],
        n=size,
    )
