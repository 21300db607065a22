"""How unequal customers are: orders per customer, and what the best fifth brings next (section 6).

Belongs here: definitions and formulas over ``fct_orders_distribution`` and ``fct_concentration_period``, in the family
buying_behaviour. Not here: averages per customer (buying_behaviour), groups of customers (customer_segments).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final, cast

import numpy as np
import pandas as pd

from retention_pipeline.core.periods import Grain, period_end
from retention_pipeline.core.status import Status
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.definition import CALENDAR, MetricDefinition
from retention_pipeline.metrics.facts import TOTAL, Facts, as_dates
from retention_pipeline.metrics.intervals import DELTA, WILSON, ratio_delta, wilson, within
from retention_pipeline.metrics.rows import Cells, only_where
from retention_pipeline.metrics.status import Bools, is_complete

ORDERS_BUCKET: Final = "orders_bucket"

_metric = partial(MetricDefinition, family="buying_behaviour", unit="fraction")
_share = partial(_metric, metric="orders_per_customer_share", interval=WILSON, source="A1, A2 (repeat buyers)")
_concentration = partial(
    _metric, metric="revenue_concentration", has_assumptions=True,
    maturity="immature until the next period has been delivered, final then",
)  # fmt: skip

DISTRIBUTION: Final = (
    _share(
        variant="in_period",
        meaning="Of the customers who bought in the period, the share that placed this many orders in it.",
        formula="customers with 1, 2, 3, 4 or 5+ orders in the period (the segment key) / ordering customers",
    ),
    _share(
        variant="lifetime",
        meaning="Of everybody who had bought by the end of the period, the share that had placed this many orders.",
        formula="customers with 1, 2, 3, 4 or 5+ orders so far (the segment key) / customers with an order so far",
    ),
)  # fmt: skip

CONCENTRATION: Final = (
    _concentration(
        variant="top20", source="A1 (80/20)",
        meaning="The share of the next period's business that the best fifth of this period's customers brings.",
        formula="next period's margin (revenue where an order lacks its cost) of this period's top 20 % of customers"
        " by the same measure / that of all known customers; customers tied at the cut count in part",
    ),
    _concentration(
        variant="top20_of_existing", interval=DELTA, source="A1 (80/20), existing customers only",
        meaning="Of what this period's customers bring in the next period, the share that the best fifth brings.",
        formula="next period's margin (revenue where an order lacks its cost) of this period's top 20 % of customers"
        " / that of all of this period's customers",
    ),
)  # fmt: skip


def buckets(distribution: pd.DataFrame) -> Facts:
    """The totals of ``fct_orders_distribution`` with the number of orders as segment and the sums over it beside."""
    totals = distribution[distribution["segment_set"] == TOTAL]
    as_segments = totals.assign(segment_set=ORDERS_BUCKET, segment_key=totals["orders_bucket"])
    by = as_segments.groupby(["calendar", "grain", "period_start"], observed=True)
    sums = {f"all_{name}": by[name].transform("sum") for name in ("customers_in_period", "customers_to_date")}
    return Facts.of(as_segments.assign(**sums), basis=CALENDAR)


def bucket_cells(per_bucket: Facts) -> Iterator[Cells]:
    """Cells of ``DISTRIBUTION``."""
    for variant, column in (("in_period", "customers_in_period"), ("lifetime", "customers_to_date")):
        customers, everybody = per_bucket[column], per_bucket[f"all_{column}"]
        yield Cells(
            name=f"orders_per_customer_share.{variant}",
            numerator=customers,
            denominator=everybody,
            n=everybody,
            people=customers,
            interval=wilson(customers, everybody),
        )


def concentration_cells(period: Facts, context: MetricContext) -> Iterator[Cells]:
    """Cells of ``CONCENTRATION``; ``period`` holds ``fct_concentration_period``."""
    n, top, existing = period["customers_count"], period["next_value_top"], period["next_value_existing"]
    by_margin = period.frame["is_margin"].to_numpy(dtype=bool)
    share = ratio_delta(n, existing, top, period["existing_sq"], period["top_sq"], period["top_x_existing"])
    # Revenue is never negative, a margin may be.
    lowest, highest = np.where(by_margin, -np.inf, 0.0), np.where(by_margin, np.inf, 1.0)
    of_all = Cells(
        name="revenue_concentration.top20",
        numerator=top,
        denominator=period["next_value_total"],
        n=n,
        assumptions=np.where(by_margin, "margin=order_cost", "margin=revenue").astype(object),
        settled=_next_is_final(period, context),
    )
    of_existing = replace(
        of_all,
        name="revenue_concentration.top20_of_existing",
        denominator=existing,
        interval=within(share, lowest, highest),
    )
    known = period.frame["is_next_complete"].to_numpy(dtype=bool)
    for one in (of_all, of_existing):
        yield from only_where(one, known, Status.IMMATURE)


def _next_is_final(period: Facts, context: MetricContext) -> Bools:
    ends = zip(period.frame["period_end"], period.frame["grain"], strict=True)
    following = pd.Series([period_end(end.date(), cast("Grain", grain)) for end, grain in ends], dtype=object)
    return is_complete(as_dates(following).to_numpy(), context.settled_through("orders"))
