"""Revenue kept, lost and added from one period to the next (section 4 of the metric definitions).

Belongs here: definitions and formulas over ``fct_period``; the base are customers with revenue in the previous period
(calendar), or with a running subscription at its start (subscription: revenue is what recurs at either boundary).
Not here: counts of customers (customer_retention), revenue as such (buying_behaviour).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.definition import MONEY_BASES, MetricDefinition
from retention_pipeline.metrics.facts import Facts
from retention_pipeline.metrics.intervals import DELTA, complement, ratio_delta, within
from retention_pipeline.metrics.rows import Cells, assemble_per_source, count
from retention_pipeline.metrics.status import smallest_group

_metric = partial(MetricDefinition, family="revenue_retention", bases=MONEY_BASES)
_retention = partial(_metric, metric="revenue_retention", unit="fraction", interval=DELTA)
_constant = partial(_metric, metric="revenue_retention", unit="fraction", source="growth accounting")
_churn = partial(_metric, metric="revenue_churn", unit="fraction", interval=DELTA, source="A1")
_bridge = partial(_metric, metric="revenue_bridge", unit="money", source="growth accounting")

_RECURRING: Final = "; on basis subscription, monthly amounts at the start (then) and the end (now) of the period"
_CONSTANT: Final = "; foreign money at the rates of the reference date"

DEFINITIONS: Final = (
    _retention(
        variant="gross", source="A1 (revenue churn), growth accounting",
        meaning="Of last period's revenue, the share the same customers spent again, extra spending not counted.",
        formula="sum over last period's customers of min(revenue now, revenue then) / their revenue then"
        + _RECURRING,
    ),
    _retention(
        variant="net", source="growth accounting",
        meaning="What last period's customers spend now per unit they spent then; extra spending can lift it above 1.",
        formula="sum over last period's customers of revenue now / their revenue then" + _RECURRING,
    ),
    _constant(
        variant="gross_constant",
        meaning="The gross rate as it would be had no exchange rate moved.",
        formula="revenue_retention.gross with both periods at the rates of the reference date",
    ),
    _constant(
        variant="net_constant",
        meaning="The net rate as it would be had no exchange rate moved.",
        formula="revenue_retention.net with both periods at the rates of the reference date",
    ),
    _churn(
        variant="gross", meaning="Of last period's revenue, the share lost to customers who left or spent less.",
        formula="1 - revenue_retention.gross",
    ),
    _churn(
        variant="net",
        meaning="Revenue lost to last period's customers after their extra spending; negative when they grew.",
        formula="1 - revenue_retention.net",
    ),
    _metric(
        metric="quick_ratio", unit="ratio", source="growth accounting",
        meaning="Revenue gained for each unit of revenue lost; below 1 the shop shrinks.",
        formula="(new + reactivation + expansion) / (churn + contraction) of revenue_bridge" + _CONSTANT,
    ),
    _bridge(
        variant="previous", meaning="Revenue of the previous period, where the bridge starts.",
        formula="sum of revenue of the previous period" + _RECURRING,
    ),
    _bridge(
        variant="new", meaning="Revenue from customers who are new in this period.",
        formula="sum of revenue of new customers" + _CONSTANT + _RECURRING,
    ),
    _bridge(
        variant="expansion", meaning="Extra revenue from customers who spent more than in the previous period.",
        formula="sum over last period's customers of max(now - then, 0)" + _CONSTANT + _RECURRING,
    ),
    _bridge(
        variant="reactivation", meaning="Revenue from earlier customers who had bought nothing in the previous period.",
        formula="sum of revenue of customers who are not new and had none in the previous period" + _CONSTANT
        + _RECURRING,
    ),
    _bridge(
        variant="contraction", meaning="Revenue missing because customers spent less than before, but still something.",
        formula="sum over last period's customers who bought again of max(then - now, 0)" + _CONSTANT + _RECURRING,
    ),
    _bridge(
        variant="churn", meaning="Revenue missing because customers of the previous period bought nothing.",
        formula="sum over last period's customers who did not buy of revenue then" + _CONSTANT + _RECURRING,
    ),
    _bridge(
        variant="fx", meaning="What moving exchange rates added to the change of revenue, or took from it.",
        formula="change of revenue as reported - change of revenue at the rates of the reference date",
    ),
    _bridge(
        variant="current", meaning="Revenue of this period, where the bridge ends.",
        formula="previous + new + expansion + reactivation - contraction - churn + fx" + _RECURRING,
    ),
)  # fmt: skip


def compute(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> pd.DataFrame:
    """Metric rows of the family from the rows of ``fct_period`` whose basis knows money."""
    periods = facts["fct_period"]
    return assemble_per_source(periods[periods["basis"].isin(MONEY_BASES)], _cells, DEFINITIONS, context)


def _cells(period: Facts) -> Iterator[Cells]:
    yield from _rates(period)
    yield from _bridge_cells(period)


def _rates(period: Facts) -> Iterator[Cells]:
    n, previous = period["customers_revenue_previous"], period["revenue_previous"]
    for variant, upper in (("gross", 1.0), ("net", np.inf)):
        kept = period[f"revenue_retained_{variant}"]
        squares, products = period[f"retained_{variant}_sq"], period[f"retained_{variant}_x_previous"]
        interval = within(ratio_delta(n, previous, kept, period["previous_sq"], squares, products), 0.0, upper)
        per_previous = partial(Cells, denominator=previous, n=n)
        yield per_previous(name=f"revenue_retention.{variant}", numerator=kept, interval=interval)
        yield per_previous(name=f"revenue_churn.{variant}", numerator=previous - kept, interval=complement(interval))
        yield Cells(
            name=f"revenue_retention.{variant}_constant",
            numerator=period[f"revenue_retained_{variant}_constant"],
            denominator=period["revenue_previous_constant"],
            n=n,
        )
    gained = period["revenue_new"] + period["revenue_reactivation"] + period["revenue_expansion"]
    yield Cells(
        name="quick_ratio.standard",
        numerator=gained,
        denominator=period["revenue_churn"] + period["revenue_contraction"],
        n=period["customers_end"] + period["customers_lost"],
    )


def _bridge_cells(period: Facts) -> Iterator[Cells]:
    behind = {
        "previous": "customers_revenue_previous",
        "new": "customers_new",
        "expansion": "customers_retained",
        "reactivation": "customers_reactivated",
        "contraction": "customers_retained",
        "churn": "customers_lost",
        "fx": "customers_active",
        "current": "customers_end",
    }
    # The eight parts add up exactly, so one hidden part would follow from the others: all are shown or all hidden.
    people = smallest_group([period[column] for column in behind.values()])
    for variant, column in behind.items():
        yield count(f"revenue_bridge.{variant}", period[f"revenue_{variant}"], n=period[column], people=people)
