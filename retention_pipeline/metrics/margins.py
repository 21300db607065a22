"""Refunds by the day they were paid back, and what is left of revenue after the cost of goods.

Belongs here: definitions and formulas over the calendar rows of ``fct_period``, in the family buying_behaviour.
Not here: revenue by the day of the order (buying_behaviour), what a customer earns (lifetime_value).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np

from retention_pipeline.core.status import Status
from retention_pipeline.metrics.definition import PERIOD_RULE, MetricDefinition
from retention_pipeline.metrics.facts import Facts
from retention_pipeline.metrics.rows import Cells, count, only_where
from retention_pipeline.metrics.status import Bools

_metric = partial(MetricDefinition, family="buying_behaviour")
_refunds = partial(_metric, metric="refunds", unit="money", is_additive=True, source="summed")
_costed = partial(
    _metric, source="cost accounting",
    maturity=PERIOD_RULE + "; source_absent unless every order of a known customer in the cell carries a cost",
)  # fmt: skip

DEFINITIONS: Final = (
    _refunds(
        variant="order_date", meaning="Money paid back to known customers, counted where their order was placed.",
        formula="sum of refunds of orders placed in the period = revenue.gross - revenue.net",
    ),
    _refunds(
        variant="refund_date", meaning="Money paid back to known customers, counted where it was paid back.",
        formula="sum of refunds paid back in the period",
    ),
    _refunds(
        variant="guest_order_date", totals_only=True,
        meaning="Money paid back for orders without a customer that were placed in the period; n counts such orders.",
        formula="sum of refunds of orders without a customer placed in the period",
    ),
    _refunds(
        variant="guest_refund_date", totals_only=True,
        meaning="Money paid back in the period for orders without a customer; n counts such orders of the period.",
        formula="sum of refunds of orders without a customer paid back in the period",
    ),
    _metric(
        metric="revenue", variant="net_by_refund_date", unit="money", is_additive=True, source="summed",
        meaning="Revenue with known customers less what was paid back to them in the same period.",
        formula="sum of order amounts - refunds paid back in the period",
    ),
    _costed(
        metric="margin", unit="money", is_additive=True,
        meaning="What is left of revenue with known customers after refunds and the cost of goods.",
        formula="sum of order amounts - refunds - costs, known customers",
    ),
    _costed(
        metric="margin_rate", unit="fraction",
        meaning="The share of revenue after refunds that is left when the goods are paid for.",
        formula="margin / (revenue - refunds), known customers",
    ),
)  # fmt: skip


def cells(period: Facts) -> Iterator[Cells]:
    """Cells of the definitions above; ``period`` holds the calendar rows of ``fct_period``."""
    ordering, guests, refunded = (
        period["customers_ordering"],
        period["orders_count_guest"],
        period["customers_refunded"],
    )
    by_refund_date = period["refunds_by_refund_date"]
    yield count("refunds.order_date", period["refunds_by_order_date"], n=ordering)
    yield count("refunds.refund_date", by_refund_date, n=refunded)
    for variant in ("order_date", "refund_date"):
        yield count(f"refunds.guest_{variant}", period[f"refunds_by_{variant}_guest"], n=guests)
    # In a period without orders, those who were paid back for earlier ones stand behind the value.
    behind = np.where(ordering > 0, ordering, refunded)
    yield count("revenue.net_by_refund_date", period["revenue_gross"] - by_refund_date, n=behind)
    margin, costed = period["margin"], has_margin(period)
    rate = Cells(name="margin_rate.standard", numerator=margin, denominator=period["revenue_net"], n=ordering)
    yield from only_where(count("margin.standard", margin, n=ordering), costed, Status.SOURCE_ABSENT)
    yield from only_where(rate, costed, Status.SOURCE_ABSENT)


def has_margin(period: Facts) -> Bools:
    """Per row whether every order carries a cost; a period without orders has a margin if any order of the shop has."""
    costed = period["orders_costed"]
    return np.asarray((costed == period["orders_count"]) & (costed > 0).any(), dtype=bool)
