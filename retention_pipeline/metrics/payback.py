"""When a cohort has earned what winning it cost (section 9 of the metric definitions, family ``unit_economics``).

Belongs here: the age at which the running sums of ``fct_cohort_period`` reach the spend of the cohort's first period.
Not here: what a customer cost (``unit_economics``), the running sums themselves (``cohort_retention``).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from retention_pipeline.core.status import Status
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.definition import CALENDAR, MetricDefinition
from retention_pipeline.metrics.facts import Facts, as_dates
from retention_pipeline.metrics.rows import Cells, count, without_value
from retention_pipeline.metrics.status import is_complete

_metric = partial(MetricDefinition, family="unit_economics", metric="payback_age", unit="periods")
_MATURITY: Final = (
    "immature until a delivered period reaches it, final then; source_absent without the source spend, or where an"
    " amount of the first period has no exchange rate"
)

DEFINITIONS: Final = (
    _metric(
        variant="net", source="unit economics",
        meaning="Periods until customers who first bought together had spent what winning them cost; 0: the first one.",
        formula="first cohort_age at whose end cohort_value_to_date.net >= customer_acquisition_cost of the cohort's"
        " first period",
        maturity=_MATURITY,
    ),
    _metric(
        variant="margin", source="unit economics",
        meaning="Periods until customers who first bought together had earned the shop what winning them cost, the cost"
        " of goods paid.",
        formula="first cohort_age at whose end cohort_value_to_date.margin >= customer_acquisition_cost of the cohort's"
        " first period",
        maturity=_MATURITY + ", or where an order before that carries no cost",
    ),
)  # fmt: skip

_COHORT: Final = ["calendar", "grain", "cohort_start", "segment_set", "segment_key"]


def paid_back(cohorts: pd.DataFrame, spend: pd.DataFrame, context: MetricContext) -> Facts:
    """One row per cohort: what winning it cost, and from which age on it has earned that.

    Args:
        cohorts: ``fct_cohort_period``.
        spend: ``fct_spend_period``; its segments are the ones looked at.
        context: The circumstances of the run; only periods that have been delivered count.

    Returns:
        The period of each cohort's start with ``cohort_size``, ``age_net`` and ``age_margin`` (NaN while not reached),
        ``is_priced`` (whether all of that cost could be converted), ``has_margin`` (and every order so far carries a
        cost), and with ``end_net`` and ``end_margin``, the ends of the periods of those ages.
    """
    spent = ["acquisition_spend", "acquisition_no_fx_rate_count"]
    costs = spend[["calendar", "grain", "period_start", "segment_set", "segment_key", *spent]]
    costs = costs.assign(cohort_start=as_dates(costs["period_start"])).drop(columns="period_start")
    cells = cohorts.assign(cohort_start=as_dates(cohorts["cohort_start"]))
    cells = cells.merge(costs, on=_COHORT, how="inner", validate="many_to_one")
    ends = as_dates(cells["period_end"]).to_numpy()
    is_delivered = is_complete(ends, context.data_through.get("orders"))
    is_costed = (cells["orders_costed_to_date"] == cells["orders_count_to_date"]).to_numpy(dtype=bool)
    # nothing is known to have been reached where an amount of the cost is not known
    cost = cells["acquisition_spend"].where(cells["acquisition_no_fx_rate_count"] == 0)
    reached = {
        "age_net": is_delivered & (cells["revenue_net_to_date"] >= cost).to_numpy(dtype=bool),
        "age_margin": is_delivered & is_costed & (cells["margin_to_date"] >= cost).to_numpy(dtype=bool),
    }
    ages = {name: cells["cohort_age"].astype("float64").where(there) for name, there in reached.items()}
    over = {name.replace("age", "end"): as_dates(cells["period_end"]).where(there) for name, there in reached.items()}
    known = {"is_priced": cost.notna(), "has_margin": cost.notna() & is_costed}
    by_cohort = cells.assign(**known, **ages, **over).groupby(_COHORT, observed=True, sort=False)
    found = by_cohort.agg(dict.fromkeys((*ages, *over, *known), "min")).reset_index()
    first = cells.loc[cells["cohort_age"] == 0, [*_COHORT, "period_start", "period_end", "cohort_size"]]
    return Facts.of(first.merge(found, on=_COHORT, validate="one_to_one"), basis=CALENDAR)


def cells(cohorts: Facts, context: MetricContext) -> Iterator[Cells]:
    """Cells of the definitions above over the rows of :func:`paid_back`."""
    possible = {"net": cohorts["is_priced"] == 1, "margin": cohorts["has_margin"] == 1}
    for variant, may_follow in possible.items():
        name, age = f"payback_age.{variant}", cohorts[f"age_{variant}"]
        reached = ~np.isnan(age)
        settled = is_complete(cohorts.frame[f"end_{variant}"].to_numpy(), context.settled_through("orders"))
        yield count(name, age, n=cohorts["cohort_size"], where=reached, settled=settled)
        yield without_value(name, Status.IMMATURE, ~reached & may_follow)
        yield without_value(name, Status.SOURCE_ABSENT, ~reached & ~may_follow)
