"""What the retention literature says, put to the test on the shop's own data.

Belongs here: each claim with its source, its estimator and what would support it; the verdict.
Not here: the arithmetic of the estimators (``claim_estimates``), the sums they work on (``fct_claim_evidence``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import pandas as pd

from retention_pipeline.core.tables import Column, Table
from retention_pipeline.metrics.claim_estimates import (
    Estimate,
    Evidence,
    difference,
    gain_of_five_points,
    mean,
    nps_difference,
    published,
    share,
    slope_per_year,
)
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.facts import as_dates

SUPPORTED: Final = "supported"
CONTRADICTED: Final = "contradicted"
INSUFFICIENT: Final = "insufficient"
NOT_COMPUTABLE: Final = "not_computable"

CLAIMS: Final = Table(
    "metrics", "claims",
    "One row per claim of the retention literature, tested on the shop's own data.", ("claim",),
    (
        Column("claim", "VARCHAR", "Short name of the claim."),
        Column("statement", "VARCHAR", "What is claimed."),
        Column("source", "VARCHAR", "Where it is claimed; the letters are those of _metric_catalog."),
        Column("estimator", "VARCHAR", "How it is measured on this shop."),
        Column("supported_when", "VARCHAR", "Where the whole interval has to lie for the claim to hold."),
        Column("value", "DOUBLE", "What was measured.", nullable=True),
        Column("unit", "VARCHAR", "What the value is measured in."),
        Column("n", "BIGINT", "Customers, customer-windows or answers behind the value.", nullable=True),
        Column("ci_low", "DOUBLE", "Lower end of the 95 % interval.", nullable=True),
        Column("ci_high", "DOUBLE", "Upper end of the 95 % interval.", nullable=True),
        Column("ci_method", "VARCHAR", "How the interval was computed.", nullable=True),
        Column("verdict", "VARCHAR", "supported, contradicted, insufficient or not_computable."),
        Column("caveat", "VARCHAR", "What the comparison cannot rule out."),
        Column("period_start", "DATE", "First day of the period behind the value, if it is one.", nullable=True),
        Column("period_end", "DATE", "First day after it.", nullable=True),
        Column("as_of", "DATE", "Date up to which deliveries were known."),
    ),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim; ``low`` and ``high`` bound what it says, in the unit of the value."""

    name: str
    statement: str
    source: str
    estimator: str
    caveat: str
    estimate: Callable[[Evidence], Estimate | None]
    unit: str = "fraction"
    low: float = -math.inf
    high: float = math.inf

    @property
    def supported_when(self) -> str:
        """The bounds in words."""
        if math.isinf(self.high):
            return f"at least {self.low:g}"
        return f"at most {self.high:g}" if math.isinf(self.low) else f"between {self.low:g} and {self.high:g}"

    def verdict(self, estimate: Estimate | None) -> str:
        """Supported or contradicted when the whole interval lies inside or outside the bounds.

        An estimate without an interval is judged by its value.
        """
        if estimate is None:
            return NOT_COMPUTABLE
        low = estimate.value if estimate.low is None else estimate.low
        high = estimate.value if estimate.high is None else estimate.high
        if low >= self.low and high <= self.high:
            return SUPPORTED
        return CONTRADICTED if high < self.low or low > self.high else INSUFFICIENT


_OBSERVED = "Observed, not assigned: who {} differs in other ways too."

