"""Revenue kept, lost and added from one period to the next (section 4 of the metric definitions).

Belongs here: definitions and formulas over the calendar rows of ``fct_period``; the base are customers with revenue in
the previous period. Not here: counts of customers (customer_retention), revenue as such (buying_behaviour).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.definition import CALENDAR, MetricDefinition
from retention_pipeline.metrics.facts import Facts
from retention_pipeline.metrics.intervals import DELTA, Floats, complement, ratio_delta, within
from retention_pipeline.metrics.rows import Cells, assemble, count

_metric = partial(MetricDefinition, family="revenue_retention")
_retention = partial(_metric, metric="revenue_retention", unit="fraction", interval=DELTA)
_churn = partial(_metric, metric="revenue_churn", unit="fraction", interval=DELTA, source="A1")
_bridge = partial(_metric, metric="revenue_bridge", unit="money", source="growth accounting")

DEFINITIONS: Final = (
    _retention(
        variant="gross", source="A1 (revenue churn), growth accounting",
        meaning="Of last period's revenue, the share the same customers spent again, extra spending not counted.",
        formula="sum over last period's customers of min(revenue now, revenue then) / their revenue then",
    ),
    _retention(
        variant="net", source="growth accounting",
        meaning="What last period's customers spend now per unit they spent then; extra spending can lift it above 1.",
        formula="sum over last period's customers of revenue now / their revenue then",
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
        formula="(new + reactivation + expansion) / (churn + contraction) of revenue_bridge",
    ),
    _bridge(
        variant="previous", meaning="Revenue of the previous period, where the bridge starts.",
        formula="sum of revenue of the previous period",
    ),
    _bridge(
        variant="new", meaning="Revenue from customers whose first order lies in this period.",
        formula="sum of revenue of new customers",
    ),
    _bridge(
        variant="expansion", meaning="Extra revenue from customers who spent more than in the previous period.",
        formula="sum over last period's customers of max(now - then, 0)",
    ),
    _bridge(
        variant="reactivation", meaning="Revenue from earlier customers who had bought nothing in the previous period.",
        formula="sum of revenue of customers with an earlier first order and none in the previous period",
    ),
    _bridge(
        variant="contraction", meaning="Revenue missing because customers spent less than before, but still something.",
        formula="sum over last period's customers who bought again of max(then - now, 0)",
    ),
    _bridge(
        variant="churn", meaning="Revenue missing because customers of the previous period bought nothing.",
        formula="sum over last period's customers who did not buy of revenue then",
    ),
    _bridge(
        variant="current", meaning="Revenue of this period, where the bridge ends.", is_additive=True,
        formula="previous + new + expansion + reactivation - contraction - churn",
    ),
)  # fmt: skip


def compute(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> pd.DataFrame:
    """Metric rows of the family from the calendar rows of ``fct_period``."""
    period = Facts.of(facts["fct_period"], basis=CALENDAR)
    return assemble(period, [*_rates(period), *_bridge_cells(period)], DEFINITIONS, context, source="orders")


def _rates(period: Facts) -> Iterator[Cells]:
    n, previous = period["customers_revenue_previous"], period["revenue_previous"]
    for variant, upper in (("gross", 1.0), ("net", np.inf)):
        kept = period[f"revenue_retained_{variant}"]
        squares, products = period[f"retained_{variant}_sq"], period[f"retained_{variant}_x_previous"]
        interval = within(ratio_delta(n, previous, kept, period["previous_sq"], squares, products), 0.0, upper)
        per_previous = partial(Cells, denominator=previous, n=n)
        yield per_previous(name=f"revenue_retention.{variant}", numerator=kept, interval=interval)
        yield per_previous(name=f"revenue_churn.{variant}", numerator=previous - kept, interval=complement(interval))
    gained = period["revenue_new"] + period["revenue_reactivation"] + period["revenue_expansion"]
    yield Cells(
        name="quick_ratio.standard",
        numerator=gained,
        denominator=period["revenue_churn"] + period["revenue_contraction"],
        n=period["customers_ordering"] + period["customers_lost"],
    )


def _bridge_cells(period: Facts) -> Iterator[Cells]:
    behind = {
        "previous": "customers_revenue_previous",
        "new": "customers_new",
        "expansion": "customers_retained",
        "reactivation": "customers_reactivated",
        "contraction": "customers_retained",
        "churn": "customers_lost",
        "current": "customers_ordering",
    }
    # The seven parts add up exactly, so one hidden part would follow from the others: all are shown or all hidden.
    people = _smallest_group([period[column] for column in behind.values()])
    for variant, column in behind.items():
        money = period["revenue_gross" if variant == "current" else f"revenue_{variant}"]
        yield count(f"revenue_bridge.{variant}", money, n=period[column], people=people)


def _smallest_group(groups: list[Floats]) -> Floats:
    """Per row the smallest group that has anybody in it; 0 where none has."""
    smallest: Floats = np.min([np.where(group > 0, group, np.inf) for group in groups], axis=0)
    return np.where(np.isinf(smallest), 0.0, smallest)
