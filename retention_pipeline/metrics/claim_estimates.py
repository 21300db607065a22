"""How each kind of evidence becomes an estimate with a 95 % interval.

Belongs here: means, shares, their differences and slopes from sums. Not here: what they say about a claim (``claims``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from retention_pipeline.core.periods import GRAINS
from retention_pipeline.core.status import Status
from retention_pipeline.metrics.facts import TOTAL
from retention_pipeline.metrics.intervals import WILSON, Z95, wilson

NEWCOMBE: Final = "newcombe"
NORMAL: Final = "normal"
OLS: Final = "ols"
DAYS_OF_A_YEAR: Final = 365.25
MORE_RETAINED: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What claims are tested on.

    Attributes:
        values: Rows of ``metric_values``.
        sums: Rows of ``fct_claim_evidence``.
        nps_retention: Rows of ``fct_nps_retention_period``.
    """

    values: pd.DataFrame
    sums: pd.DataFrame
    nps_retention: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number, how sure it is and what it rests on."""

    value: float
    n: int
    low: float | None = None
    high: float | None = None
    method: str | None = None
    period_start: pd.Timestamp | None = None
    period_end: pd.Timestamp | None = None


@dataclass(frozen=True)
class Sums:
    """One arm of a comparison, as in ``fct_claim_evidence``."""

    n: int
    x: float
    y: float
    x_sq: float
    x_y: float
    y_sq: float


def published(evidence: Evidence, *, name: str, needs_history: bool = False) -> Estimate | None:
    """The latest final value of a metric about everybody, in the coarsest grain that has one.

    Args:
        evidence: What claims are tested on.
        name: ``metric.variant``.
        needs_history: Leave out each grain's first period, in which everybody is new because the data begin there.
    """
    metric, variant = name.split(".")
    values = evidence.values
    if needs_history:
        values = values[
            values["period_start"] > values.groupby("grain", observed=True)["period_start"].transform("min")
        ]
    mine = values[
        (values["metric"] == metric)
        & (values["variant"] == variant)
        & (values["segment_set"] == TOTAL)
        & (values["status"] == str(Status.FINAL))
        & (values["n"] > 0)  # a share of nobody is no evidence
        & values["grain"].isin(GRAINS)
        & values["cohort_start"].isna()
    ]
    if mine.empty:
        return None
    coarseness = mine["grain"].astype(str).map(GRAINS.index)
    row = mine.assign(coarseness=coarseness).sort_values(["coarseness", "period_start", "basis"]).iloc[-1]
    return Estimate(
        value=float(row["value"]),
        n=int(row["n"]),
        low=_number(row["ci_low"]),
        high=_number(row["ci_high"]),
        method=None if pd.isna(row["ci_method"]) else str(row["ci_method"]),
        period_start=row["period_start"],
        period_end=row["period_end"],
    )


def mean(evidence: Evidence, *, name: str) -> Estimate | None:
    """Mean outcome with a normal interval; needs two observations."""
    arm = _arm(evidence.sums, name, treated=True)
    if arm is None or arm.n < 2:
        return None
    value = arm.y / arm.n
    error = math.sqrt(max(arm.y_sq - arm.n * value**2, 0.0) / (arm.n - 1) / arm.n)
    return _normal(value, error, arm.n, NORMAL)


def share(evidence: Evidence, *, name: str) -> Estimate | None:
    """Share of yes with a Wilson interval."""
    arm = _arm(evidence.sums, name, treated=True)
    if arm is None:
        return None
    low, high = _wilson(arm.y, arm.n)
    return Estimate(value=arm.y / arm.n, n=arm.n, low=low, high=high, method=WILSON)


def difference(evidence: Evidence, *, name: str) -> Estimate | None:
    """Share of yes in the treated arm minus that in the other, with Newcombe's interval."""
    treated, control = (_arm(evidence.sums, name, treated=which) for which in (True, False))
    if treated is None or control is None:
        return None
    return newcombe(treated.y, treated.n, control.y, control.n)


