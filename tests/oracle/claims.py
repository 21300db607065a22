"""What the literature says, held against the oracle's own numbers: ``claims``.

Belongs here: estimates from sums of observations, verdicts. Not here: the observations (``claim_facts``), what other
shops report (``benchmark_table``).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tests.oracle import intervals
from tests.oracle.fact import Fact
from tests.oracle.fact import Row as Sums
from tests.oracle.intervals import Interval, Z
from tests.oracle.period_facts import ALL

if TYPE_CHECKING:
    from tests.oracle.world import World

GRAINS = ("day", "week", "month", "quarter", "year")
BASES = ("calendar", "purchase_window", "subscription")
"""Where a metric stands on several, the last one speaks: who subscribes is known, who will buy again is not."""
DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class Estimate:
    """A number, how many observations it rests on, its interval (None: none; an infinite end: open)."""

    value: float
    n: int
    ci: Interval | None = None
    start: dt.date | None = None
    end: dt.date | None = None


Measure = Callable[["World"], Estimate | None]


def latest(world: World, name: str, *, needs_history: bool = False) -> Estimate | None:
    """The last final value about everybody of the coarsest grain.

    With ``needs_history`` the first period of each grain does not count: everybody is new where the data begin.
    """
    first: dict[str, dt.date] = {}
    for _, grain, start, *_ in world.periods.cells:
        first[grain] = min(start, first.get(grain, start))
    found = [
        row for row in world.metrics
        if f"{row.metric}.{row.variant}" == name and row.status == "final" and row.place.segment_set == ALL
        and row.place.grain in GRAINS and row.place.cohort_start is None and row.n
        and not (needs_history and row.place.period_start == first[row.place.grain])
    ]  # fmt: skip
    if not found:
        return None
    row = max(
        found,
        key=lambda row: (GRAINS.index(row.place.grain), row.place.period_start, BASES.index(row.place.basis)),
    )
    assert row.value is not None
    assert row.n is not None
    return Estimate(row.value, row.n, row.ci, row.place.period_start, row.place.period_end)


def five_points_more(world: World) -> Estimate | None:
    """How much longer customers stay at a constant rate of retention that is five points higher."""
    kept = latest(world, "customer_retention_rate.set_based")
    if kept is None or kept.value + 0.05 >= 1:
        return None

    def gain(rate: float) -> float:
        return math.inf if rate + 0.05 >= 1 else (1 - rate) / (0.95 - rate) - 1

    ci = None if kept.ci is None else (gain(kept.ci[0]), gain(kept.ci[1]))
    return replace(kept, value=gain(kept.value), ci=ci)


def mean(world: World, name: str) -> Estimate | None:
    """The mean outcome."""
    arm = _arm(world, name, is_treated=True)
    if arm is None or arm["observations_count"] < 2:
        return None
    n, total = arm["observations_count"], float(arm["y_sum"])
    variance = max(float(arm["y_sq"]) - total * total / n, 0) / (n - 1)
    half = Z * math.sqrt(variance / n)
    return Estimate(total / n, n, (total / n - half, total / n + half))


def share(world: World, name: str) -> Estimate | None:
    """The share of yes."""
    arm = _arm(world, name, is_treated=True)
    if arm is None:
        return None
    yes, n = int(arm["y_sum"]), arm["observations_count"]
    return Estimate(yes / n, n, intervals.wilson(yes, n))


def difference(world: World, name: str) -> Estimate | None:
    """The share of yes of those the claim is about, less that of the others."""
    arms = [_arm(world, name, is_treated=is_treated) for is_treated in (True, False)]
    found = [(int(arm["y_sum"]), arm["observations_count"]) for arm in arms if arm is not None]
    return newcombe(found[0], found[1]) if len(found) == 2 else None


def promoters_less_detractors(world: World) -> Estimate | None:
    """Retention after the answer, over all periods of the coarsest grain that have been watched long enough."""
    fact = world.facts["fct_nps_retention_period"]
    mature = {key: row for key, row in fact.rows.items() if row["is_mature"] and key[0] == "purchase_window"}
    if not mature:
        return None
    coarsest = max((grain for _, grain, *_ in mature), key=GRAINS.index)
    arms = []
    for group in ("promoter", "detractor"):
        rows = [row for key, row in mature.items() if key[1] == coarsest and key[-1] == group]
        base = sum(row["customers_active_at_answer"] for row in rows)
        arms.append((sum(row["customers_retained"] for row in rows), base))
    return newcombe(*arms) if all(base for _, base in arms) else None


def newcombe(one: tuple[int, int], other: tuple[int, int]) -> Estimate:
    """Difference of two shares with the hybrid score interval (Newcombe 1998, method 10)."""
    (yes, n), (other_yes, other_n) = one, other
    p, q = yes / n, other_yes / other_n
    ends, other_ends = intervals.wilson(yes, n), intervals.wilson(other_yes, other_n)
    assert ends is not None
    assert other_ends is not None
    below = math.sqrt((p - ends[0]) ** 2 + (other_ends[1] - q) ** 2)
    above = math.sqrt((ends[1] - p) ** 2 + (q - other_ends[0]) ** 2)
    return Estimate(p - q, n + other_n, (p - q - below, p - q + above))


def slope_per_year(world: World) -> Estimate | None:
    """Least squares: revenue of a year for each year of tenure."""
    arm = _arm(world, "tenure_and_revenue", is_treated=True)
    if arm is None or arm["observations_count"] < 3:
        return None
    n, x, y, x_sq, x_y, y_sq = (float(arm[name]) for name in ("observations_count", "x_sum", "y_sum", "x_sq", "x_y",
                                                                "y_sq"))  # fmt: skip
    spread_x, together, spread_y = x_sq - x * x / n, x_y - x * y / n, y_sq - y * y / n
    if spread_x <= 0:
        return None
    slope = together / spread_x
    half = Z * math.sqrt(max(spread_y - slope * together, 0) / (n - 2) / spread_x)
    return Estimate(
        slope * DAYS_PER_YEAR, int(n), ((slope - half) * DAYS_PER_YEAR, (slope + half) * DAYS_PER_YEAR)
    )  # fmt: skip


def _arm(world: World, name: str, *, is_treated: bool) -> Sums | None:
    return world.facts["fct_claim_evidence"].rows.get((name, is_treated))


CLAIMS: dict[str, tuple[Measure, float, float]] = {
    "loyal_customers_spend_more": (
        partial(latest, name="order_value_uplift.returning", needs_history=True),
        0.67,
        math.inf,
    ),
    "business_from_existing_customers": (
        partial(latest, name="revenue_share.returning", needs_history=True),
        0.65,
        math.inf,
    ),
    "few_customers_earn_most": (partial(latest, name="revenue_concentration.top20"), 0.8, math.inf),
    "retention_is_cheaper": (partial(latest, name="acquisition_to_retention_cost.standard"), 5, 25),
    "order_value_grows": (partial(mean, name="order_value_steps"), 0, math.inf),
    "small_gains_large_profit": (five_points_more, 0.25, 0.95),
    "tenure_raises_value": (slope_per_year, 0, math.inf),
    "tickets_signal_churn": (partial(difference, name="frequent_tickets"), 0, math.inf),
    "slow_answers_drive_churn": (partial(difference, name="slow_answers"), 0, math.inf),
    "kept_promises_satisfy": (partial(difference, name="kept_promise"), 0, math.inf),
    "nps_is_intent": (promoters_less_detractors, -0.05, 0.05),
    "retained_is_not_loyal": (partial(share, name="retained_not_promoting"), 0.1, math.inf),
    "tiers_raise_order_rate": (partial(mean, name="tier_rises"), 0, math.inf),
    "reactivation_works": (partial(difference, name="reactivated"), 0, math.inf),
    "discounts_attract_leavers": (partial(difference, name="discount_acquired"), -math.inf, 0),
}
"""How each claim is measured, and between which numbers it lies."""


def claims_table(world: World) -> Fact:
    """Every row of ``claims``, without the words."""
    table = Fact("claims", ("claim",))
    for name, (measure, low, high) in CLAIMS.items():
        found = measure(world)
        ci = (None, None) if found is None or found.ci is None else found.ci
        table.rows[(name,)] = {
            "value": None if found is None else found.value,
            "n": None if found is None else found.n,
            "ci_low": _closed(ci[0]),
            "ci_high": _closed(ci[1]),
            "verdict": _verdict(found, low, high),
            "period_start": None if found is None else found.start,
            "period_end": None if found is None else found.end,
            "as_of": world.state.as_of,
        }
    return table


def _closed(end: float | None) -> float | None:
    return None if end is None or math.isinf(end) else end


def _verdict(found: Estimate | None, low: float, high: float) -> str:
    if found is None:
        return "not_computable"
    ends = found.ci or (found.value, found.value)
    if low <= ends[0] and ends[1] <= high:
        return "supported"
    return "contradicted" if ends[1] < low or high < ends[0] else "insufficient"