ALL_CLAIMS: Final = (
    Claim(
        name="loyal_customers_spend_more", source="A1", low=0.67,
        statement="Loyal customers spend 67 % more per purchase than new ones.",
        estimator="order_value_uplift.returning of the last complete period of the coarsest grain with one before it",
        caveat=_OBSERVED.format("comes back"),
        estimate=partial(published, name="order_value_uplift.returning", needs_history=True),
    ),
    Claim(
        name="business_from_existing_customers", source="A1", low=0.65,
        statement="65 % of a company's business comes from existing customers.",
        estimator="revenue_share.returning of the last complete period of the coarsest grain with one before it",
        caveat="Depends on the length of the period and on how long the data reach back.",
        estimate=partial(published, name="revenue_share.returning", needs_history=True),
    ),
    Claim(
        name="few_customers_earn_most", source="A1", low=0.80,
        statement="80 % of future profit comes from 20 % of the customers.",
        estimator="revenue_concentration.top20 of the last period whose next one is complete",
        caveat="Revenue stands for profit where the shop delivers no order costs.",
        estimate=partial(published, name="revenue_concentration.top20"),
    ),
    Claim(
        name="retention_is_cheaper", source="A1, A4", low=5, high=25, unit="ratio",
        statement="Keeping a customer costs 5 to 25 times less than winning one.",
        estimator="acquisition_to_retention_cost of the last complete coarsest period; subscriptions first",
        caveat="Only money booked as spend counts; not work, not discounts. No interval: spend is not sampled.",
        estimate=partial(published, name="acquisition_to_retention_cost.standard"),
    ),
    Claim(
        name="order_value_grows", source="A1", low=0, unit="money",
        statement="Order value grows with each purchase of the same customer.",
        estimator="mean over customers of the mean change from one order to the next",
        caveat="Customers with one order say nothing; rising prices count as growth.",
        estimate=partial(mean, name="order_value_steps"),
    ),
    Claim(
        name="small_gains_large_profit", source="A1", low=0.25, high=0.95,
        statement="Retaining 5 points more of the customers raises profit by 25 to 95 %.",
        estimator="(1 - r) / (1 - r - 0.05) - 1 with r = the last final retention rate; subscriptions first",
        caveat="A model: a constant rate and the same margin per customer and period, nothing spent on the gain.",
        estimate=gain_of_five_points,
    ),
    Claim(
        name="tenure_raises_value", source="A1", low=0, unit="money",
        statement="The longer customers stay, the more they are worth a year.",
        estimator="slope of the net revenue of the last 365 days on tenure in years, customers active at their start",
        caveat=_OBSERVED.format("has stayed long"), estimate=slope_per_year,
    ),
    Claim(
        name="tickets_signal_churn", source="A1", low=0,
        statement="Customers with frequent tickets leave more often.",
        estimator="share lost within activity_window_days: two tickets or more in as many days before, minus fewer",
        caveat="Customer-windows are taken as independent. " + _OBSERVED.format("asks for help"),
        estimate=partial(difference, name="frequent_tickets"),
    ),
    Claim(
        name="slow_answers_drive_churn", source="A1", low=0,
        statement="Slow answers drive customers away.",
        estimator="share lost within activity_window_days: first responses slower than the shop's median, minus faster",
        caveat="Customer-windows are taken as independent. " + _OBSERVED.format("waits long"),
        estimate=partial(difference, name="slow_answers"),
    ),
    Claim(
        name="kept_promises_satisfy", source="A1, A4", low=0,
        statement="Answers within the promised time satisfy.",
        estimator="top-box share of satisfaction within 30 days of a ticket: promise kept, minus broken",
        caveat="Only customers who answered the survey; answers are taken as independent.",
        estimate=partial(difference, name="kept_promise"),
    ),
    Claim(
        name="nps_is_intent", source="A4", low=-0.05, high=0.05,
        statement="A recommendation score tells intent, not behaviour.",
        estimator="retention over the next activity_window_days (purchase_window): promoters minus detractors",
        caveat="0.05 is this product's reading of no difference; only customers who answered.",
        estimate=nps_difference,
    ),
    Claim(
        name="retained_is_not_loyal", source="A4", low=0.10,
        statement="A retained customer is not yet a loyal one.",
        estimator="of customers active at as_of with two order days or more, the share whose last score is below 9",
        caveat="0.10 is this product's reading of a share that matters; only customers who answered.",
        estimate=partial(share, name="retained_not_promoting"),
    ),
    Claim(
        name="tiers_raise_order_rate", source="A4", low=0, unit="orders_per_customer",
        statement="A higher loyalty tier makes customers order more often.",
        estimator="mean change per customer: orders in activity_window_days after the first rise's day minus before",
        caveat="A tier is often earned by a burst of orders, after which fewer are to be expected.",
        estimate=partial(mean, name="tier_rises"),
    ),
    Claim(
        name="reactivation_works", source="A4", low=0,
        statement="Customers who were won back stay as well as new ones.",
        estimator="share ordering again within activity_window_days: after a return, minus after a first order",
        caveat=_OBSERVED.format("returns"), estimate=partial(difference, name="reactivated"),
    ),
    Claim(
        name="discounts_attract_leavers", source="A4", high=0,
        statement="Customers acquired by a discount stay less well.",
        estimator="share ordering again within activity_window_days: first order discounted, minus not",
        caveat=_OBSERVED.format("takes a discount"), estimate=partial(difference, name="discount_acquired"),
    ),
)  # fmt: skip


def judge_claims(evidence: Evidence, context: MetricContext) -> pd.DataFrame:
    """Every claim with what this shop's data say about it.

    Returns:
        The columns of ``CLAIMS``, one row per claim in the order of ``ALL_CLAIMS``.
    """
    rows = []
    for claim in ALL_CLAIMS:
        found = claim.estimate(evidence)
        rows.append(
            {
                "claim": claim.name,
                "statement": claim.statement,
                "source": claim.source,
                "estimator": claim.estimator,
                "supported_when": claim.supported_when,
                "value": found and found.value,
                "unit": claim.unit,
                "n": found and found.n,
                "ci_low": _finite(found.low if found else None),
                "ci_high": _finite(found.high if found else None),
                "ci_method": found.method if found else None,
                "verdict": claim.verdict(found),
                "caveat": claim.caveat,
                "period_start": found and found.period_start,
                "period_end": found and found.period_end,
                "as_of": context.as_of,
            }
        )
    frame = pd.DataFrame(rows, columns=list(CLAIMS.column_names))
    for name in ("period_start", "period_end", "as_of"):
        frame[name] = as_dates(frame[name])
    return frame.astype({"n": "Int64", "value": "float64", "ci_low": "float64", "ci_high": "float64"})


def _finite(bound: float | None) -> float | None:
    """A bound of an interval; None where it is open to that side."""
    return None if bound is None or math.isinf(bound) else bound