def newcombe(yes: float, n: int, other_yes: float, other_n: int) -> Estimate:
    """Difference of two independent shares; its interval from the Wilson intervals of both (Newcombe 1998)."""
    one, two = yes / n, other_yes / other_n
    (low_one, high_one), (low_two, high_two) = _wilson(yes, n), _wilson(other_yes, other_n)
    value = one - two
    return Estimate(
        value=value,
        n=n + other_n,
        low=value - math.hypot(one - low_one, high_two - two),
        high=value + math.hypot(high_one - one, two - low_two),
        method=NEWCOMBE,
    )


def slope_per_year(evidence: Evidence) -> Estimate | None:
    """Least-squares slope of revenue on tenure in years; needs three customers of two tenures."""
    arm = _arm(evidence.sums, "tenure_and_revenue", treated=True)
    if arm is None or arm.n < 3:
        return None
    spread = arm.x_sq - arm.x**2 / arm.n
    if spread <= 0:
        return None
    slope = (arm.x_y - arm.x * arm.y / arm.n) / spread
    residuals = max(arm.y_sq - arm.y**2 / arm.n - slope**2 * spread, 0.0)
    error = math.sqrt(residuals / (arm.n - 2) / spread)
    return _normal(slope * DAYS_OF_A_YEAR, error * DAYS_OF_A_YEAR, arm.n, OLS)


def gain_of_five_points(evidence: Evidence) -> Estimate | None:
    """How much longer customers would stay if five points more of them were retained, at a constant rate."""
    retention = published(evidence, name="customer_retention_rate.set_based")
    if retention is None:
        return None
    gains = [_gain(rate) for rate in (retention.value, retention.low, retention.high)]
    value, low, high = gains
    if value is None:
        return None
    return replace(retention, value=value, low=low, high=math.inf if high is None else high)


def _gain(rate: float | None) -> float | None:
    """Relative gain of 1 / (1 - rate) by five points; None where nobody would ever leave."""
    if rate is None or rate + MORE_RETAINED >= 1:
        return None
    return (1 - rate) / (1 - rate - MORE_RETAINED) - 1


def nps_difference(evidence: Evidence) -> Estimate | None:
    """Retention of promoters minus that of detractors, over all mature periods of the coarsest grain."""
    facts = evidence.nps_retention
    mature = facts[facts["is_mature"].astype(bool) & facts["grain"].isin(GRAINS)]
    if mature.empty:
        return None
    coarsest = max(mature["grain"].astype(str), key=GRAINS.index)
    basis = sorted(set(mature["basis"].astype(str)))[0]
    mine = mature[(mature["grain"] == coarsest) & (mature["basis"] == basis)]
    sums = mine.groupby(mine["segment_key"].astype(str))[["customers_retained", "customers_active_at_answer"]].sum()
    if not {"promoter", "detractor"} <= set(sums.index[sums["customers_active_at_answer"] > 0]):
        return None
    (yes, n), (other_yes, other_n) = sums.loc[["promoter", "detractor"]].to_numpy(dtype=np.float64)
    return newcombe(yes, int(n), other_yes, int(other_n))


def _arm(sums: pd.DataFrame, name: str, *, treated: bool) -> Sums | None:
    found = sums[(sums["evidence"] == name) & (sums["is_treated"].astype(bool) == treated)]
    if found.empty:
        return None
    row = found.iloc[0]
    return Sums(
        int(row["observations_count"]), *(float(row[part]) for part in ("x_sum", "y_sum", "x_sq", "x_y", "y_sq"))
    )


def _wilson(yes: float, n: int) -> tuple[float, float]:
    low, high = wilson(np.array([yes]), np.array([float(n)]))
    return float(low[0]), float(high[0])


def _normal(value: float, error: float, n: int, method: str) -> Estimate:
    return Estimate(value=value, n=n, low=value - Z95 * error, high=value + Z95 * error, method=method)


def _number(value: float) -> float | None:
    """The number; None for the NaN that stands for an empty cell."""
    return None if math.isnan(value) else float(value)
