"""How long customers wait before they order again (sections 5 and 6 of the metric definitions).

Belongs here: definitions and formulas over ``fct_order_gap_period``, and the published curves.
Not here: the estimator (``survival``), gaps of a single customer (dbt, ``customer_scores``).

Each order starts a wait, which the customer's next order ends. Waits still going on stay in as censored, else the
patient customers would be missing and the shop would look faster than it is.
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
from retention_pipeline.metrics.definition import CALENDAR, MetricDefinition
from retention_pipeline.metrics.facts import Facts, as_dates
from retention_pipeline.metrics.intervals import Floats, around, complement, within
from retention_pipeline.metrics.rows import Cells, assemble, only_where
from retention_pipeline.metrics.survival import BROOKMEYER_CROWLEY, GREENWOOD_MEAN, LOG_LOG, Curves

HORIZON_DAYS: Final = 365
WHOLE_HISTORY: Final = "all"
ORDER_NUMBER: Final = "order_number"
OPEN_ENDED_NUMBER: Final = "5+"

_metric = partial(MetricDefinition, family="order_gaps", source="Kaplan and Meier 1958")
_between = partial(_metric, metric="time_between_orders", unit="days")
_INDEPENDENT: Final = (
    "; the interval takes waits as independent: right by order number, too narrow where some customers have many waits"
)
_QUANTILE_RULE: Final = (
    "immature while fewer orders than that have been followed by another; final once every order of the period has been"
    " followed for as long as the value says; n counts orders" + _INDEPENDENT
)

DEFINITIONS: Final = (
    _between(
        variant="median", interval=BROOKMEYER_CROWLEY, maturity=_QUANTILE_RULE,
        meaning="Days until half of the orders of the period had been followed by the customer's next one.",
        formula="shortest duration at which the Kaplan-Meier curve of waits has come down to 0.5",
    ),
    _between(
        variant="p80", interval=BROOKMEYER_CROWLEY, maturity=_QUANTILE_RULE,
        meaning="Days until four fifths of the orders of the period had been followed by the customer's next one.",
        formula="shortest duration at which the Kaplan-Meier curve of waits has come down to 0.2",
    ),
    _between(
        variant="restricted_mean", interval=GREENWOOD_MEAN, has_assumptions=True,
        meaning="Average days until the customer's next order, where a wait counts for a year at most.",
        formula="area under the Kaplan-Meier curve of waits from 0 to 365 days",
        maturity="immature before an order of the period has been followed for 365 days, final when all have; n counts"
        " orders" + _INDEPENDENT,
    ),
    _metric(
        metric="reorder_rate", variant="within_window", unit="fraction", interval=LOG_LOG, has_assumptions=True,
        meaning="The share of the orders of the period that the customer's next one followed within the window.",
        formula="1 - Kaplan-Meier survival of waits at activity_window_days",
        maturity="immature before an order of the period has been followed for the window, final when all have; n"
        " counts orders" + _INDEPENDENT,
    ),
)  # fmt: skip

_GROUP: Final = ["calendar", "grain", "period_start", "period_end", "segment_set", "segment_key"]


def compute(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> pd.DataFrame:
    """Metric rows of the family from ``fct_order_gap_period``; ``fct_period`` says how many customers ordered."""
    groups, curves = waits(facts["fct_order_gap_period"])
    people = _people(groups, facts["fct_period"])
    return assemble(groups, _cells(groups, curves, people, context), DEFINITIONS, context, source="orders")


def waits(gaps: pd.DataFrame) -> tuple[Facts, Curves]:
    """The groups of ``fct_order_gap_period``, one row each, and their curves, numbered by row of the groups."""
    gaps = gaps.assign(period_start=as_dates(gaps["period_start"]), period_end=as_dates(gaps["period_end"]))
    by = gaps.groupby(_GROUP, observed=True, as_index=False)
    sums = by.agg(followed=("followed_count", "sum"), censored=("censored_count", "sum"))
    groups = Facts.of(sums, basis=CALENDAR)
    numbered = groups.frame[_GROUP].astype(dict.fromkeys(_texts(), "str")).assign(group=np.arange(len(groups)))
    placed = gaps.astype(dict.fromkeys(_texts(), "str")).merge(numbered, on=_GROUP)
    columns = (placed[name].to_numpy(dtype=np.float64) for name in ("gap_days", "followed_count", "censored_count"))
    return groups, Curves.of(placed["group"].to_numpy(dtype=np.int64), *columns)


def _texts() -> list[str]:
    return [name for name in _GROUP if not name.startswith("period_")]


def people_in_history(groups: Facts) -> Floats:
    """Customers behind each group of waits of the whole history, or a number that is not greater.

    Every customer has exactly one wait that is still going on, and starts at most one wait from a given order number.
    """
    numbered = (groups.frame["segment_set"] == ORDER_NUMBER) & (groups.frame["segment_key"] != OPEN_ENDED_NUMBER)
    return np.where(numbered, groups["followed"] + groups["censored"], groups["censored"])


def _people(groups: Facts, periods: pd.DataFrame) -> Floats:
    """Customers behind each group of waits: in a period those who ordered in it."""
    calendar = periods[periods["basis"] == CALENDAR]
    by = [name for name in _GROUP if name != "period_end"]
    counted = calendar[[*by, "customers_ordering"]].assign(period_start=as_dates(calendar["period_start"]))
    texts = dict.fromkeys(_texts(), "str")
    found = groups.frame[by].astype(texts).merge(counted.astype(texts), on=by, how="left", validate="one_to_one")
    in_period = np.nan_to_num(found["customers_ordering"].to_numpy(dtype=np.float64))
    return np.where(groups.frame["grain"] == WHOLE_HISTORY, people_in_history(groups), in_period)


def _cells(groups: Facts, curves: Curves, people: Floats, context: MetricContext) -> Iterator[Cells]:
    cells = partial(Cells, n=curves.observed, people=people)
    followed_for = _days_followed(groups, context)
    for variant, share in (("median", 0.5), ("p80", 0.8)):
        days, interval = curves.quantile(share)
        settled = followed_for >= np.nan_to_num(days)
        quantile = cells(name=f"time_between_orders.{variant}", numerator=days, interval=interval, settled=settled)
        yield from only_where(quantile, ~np.isnan(days), Status.IMMATURE)
    mean, variance = curves.restricted_mean(float(HORIZON_DAYS))
    restricted = cells(
        name="time_between_orders.restricted_mean",
        numerator=mean,
        interval=within(around(mean, variance), 0.0, HORIZON_DAYS),
        settled=followed_for >= HORIZON_DAYS,
        assumptions=f"horizon={HORIZON_DAYS}d",
    )
    yield from only_where(restricted, curves.reaches(HORIZON_DAYS), Status.IMMATURE)
    window = context.activity_window_days
    waiting, interval = curves.at(window)
    reordered = replace(
        restricted,
        name="reorder_rate.within_window",
        numerator=1.0 - waiting,
        interval=complement(interval),
        settled=followed_for >= window,
        assumptions=f"horizon={window}d",
    )
    yield from only_where(reordered, curves.reaches(window), Status.IMMATURE)


def _days_followed(groups: Facts, context: MetricContext) -> Floats:
    """Days that every order of the period has been followed for, at least; negative while none has."""
    through = context.settled_through("orders")
    if through is None:
        return np.full(len(groups), -1.0)
    last_day = groups.frame["period_end"] - pd.Timedelta(days=1)
    return np.asarray((pd.Timestamp(through) - last_day).dt.days, dtype=np.float64)
