"""How often customers buy, how much, and who of them had bought before (section 6 of the metric definitions).

Belongs here: definitions and formulas over the calendar rows of ``fct_period``.
Not here: change against the previous period (revenue_retention).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from retention_pipeline.metrics import concentration, margins
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.definition import CALENDAR, MetricDefinition
from retention_pipeline.metrics.facts import Facts
from retention_pipeline.metrics.intervals import (
    DELTA,
    NORMAL_MEAN,
    WILSON,
    around,
    divide,
    normal_mean,
    product_variance,
    ratio_delta,
    ratio_variance,
    wilson,
    within,
)
from retention_pipeline.metrics.rows import Cells, assemble, count, together
from retention_pipeline.metrics.status import smallest_group

_metric = partial(MetricDefinition, family="buying_behaviour")
_repeat = partial(_metric, metric="repeat_customer_rate", unit="fraction", interval=WILSON)
_order_value = partial(_metric, metric="average_order_value", unit="money", source="A2")
_decomposition = partial(_metric, metric="revenue_decomposition", source="A2, combined")
_orders = partial(_metric, metric="orders", unit="orders", is_additive=True, source="counted")
_revenue = partial(_metric, metric="revenue", unit="money", is_additive=True, source="summed")

DEFINITIONS: Final = (
    _repeat(
        variant="in_period", source="A2", has_control_limits=True,
        meaning="Of the customers who bought in the period, the share that bought twice or more in it.",
        formula="customers with two or more valid orders in the period / ordering customers",
    ),
    _repeat(
        variant="returning", source="derived", has_control_limits=True,
        meaning="Of the customers who bought in the period, the share that had bought before it.",
        formula="ordering customers whose first order lies before the period / ordering customers",
    ),
    _repeat(
        variant="lifetime", source="derived",
        meaning="Of everybody who had ever bought by the end of the period, the share that had bought twice or more.",
        formula="customers with two or more orders so far / customers with an order so far",
    ),
    _metric(
        metric="purchase_frequency", unit="orders_per_customer", interval=NORMAL_MEAN, source="A2",
        meaning="Orders per customer among those who bought in the period.", formula="orders / ordering customers",
    ),
    _order_value(
        variant="gross", interval=DELTA,
        meaning="What an order of a known customer is worth on average, before refunds.",
        formula="revenue / orders, known customers",
    ),
    _order_value(
        variant="net", interval=DELTA,
        meaning="What an order of a known customer is worth on average, after refunds.",
        formula="(revenue - refunds) / orders, known customers",
    ),
    _order_value(
        variant="all_orders", totals_only=True,
        meaning="What an order is worth on average, with guest orders; each guest order counts as one customer in n.",
        formula="(revenue + guest revenue) / (orders + guest orders)",
    ),
    _decomposition(
        variant="customers", unit="customers", meaning="First factor of revenue: how many customers bought.",
        formula="ordering customers",
    ),
    _decomposition(
        variant="frequency", unit="orders_per_customer",
        meaning="Second factor of revenue: how often each of them bought.",
        formula="orders / ordering customers",
    ),
    _decomposition(
        variant="order_value", unit="money", meaning="Third factor of revenue: what an order was worth.",
        formula="revenue / orders",
    ),
    _decomposition(
        variant="revenue", unit="money", is_additive=True,
        meaning="The product of the three factors: revenue with known customers.",
        formula="customers * frequency * order_value",
    ),
    _metric(
        metric="revenue_share", variant="returning", unit="fraction", interval=DELTA, source="A1",
        meaning="The share of revenue that came from customers who had bought before the period.",
        formula="revenue of returning customers / revenue with a known customer",
    ),
    _metric(
        metric="order_value_uplift", variant="returning", unit="fraction", interval=DELTA, source='A1 ("67 % more")',
        meaning="How much more an order of a returning customer is worth than one of a new customer.",
        formula="order value of returning customers / order value of new customers - 1, before refunds",
    ),
    _orders(meaning="Valid orders of known customers.", formula="count of valid orders with a customer"),
    _orders(
        variant="guest", totals_only=True,
        meaning="Valid orders without a customer; each guest order counts as one customer in n.",
        formula="count of valid orders without a customer",
    ),
    _revenue(variant="gross", meaning="Revenue with known customers, before refunds.", formula="sum of order amounts"),
    _revenue(
        variant="net", meaning="Revenue with known customers, after refunds.", formula="sum of order amounts - refunds",
    ),
    _revenue(
        variant="guest_gross", totals_only=True,
        meaning="Revenue of orders without a customer, before refunds; each counts as one customer in n.",
        formula="sum of order amounts without a customer",
    ),
    _revenue(
        variant="guest_net", totals_only=True,
        meaning="Revenue of orders without a customer, after refunds; each counts as one customer in n.",
        formula="sum of order amounts - refunds without a customer",
    ),
    *margins.DEFINITIONS,
    *concentration.DISTRIBUTION,
    *concentration.CONCENTRATION,
)  # fmt: skip


def compute(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> pd.DataFrame:
    """Metric rows of the family from ``fct_period``, ``fct_orders_distribution`` and ``fct_concentration_period``."""
    period = Facts.of(facts["fct_period"], basis=CALENDAR)
    buckets = concentration.buckets(facts["fct_orders_distribution"])
    concentrated = Facts.of(facts["fct_concentration_period"], basis=CALENDAR)
    own = [
        *_repeat_cells(period),
        *_order_cells(period),
        *_decomposition_cells(period),
        *_sums(period),
        _uplift(period),
    ]
    parts = (
        (period, [*own, *margins.cells(period)]),
        (buckets, [*concentration.bucket_cells(buckets)]),
        (concentrated, [*concentration.concentration_cells(concentrated, context)]),
    )
    return together([assemble(each, cells, DEFINITIONS, context, source="orders") for each, cells in parts])


def _repeat_cells(period: Facts) -> Iterator[Cells]:
    for variant, part, base in (
        ("in_period", "customers_repeat_in_period", "customers_ordering"),
        ("returning", "customers_returning", "customers_ordering"),
        ("lifetime", "customers_repeat_ever", "customers_ever"),
    ):
        part_size, base_size = period[part], period[base]
        yield Cells(
            name=f"repeat_customer_rate.{variant}",
            numerator=part_size,
            denominator=base_size,
            n=base_size,
            interval=wilson(part_size, base_size),
        )


def _order_cells(period: Facts) -> Iterator[Cells]:
    n, orders, orders_sq = period["customers_ordering"], period["orders_count"], period["orders_sq"]
    yield Cells(
        name="purchase_frequency.standard",
        numerator=orders,
        denominator=n,
        n=n,
        interval=within(normal_mean(n, orders, orders_sq), 1.0, np.inf),
    )
    for variant, lowest in (("gross", 0.0), ("net", -np.inf)):
        revenue = period[f"revenue_{variant}"]
        squares, products = period[f"revenue_{variant}_sq"], period[f"orders_x_revenue_{variant}"]
        interval = within(ratio_delta(n, orders, revenue, orders_sq, squares, products), lowest, np.inf)
        yield Cells(
            name=f"average_order_value.{variant}",
            numerator=revenue,
            denominator=orders,
            n=n,
            interval=interval,
        )
    returning, squares = period["revenue_gross_returning"], period["revenue_gross_returning_sq"]
    # A customer's returning revenue is all of the revenue or none, so the products equal the squares.
    share = ratio_delta(n, period["revenue_gross"], returning, period["revenue_gross_sq"], squares, squares)
    yield Cells(
        name="revenue_share.returning",
        numerator=returning,
        denominator=period["revenue_gross"],
        n=n,
        interval=within(share, 0.0, 1.0),
    )


def _uplift(period: Facts) -> Cells:
    """Order value of returning against new customers; the two groups share nobody, so they are independent."""
    columns = ("orders_count", "revenue_gross", "orders_sq", "revenue_gross_sq", "orders_x_revenue_gross")
    old_columns = (
        "orders_count_returning", "revenue_gross_returning", "orders_count_returning_sq", "revenue_gross_returning_sq",
        "orders_x_revenue_gross_returning",
    )  # fmt: skip
    everybody, old = [period[name] for name in columns], [period[name] for name in old_columns]
    new = [whole - part for whole, part in zip(everybody, old, strict=True)]
    customers = period["customers_ordering"], period["customers_returning"]
    was, now = divide(new[1], new[0]), divide(old[1], old[0])
    was_variance = ratio_variance(customers[0] - customers[1], *new)
    # The variance of 1 / x is that of x over x to the fourth.
    inverse = divide(np.ones_like(was), was), divide(was_variance, was**4)
    spread = product_variance(now, ratio_variance(customers[1], *old), *inverse)
    return Cells(
        name="order_value_uplift.returning",
        numerator=now - was,
        denominator=was,
        n=customers[0],
        people=smallest_group([customers[1], customers[0] - customers[1]]),
        interval=within(around(divide(now, was) - 1, spread), -1.0, np.inf),
        may_be_undefined=True,
    )


def _decomposition_cells(period: Facts) -> Iterator[Cells]:
    n, orders, revenue = period["customers_ordering"], period["orders_count"], period["revenue_gross"]
    yield count("revenue_decomposition.customers", n)
    yield Cells(name="revenue_decomposition.frequency", numerator=orders, denominator=n, n=n)
    yield Cells(name="revenue_decomposition.order_value", numerator=revenue, denominator=orders, n=n)
    yield count("revenue_decomposition.revenue", revenue, n=n)


def _sums(period: Facts) -> Iterator[Cells]:
    n, guests = period["customers_ordering"], period["orders_count_guest"]
    yield count("orders.standard", period["orders_count"], n=n)
    yield count("orders.guest", guests)
    for variant in ("gross", "net"):
        yield count(f"revenue.{variant}", period[f"revenue_{variant}"], n=n)
        yield count(f"revenue.guest_{variant}", period[f"revenue_{variant}_guest"], n=guests)
    all_orders = period["orders_count"] + guests
    yield Cells(
        name="average_order_value.all_orders",
        numerator=period["revenue_gross"] + period["revenue_gross_guest"],
        denominator=all_orders,
        n=n + guests,
    )
