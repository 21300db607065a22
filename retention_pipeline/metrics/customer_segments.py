"""How many customers stand in each of the eleven groups by recency, frequency and money (section 9).

Belongs here: definitions and formulas over ``fct_rfm_transition``. Not here: who belongs to which group (dbt), cut
points (``rfm`` proposes them, the configuration freezes them), metrics of other families within the groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

import pandas as pd

from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.definition import CALENDAR, PERIOD_RULE, MetricDefinition
from retention_pipeline.metrics.facts import Facts
from retention_pipeline.metrics.intervals import WILSON, wilson
from retention_pipeline.metrics.rows import Cells, absent, assemble

RFM: Final = "rfm"
GROUPS: Final = (
    "champions", "loyal", "potential_loyalists", "new_customers", "prospects", "need_attention", "about_to_sleep",
    "at_risk", "cannot_lose", "hibernating", "lost",
)  # fmt: skip

_metric = partial(MetricDefinition, family="customer_segments")

DEFINITIONS: Final = (
    _metric(
        metric="rfm_group_share", unit="fraction", interval=WILSON, source="Hughes 1994 (RFM)",
        meaning="Of everybody who had bought by the end of the period, the share that stood in this group then.",
        formula="customers in the group (the segment key) at the period's end / customers with an order by then",
        maturity=PERIOD_RULE + "; source_absent where no cut points are configured",
    ),
)  # fmt: skip

_PERIOD: Final = ["calendar", "grain", "period_start", "period_end"]


def compute(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> pd.DataFrame:
    """Metric rows of the family from ``fct_rfm_transition``, or ``source_absent`` ones per period of ``fct_period``."""
    moves = facts["fct_rfm_transition"]
    if moves.empty:
        groups = Facts.totals(facts["fct_period"], basis=CALENDAR)
        cells = [*absent(groups, ["rfm_group_share.standard"])]
    else:
        groups = _at_the_end(moves)
        cells = [*_cells(groups)]
    return assemble(groups, cells, DEFINITIONS, context, source="orders")


def _at_the_end(moves: pd.DataFrame) -> Facts:
    """Customers per period and group at its end, groups nobody is in included."""
    periods = moves[_PERIOD].drop_duplicates()
    every = periods.merge(pd.DataFrame({"to_group": GROUPS}), how="cross")
    counted = moves.groupby([*_PERIOD, "to_group"], observed=True, as_index=False)["customers_count"].sum()
    dense = every.merge(counted, on=[*_PERIOD, "to_group"], how="left").fillna({"customers_count": 0})
    everybody = dense.groupby(_PERIOD, observed=True)["customers_count"].transform("sum")
    named = dense.rename(columns={"to_group": "segment_key"}).assign(segment_set=RFM, customers_total=everybody)
    return Facts.of(named, basis=CALENDAR)


def _cells(groups: Facts) -> Iterator[Cells]:
    members, everybody = groups["customers_count"], groups["customers_total"]
    yield Cells(
        name="rfm_group_share.standard",
        numerator=members,
        denominator=everybody,
        n=everybody,
        people=members,
        interval=wilson(members, everybody),
    )
