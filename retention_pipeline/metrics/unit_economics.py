"""What customers cost: to win, to keep, and until they have paid it back (section 9 of the metric definitions).

Belongs here: definitions and formulas over ``fct_spend_period``, totals and channels. Spend is taken as known, so an
interval reflects customers alone. Not here: when a cohort has paid back (``payback``), what a customer is worth
(``lifetime_value``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from retention_pipeline.core.status import Status
from retention_pipeline.metrics import payback
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.definition import (
    CALENDAR,
    PERIOD_RULE,
    PURCHASE_WINDOW,
    SPELL_BASES,
    SUBSCRIPTION,
    MetricDefinition,
)
from retention_pipeline.metrics.facts import Facts, as_dates
from retention_pipeline.metrics.intervals import (
    DELTA_PRODUCT,
    Floats,
    around,
    divide,
    mean_variance,
    product_variance,
)
from retention_pipeline.metrics.lifetime_value import worth, yearly
from retention_pipeline.metrics.margins import has_margin
from retention_pipeline.metrics.rows import Cells, Texts, absent, assemble, count, only_where, together
from retention_pipeline.metrics.status import Bools, is_complete, smallest_group
from retention_pipeline.metrics.whole_years import BEGINNING_RULE, in_whole_years

_RULE: Final = PERIOD_RULE + "; source_absent without the source spend, or where an amount of it has no exchange rate"
_metric = partial(MetricDefinition, family="unit_economics", maturity=_RULE, bases=SPELL_BASES)
_spend = partial(_metric, metric="spend", unit="money", bases=(CALENDAR,), is_additive=True, source="summed")
_worth = partial(
    _metric,
    metric="ltv_to_cac",
    unit="ratio",
    interval=DELTA_PRODUCT,
    has_assumptions=True,
    maturity=_RULE + BEGINNING_RULE,
)

DEFINITIONS: Final = (
    _spend(
        variant="acquisition", meaning="Marketing spend to win customers.",
        formula="sum of spend of kind acquisition by day",
    ),
    _spend(
        variant="retention", meaning="Marketing spend to keep customers.",
        formula="sum of spend of kind retention by day",
    ),
    _metric(
        metric="customer_acquisition_cost", unit="money", source="A1, A2",
        meaning="What winning a new customer cost.", formula="acquisition spend / new customers",
    ),
    _metric(
        metric="retention_cost_per_customer", unit="money", source="A1, A2",
        meaning="What keeping a customer cost.", formula="retention spend / retained customers",
    ),
    _metric(
        metric="acquisition_to_retention_cost", unit="ratio", source="A1 (5 to 25), A4 (5)",
        meaning="How many times as much winning a customer cost as keeping one.",
        formula="customer_acquisition_cost / retention_cost_per_customer"
        " = acquisition spend * retained / (retention spend * new customers)",
    ),
    _worth(
        variant="revenue", source="A2; unit economics",
        meaning="What a customer spends over an average lifespan, for each unit of money winning one cost.",
        formula="clv.lifespan_revenue / customer_acquisition_cost"
        " = clv.lifespan_revenue * new customers / acquisition spend, of the year",
    ),
    _worth(
        variant="margin", source="A4; unit economics",
        meaning="What a customer earns the shop over an average lifespan, for each unit of money winning one cost.",
        formula="clv.margin / customer_acquisition_cost = clv.margin * new customers / acquisition spend, of the year",
        maturity=_RULE + ", or unless every order of the year carries a cost" + BEGINNING_RULE,
    ),
    *payback.DEFINITIONS,
)  # fmt: skip

_BY_DAY: Final = ("spend.acquisition", "spend.retention")
_BY_CUSTOMER: Final = (
    "customer_acquisition_cost.standard", "retention_cost_per_customer.standard",
    "acquisition_to_retention_cost.standard",
)  # fmt: skip
_BY_YEAR: Final = ("ltv_to_cac.revenue", "ltv_to_cac.margin")
_PAID_BACK: Final = tuple(each.name for each in payback.DEFINITIONS)
_YEAR: Final = "year"
_JOIN: Final = ["calendar", "grain", "period_start", "segment_set", "segment_key"]
_CUSTOMERS: Final = ["customers_new", "customers_retained"]


def compute(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> pd.DataFrame:
    """Metric rows of the family.

    Args:
        facts: ``fct_spend_period``, ``fct_period``, ``fct_lifetime_period``, ``fct_cohort_period``.
        context: The circumstances of the run.
    """
    parts = _cells(facts, context) if "spend" in context.sources else _absent(facts)
    return together([assemble(rows, cells, DEFINITIONS, context, source="spend") for rows, cells in parts])


def _cells(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> Iterator[tuple[Facts, list[Cells]]]:
    spent = facts["fct_spend_period"].assign(period_start=lambda frame: as_dates(frame["period_start"]))
    spend = Facts.of(spent, basis=CALENDAR)
    # Nobody stands behind money that was spent on nobody yet.
    nobody = np.zeros(len(spend))
    sums = {name: count(name, spend[f"{name.split('.')[1]}_spend"], n=nobody) for name in _BY_DAY}
    yield spend, [part for name, cells in sums.items() for part in _rated(spend, cells, name.split(".")[1])]
    costs = Facts.of(_beside_customers(spent, facts["fct_period"]))
    yield costs, [*_costs(costs, _delivered(costs, context))]
    years = Facts.of(_beside_spend(yearly(facts, context).frame, spent))
    # What customers are worth goes by orders on either basis.
    ordered = is_complete(years.frame["period_end"].to_numpy(), context.settled_through("orders"))
    yield years, [*_worths(years, _delivered(years, context) & ordered, context)]
    cohorts = payback.paid_back(facts["fct_cohort_period"], spent, context)
    yield cohorts, [*payback.cells(cohorts, context)]


def _absent(facts: Mapping[str, pd.DataFrame]) -> Iterator[tuple[Facts, list[Cells]]]:
    cohort_grains = frozenset(facts["fct_cohort_period"]["grain"])
    grains = {name: frozenset({_YEAR}) for name in _BY_YEAR} | dict.fromkeys(_PAID_BACK, cohort_grains)
    for basis, names in ((CALENDAR, (*_BY_DAY, *_PAID_BACK)), (PURCHASE_WINDOW, (*_BY_CUSTOMER, *_BY_YEAR))):
        nobody = Facts.totals(facts["fct_period"], basis=basis)
        for name in names:
            where = nobody.frame["grain"].isin(grains[name]).to_numpy(dtype=bool) if name in grains else None
            yield nobody, [*absent(nobody, [name], where)]


def _beside_customers(spent: pd.DataFrame, periods: pd.DataFrame) -> pd.DataFrame:
    """Spend per basis, with the customers won and kept; a channel nobody came by has none."""
    dated = periods.assign(period_start=as_dates(periods["period_start"]))
    parts = [
        spent.assign(basis=basis).merge(
            dated[dated["basis"] == basis][[*_JOIN, *_CUSTOMERS]], on=_JOIN, how="left", validate="one_to_one"
        )
        for basis in SPELL_BASES
        if basis == PURCHASE_WINDOW or (dated["basis"] == basis).any()
    ]
    return pd.concat(parts, ignore_index=True).fillna(dict.fromkeys(_CUSTOMERS, 0))


def _beside_spend(years: pd.DataFrame, spent: pd.DataFrame) -> pd.DataFrame:
    """The years of the segments that spend is known for."""
    texts = dict.fromkeys(("calendar", "grain", "segment_set", "segment_key"), "str")
    wanted = spent[[*_JOIN, "acquisition_spend", "acquisition_no_fx_rate_count"]].astype(texts)
    return years.astype(texts).merge(wanted, on=_JOIN, how="inner", validate="many_to_one")


def _delivered(rows: Facts, context: MetricContext) -> Bools:
    """Whether the customers of each row, too, have been delivered for the whole period."""
    ends = rows.frame["period_end"].to_numpy()
    orders, subscriptions = (is_complete(ends, context.settled_through(name)) for name in ("orders", "subscriptions"))
    return np.where(rows.frame["basis"] == SUBSCRIPTION, subscriptions, orders)


def _costs(costs: Facts, delivered: Bools) -> Iterator[Cells]:
    new, kept = costs["customers_new"], costs["customers_retained"]
    winning, keeping = costs["acquisition_spend"], costs["retention_spend"]
    cell = partial(Cells, settled=delivered)
    won = cell(name=_BY_CUSTOMER[0], numerator=winning, denominator=new, n=new)
    yield from _rated(costs, won, "acquisition")
    yield from _rated(costs, cell(name=_BY_CUSTOMER[1], numerator=keeping, denominator=kept, n=kept), "retention")
    # Where nobody was won, or nobody kept, there is no cost to compare with.
    both = ((new > 0) & (kept > 0) & (keeping > 0)).astype(np.float64)
    ratio = cell(
        name=_BY_CUSTOMER[2],
        numerator=winning * kept * both,
        denominator=keeping * new * both,
        n=new + kept,
        people=smallest_group([new, kept]),
    )
    yield from _rated(costs, ratio, "acquisition", "retention")


def _rated(rows: Facts, cells: Cells, *kinds: str) -> Iterator[Cells]:
    """The cells where all spend they rest on could be converted; money that is not known is not nothing."""
    yield from only_where(cells, _is_rated(rows, *kinds), Status.SOURCE_ABSENT)


def _is_rated(rows: Facts, *kinds: str) -> Bools:
    return np.asarray(sum(rows[f"{kind}_no_fx_rate_count"] for kind in kinds) == 0, dtype=bool)


def _worths(years: Facts, delivered: Bools, context: MetricContext) -> Iterator[Cells]:
    is_rated = _is_rated(years, "acquisition")
    revenue = _worth_over_cost(years, delivered, "revenue", "revenue_gross", "revenue_gross_sq")
    yield from in_whole_years(years, context, revenue, is_rated)
    margin = _worth_over_cost(years, delivered, "margin", "margin", "margin_sq")
    yield from in_whole_years(years, context, margin, is_rated & has_margin(years))


def _worth_over_cost(years: Facts, delivered: Bools, variant: str, total: str, squares: str) -> Cells:
    """A customer's worth over a lifespan, times the customers won, over what winning them cost."""
    ordering, new, spent = years["customers_ordering"], years["customers_new"], years["acquisition_spend"]
    lifespan, sums = years["lifespan_years"], years[total]
    each = worth(sums, ordering, lifespan)
    spread = product_variance(
        divide(sums, ordering), mean_variance(ordering, sums, years[squares]), lifespan, years["lifespan_variance"]
    )
    low, high = (divide(end * new, spent) for end in around(each, spread))
    return Cells(
        name=f"ltv_to_cac.{variant}",
        # As it is published: a numerator has four decimals.
        numerator=np.round(each * new, 4),
        denominator=np.where(new > 0, spent, 0.0),
        n=ordering,
        people=smallest_group([ordering, new, np.nan_to_num(years["lifespans_count"])]),
        interval=(np.maximum(low, 0.0) if variant == "revenue" else low, high),
        may_be_undefined=True,
        settled=delivered,
        assumptions=_assumptions(years["horizon_years"], "revenue" if variant == "revenue" else "order_cost"),
    )


def _assumptions(horizon_years: Floats, margin: str) -> Texts:
    horizons = [f"{year:.2f}".rstrip("0").rstrip(".") for year in horizon_years]
    return np.array([f"horizon={years}y; discount=none; margin={margin}" for years in horizons], dtype=object)
