"""How each cohort of first-time buyers comes back and what it is worth so far (section 5 of the metric definitions).

Belongs here: definitions and formulas over ``fct_cohort_period``.
Not here: building cohorts (dbt), predicted lifetime value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final, cast

import numpy as np
import pandas as pd

from retention_pipeline.core.periods import Grain, period_end
from retention_pipeline.core.status import Status
from retention_pipeline.metrics import cohort_pooling
from retention_pipeline.metrics.cohort_pooling import COSTED_RULE
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.definition import CALENDAR, PERIOD_RULE, MetricDefinition
from retention_pipeline.metrics.facts import Facts, as_dates
from retention_pipeline.metrics.intervals import NORMAL_MEAN, WILSON, normal_mean, wilson, within
from retention_pipeline.metrics.rows import Cells, assemble, count, only_where, together, without_value

_metric = partial(MetricDefinition, family="cohort_retention", source="cohort analysis")
_revenue = partial(_metric, metric="cohort_revenue", unit="money", is_additive=True)
_value = partial(_metric, metric="cohort_value_to_date", unit="money", interval=NORMAL_MEAN, source="A2, observed part")

DEFINITIONS: Final = (
    *cohort_pooling.DEFINITIONS,
    _metric(
        metric="cohort_retention", variant="on", unit="fraction", interval=WILSON,
        meaning="Of the customers who first bought in one period, the share that bought in this later period.",
        formula="customers of the cohort who ordered in the period / cohort size",
        maturity=PERIOD_RULE + "; the first period that lies ahead is shown as immature",
    ),
    _metric(
        metric="cohort_retention", variant="on_or_after", unit="fraction", interval=WILSON,
        meaning="Of the customers who first bought in one period, the share that bought in this later period or since.",
        formula="customers of the cohort who ordered in the period or any later one / cohort size",
        maturity="always immature, as it can still rise; provisional where open_ended_cohorts is set",
    ),
    _metric(
        metric="cohort_orders", unit="orders", is_additive=True,
        meaning="Orders that the customers of one cohort placed in this period.", formula="sum of valid orders",
    ),
    _revenue(
        variant="gross", meaning="Revenue of one cohort in this period, before refunds.",
        formula="sum of order amounts",
    ),
    _revenue(
        variant="net", meaning="Revenue of one cohort in this period, after refunds.",
        formula="sum of order amounts - refunds",
    ),
    _value(
        variant="gross",
        meaning="What a customer of the cohort has spent on average by the end of this period, before refunds.",
        formula="revenue of the cohort up to the end of the period / cohort size",
    ),
    _value(
        variant="net",
        meaning="What a customer of the cohort has spent on average by the end of this period, after refunds.",
        formula="revenue after refunds up to the end of the period / cohort size",
    ),
    _value(
        variant="margin", maturity=COSTED_RULE,
        meaning="What a customer of the cohort has earned the shop on average by the end of this period.",
        formula="revenue after refunds and cost of goods up to the end of the period / cohort size",
    ),
    _metric(
        metric="cohort_margin", unit="money", is_additive=True, maturity=COSTED_RULE,
        meaning="What is left of a cohort's revenue in this period after refunds and the cost of goods.",
        formula="sum of order amounts - refunds - costs",
    ),
    _metric(
        metric="cohort_revenue_retention", variant="gross", unit="fraction",
        meaning="Revenue of a cohort in this period relative to its first period.",
        formula="revenue of the period / revenue of the cohort's first period",
    ),
)  # fmt: skip

_AHEAD: Final = "is_ahead"
_VALUES: Final = (("gross", "revenue_gross", 0.0), ("net", "revenue_net", -np.inf), ("margin", "margin", -np.inf))


def compute(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> pd.DataFrame:
    """Metric rows of the family from ``fct_cohort_period``."""
    reached = facts["fct_cohort_period"].assign(**{_AHEAD: False})
    triangle = pd.concat([reached, _next_cells(reached)], ignore_index=True) if len(reached) else reached
    cohorts = Facts.of(triangle, basis=CALENDAR)
    pooled = cohort_pooling.pooled(reached, context.data_through.get("orders"))
    parts = ((cohorts, [*_cells(cohorts, context)]), (pooled, [*cohort_pooling.cells(pooled)]))
    return together([assemble(each, cells, DEFINITIONS, context, source="orders") for each, cells in parts])


def _next_cells(reached: pd.DataFrame) -> pd.DataFrame:
    """For each cohort and segment the cell after its last one, so that a reader sees where the triangle ends."""
    by = ["calendar", "grain", "cohort_start", "segment_set", "segment_key"]
    last = reached.loc[reached.groupby(by, observed=True)["cohort_age"].idxmax(), [*by, "cohort_age", "period_end"]]
    pairs = last[["grain", "period_end"]].drop_duplicates()
    ends = [_end(day.date(), grain) for day, grain in zip(as_dates(pairs["period_end"]), pairs["grain"], strict=True)]
    ahead = last.merge(pairs.assign(following=ends), on=["grain", "period_end"])
    ahead["cohort_age"] += 1
    ahead = ahead.rename(columns={"period_end": "period_start", "following": "period_end"})
    for name in ("period_start", "period_end", "cohort_start"):
        ahead[name] = as_dates(ahead[name]).astype(reached[name].dtype)
    return ahead.assign(**{_AHEAD: True})


def _end(start: dt.date, grain: str) -> dt.date:
    return period_end(start, cast("Grain", grain))


def _cells(cohorts: Facts, context: MetricContext) -> Iterator[Cells]:
    ahead = cohorts.frame[_AHEAD].to_numpy(dtype=bool)
    size, active = cohorts["cohort_size"], cohorts["customers_active"]
    per_member = partial(Cells, denominator=size, n=size, where=~ahead)
    yield per_member(name="cohort_retention.on", numerator=active, interval=wilson(active, size))
    yield without_value("cohort_retention.on", Status.IMMATURE, ahead)
    if context.open_ended_cohorts:
        later = cohorts["customers_active_on_or_after"]
        yield per_member(
            name="cohort_retention.on_or_after",
            numerator=later,
            interval=wilson(later, size),
            settled=np.zeros(len(cohorts), dtype=bool),
        )
    else:
        yield without_value("cohort_retention.on_or_after", Status.IMMATURE, ~ahead)
    yield count("cohort_orders.standard", cohorts["orders_count"], n=active, where=~ahead)
    for variant in ("gross", "net"):
        yield count(f"cohort_revenue.{variant}", cohorts[f"revenue_{variant}"], n=active, where=~ahead)
    margin = count("cohort_margin.standard", cohorts["margin"], n=active, where=~ahead)
    costed = (cohorts["orders_costed"] == cohorts["orders_count"]) & (cohorts["orders_costed_to_date"] > 0)
    yield from only_where(margin, costed, Status.SOURCE_ABSENT)
    costed_so_far = cohorts["orders_costed_to_date"] == cohorts["orders_count_to_date"]
    for variant, column, lowest in _VALUES:
        total, squares = cohorts[f"{column}_to_date"], cohorts[f"{column}_to_date_sq"]
        interval = within(normal_mean(size, total, squares), lowest, np.inf)
        value = per_member(name=f"cohort_value_to_date.{variant}", numerator=total, interval=interval)
        yield from only_where(value, costed_so_far, Status.SOURCE_ABSENT) if variant == "margin" else (value,)
    yield Cells(
        name="cohort_revenue_retention.gross",
        numerator=cohorts["revenue_gross"],
        denominator=cohorts["revenue_gross_first"],
        n=size,
        where=~ahead,
    )
