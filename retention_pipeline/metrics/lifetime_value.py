"""What a customer is worth: the variants of the guides, each under its own name (section 7 of the metric definitions).

Belongs here: definitions and formulas; a value is the product of factors that are metrics themselves.
Not here: how long customers stay (``lifespans``), what winning them costs (``unit_economics``), predictions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from retention_pipeline.core.status import Status
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.definition import CALENDAR, PERIOD_RULE, SPELL_BASES, MetricDefinition
from retention_pipeline.metrics.facts import Facts, as_dates
from retention_pipeline.metrics.intervals import (
    DELTA_PRODUCT,
    NORMAL_MEAN,
    Floats,
    around,
    divide,
    mean_variance,
    normal_mean,
    product_variance,
    within,
)
from retention_pipeline.metrics.lifespans import LIFESPAN_COLUMNS, lifespans
from retention_pipeline.metrics.margins import has_margin
from retention_pipeline.metrics.rows import Cells, Texts, absent, assemble, assemble_per_source, only_where, together
from retention_pipeline.metrics.status import Bools, is_complete, smallest_group
from retention_pipeline.metrics.survival import GREENWOOD_MEAN
from retention_pipeline.metrics.whole_years import BEGINNING_RULE, in_whole_years

_metric = partial(MetricDefinition, family="lifetime_value", has_assumptions=True)
_value = partial(_metric, metric="clv", unit="money")
_of_spells = partial(_value, bases=SPELL_BASES, interval=DELTA_PRODUCT, maturity=PERIOD_RULE + BEGINNING_RULE)

DEFINITIONS: Final = (
    _of_spells(
        variant="next_year_revenue", source="A1",
        meaning="What a customer of this year is expected to spend in the next one, from frequency and retention.",
        formula="order value * orders per customer and year * annual customer_retention_rate.set_based"
        " = revenue * retained / (ordering customers * start); interval: factors taken as independent",
    ),
    _of_spells(
        variant="lifespan_revenue", source="A2",
        meaning="What a customer spends over an average lifespan at this year's order value and frequency.",
        formula="order value * orders per customer and year * average_lifespan.years"
        " = revenue / ordering customers * lifespan; interval: factors taken as independent",
    ),
    _of_spells(
        variant="margin", source="A4, A5",
        meaning="What a customer earns the shop over an average lifespan, after refunds and the cost of goods.",
        formula="order value after refunds * orders per customer and year * lifespan in years * margin rate"
        " = margin / ordering customers * lifespan; interval: factors taken as independent",
        maturity=PERIOD_RULE + BEGINNING_RULE + "; source_absent unless every order of the year carries a cost",
    ),
    _value(
        variant="net_of_cost", source="A2",
        meaning="What a customer has earned the shop so far, less what was spent on winning and keeping customers.",
        formula="(margin to date, or revenue after refunds where an order lacks its cost - spend to date)"
        " / customers ever; segments of the channel only, each year counted where the customer stood at its start",
        maturity=PERIOD_RULE + "; source_absent without the source spend, or where an amount of it has no"
        " exchange rate",
    ),
    _value(
        variant="cohort_to_date", interval=NORMAL_MEAN, source="A2, observed part",
        meaning="What a customer of the cohort has spent on average by the end of this period, after refunds.",
        formula="revenue after refunds up to the end of the period / cohort size = cohort_value_to_date.net",
    ),
    _metric(
        metric="average_lifespan", variant="years", unit="years", bases=SPELL_BASES, interval=GREENWOOD_MEAN,
        source="A2; Kaplan and Meier 1958",
        meaning="How long a customer stays on average, from the first order to the last active day, up to a horizon.",
        formula="area under the survival curve of lifespans up to the horizon, in years of 365.25 days; the horizon is"
        " lifespan_horizon_years, or the longest lifespan observed where that is shorter and still goes on",
    ),
)  # fmt: skip

_YEAR: Final = "year"
_JOIN: Final = ["basis", "grain", "calendar", "period_start", "segment_set", "segment_key"]
_TO_DATE: Final = ("revenue_net", "margin", "orders_count", "orders_costed")


def compute(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> pd.DataFrame:
    """Metric rows of the family from ``fct_period``, ``fct_lifetime_period``, ``fct_cohort_period`` and spend."""
    cohorts = Facts.of(facts["fct_cohort_period"], basis=CALENDAR)
    by_spells = partial(_spell_cells, context=context)
    spells = assemble_per_source(yearly(facts, context).frame, by_spells, DEFINITIONS, context)
    by_cohort = assemble(cohorts, _cohort_cells(cohorts), DEFINITIONS, context, source="orders")
    if "spend" in context.sources:
        costs = _with_spend(facts)
        unrated = costs["acquisition_no_fx_rate_count_to_date"] + costs["retention_no_fx_rate_count_to_date"]
        earned_and_spent = [*only_where(_net_of_cost(costs), unrated == 0, Status.SOURCE_ABSENT)]
    else:
        periods = facts["fct_period"]
        costs = Facts.totals(periods[periods["grain"] == _YEAR], basis=CALENDAR)
        earned_and_spent = [*absent(costs, ["clv.net_of_cost"])]
    both = replace(context, data_through={"spend": context.through_all("orders", "spend")})
    by_both = assemble(costs, earned_and_spent, DEFINITIONS, both, source="spend")
    return together([spells, by_cohort, by_both])


def yearly(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> Facts:
    """The years of ``fct_period`` on the bases that know lifespans, with the columns of ``lifespans`` beside them.

    Where there are no lifetimes (no such rows in ``fct_lifetime_period``), they are NaN but for the horizon.
    """
    periods = facts["fct_period"]
    years = periods[(periods["grain"] == _YEAR) & periods["basis"].isin(SPELL_BASES)]
    lives = lifespans(facts["fct_lifetime_period"], context.lifespan_horizon_years)
    joined = _joined(years, lives[[*_JOIN, *LIFESPAN_COLUMNS]])
    return Facts.of(joined.fillna({"horizon_years": context.lifespan_horizon_years}))


def worth(total: Floats, customers: Floats, factor: Floats) -> Floats:
    """A year's total per ordering customer, times how many such years count (a retention rate, or a lifespan).

    ``worth(revenue_gross, customers_ordering, lifespan_years)`` is ``clv.lifespan_revenue``, with ``margin`` it is
    ``clv.margin``: order value times frequency is revenue per customer.
    """
    return divide(total, customers) * factor


def _joined(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    dated = [frame.assign(period_start=as_dates(frame["period_start"])) for frame in (left, right)]
    by = [name for name in _JOIN if name in left and name in right]
    return dated[0].merge(dated[1], on=by, how="left", validate="many_to_one")


def _spell_cells(period: Facts, context: MetricContext) -> Iterator[Cells]:
    customers, start = period["customers_ordering"], period["customers_start"]
    revenue, squares = period["revenue_gross"], period["revenue_gross_sq"]
    years, variance = period["lifespan_years"], period["lifespan_variance"]
    lives = np.nan_to_num(period["lifespans_count"])
    retention = divide(period["customers_retained"], start)
    binomial = divide(retention * (1 - retention), start)
    # Lifespans of subscriptions go by the source subscriptions, what their customers spend by orders.
    ordered = is_complete(period.frame["period_end"].to_numpy(), context.settled_through("orders"))
    product = partial(_product, period, settled=ordered)
    over_years = partial(product, years, variance, smallest_group([customers, lives]))
    whole = partial(in_whole_years, period, context)
    yield from whole(product(
        retention, binomial, smallest_group([customers, start]),
        name="clv.next_year_revenue", total=revenue, squares=squares, lowest=0.0, assumptions=_text("1y", "revenue"),
    ))  # fmt: skip
    horizons = _horizons(period["horizon_years"])
    yield from whole(over_years(
        name="clv.lifespan_revenue", total=revenue, squares=squares, lowest=0.0,
        assumptions=np.array([_text(each, "revenue") for each in horizons], dtype=object),
    ))  # fmt: skip
    margin = over_years(
        name="clv.margin", total=period["margin"], squares=period["margin_sq"], lowest=-np.inf,
        assumptions=np.array([_text(each, "order_cost") for each in horizons], dtype=object),
    )  # fmt: skip
    yield from whole(margin, has_margin(period))
    spread = around(years, variance)
    yield Cells(
        name="average_lifespan.years",
        numerator=years,
        n=lives,
        interval=within(spread, 0.0, period["horizon_years"]),
        may_be_undefined=True,
        assumptions=np.array([f"horizon={horizon}" for horizon in horizons], dtype=object),
    )


def _product(
    period: Facts, factor: Floats, factor_variance: Floats, people: Floats,
    *, name: str, total: Floats, squares: Floats, lowest: float, assumptions: str | Texts, settled: Bools,
) -> Cells:  # fmt: skip
    """Mean of ``total`` per ordering customer times a factor, with the interval of two independent estimates."""
    customers = period["customers_ordering"]
    mean_spread = mean_variance(customers, total, squares)
    spread = product_variance(divide(total, customers), mean_spread, factor, factor_variance)
    # Where nobody was kept the delta method would claim certainty.
    spread = np.where(factor > 0, spread, np.nan)
    return Cells(
        name=name,
        numerator=total * factor,
        denominator=customers,
        n=customers,
        people=people,
        interval=within(around(worth(total, customers, factor), spread), lowest, np.inf),
        may_be_undefined=True,
        assumptions=assumptions,
        settled=settled,
    )


def _cohort_cells(cohorts: Facts) -> Iterator[Cells]:
    size, total, squares = cohorts["cohort_size"], cohorts["revenue_net_to_date"], cohorts["revenue_net_to_date_sq"]
    yield Cells(
        name="clv.cohort_to_date",
        numerator=total,
        denominator=size,
        n=size,
        interval=normal_mean(size, total, squares),
        assumptions=_text("to_date", "revenue"),
    )


def _with_spend(facts: Mapping[str, pd.DataFrame]) -> Facts:
    """The years of ``fct_spend_period`` with what their customers had brought in up to then."""
    periods = facts["fct_period"]
    years = Facts.of(periods[periods["grain"] == _YEAR], basis=CALENDAR).frame
    by_segment = years.groupby(["calendar", "segment_set", "segment_key"], observed=True, sort=False)
    sums = {f"{name}_to_date": by_segment[name].cumsum() for name in _TO_DATE}
    earned = years.assign(**sums)[[*_JOIN, "customers_ever", *sums]].astype(dict.fromkeys(_JOIN[:3], "str"))
    earned = earned.astype({"segment_set": "str", "segment_key": "str"})
    spend = facts["fct_spend_period"]
    joined = _joined(spend[spend["grain"] == _YEAR].assign(basis=CALENDAR), earned)
    # A channel that cost money and brought nobody yet has no row among the customers.
    return Facts.of(joined.fillna(dict.fromkeys(["customers_ever", *sums], 0.0)))


def _net_of_cost(costs: Facts) -> Cells:
    costed = _all_costed(costs)
    earned = np.where(costed, costs["margin_to_date"], costs["revenue_net_to_date"])
    spent = costs["acquisition_spend_to_date"] + costs["retention_spend_to_date"]
    customers = costs["customers_ever"]
    by_cost, by_revenue = _text("to_date", "order_cost"), _text("to_date", "revenue")
    return Cells(
        name="clv.net_of_cost",
        numerator=earned - spent,
        denominator=customers,
        n=customers,
        assumptions=np.where(costed, by_cost, by_revenue).astype(object),
    )


def _all_costed(costs: Facts) -> Bools:
    orders, costed = costs["orders_count_to_date"], costs["orders_costed_to_date"]
    return np.asarray((orders == costed) & (costed > 0), dtype=bool)


def _horizons(years: Floats) -> list[str]:
    """The horizons as text, such as ``5y`` and ``2.99y``."""
    return [f"{year:.2f}".rstrip("0").rstrip(".") + "y" for year in years]


def _text(horizon: str, margin: str) -> str:
    return f"horizon={horizon}; discount=none; margin={margin}"
