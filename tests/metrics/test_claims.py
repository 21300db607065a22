"""Claims: each estimator against numbers worked out by hand, and what a verdict needs."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pytest

from retention_pipeline.metrics.claim_estimates import Estimate, Evidence, newcombe
from retention_pipeline.metrics.claims import ALL_CLAIMS, CLAIMS, judge_claims
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.registry import BY_NAME, SOURCES

Row: TypeAlias = tuple[object, ...]

BY_CLAIM = {claim.name: claim for claim in ALL_CLAIMS}
SUMS = ["evidence", "is_treated", "observations_count", "x_sum", "y_sum", "x_sq", "x_y", "y_sq"]
VALUES = ["metric", "variant", "basis", "grain", "period_start", "period_end", "cohort_start", "segment_set", "status",
          "value", "n", "ci_low", "ci_high", "ci_method"]  # fmt: skip
NPS = ["basis", "grain", "segment_key", "customers_active_at_answer", "customers_retained", "is_mature"]
CONTEXT = MetricContext(as_of=dt.date(2026, 1, 31), data_through={}, currency="EUR")


def evidence(*, sums: Sequence[Row] = (), values: Sequence[Row] = (), nps: Sequence[Row] = ()) -> Evidence:
    return Evidence(
        values=pd.DataFrame(list(values), columns=VALUES),
        sums=pd.DataFrame(list(sums), columns=SUMS),
        nps_retention=pd.DataFrame(list(nps), columns=NPS),
    )


def judged(found: Evidence, claim: str) -> dict[str, Any]:
    frame = judge_claims(found, CONTEXT)
    assert list(frame.columns) == list(CLAIMS.column_names)
    return dict(frame[frame["claim"] == claim].iloc[0])


def value(metric: str, grain: str, year: int, number: float, status: str = "final") -> Row:
    start = pd.Timestamp(year, 1, 1)
    return (*metric.split("."), "calendar", grain, start, start + pd.DateOffset(years=1), pd.NaT, "all", status,
            number, 100, number - 0.02, number + 0.02, "wilson")  # fmt: skip


def yes_no(name: str, yes: int, n: int, other_yes: int, other_n: int) -> list[Row]:
    return [(name, True, n, 0.0, float(yes), 0.0, 0.0, float(yes)),
            (name, False, other_n, 0.0, float(other_yes), 0.0, 0.0, float(other_yes))]  # fmt: skip


def test_without_evidence_nothing_is_claimed_to_be_known() -> None:
    frame = judge_claims(evidence(), CONTEXT)
    assert set(frame["verdict"]) == {"not_computable"}
    assert frame["value"].isna().all()
    assert len(frame) == len(ALL_CLAIMS)


def test_a_difference_of_shares_has_newcombe_s_interval() -> None:
    # Newcombe 1998, table II, example (a): 56/70 against 48/80
    found = newcombe(56, 70, 48, 80)
    assert found.value == pytest.approx(0.2)
    assert (round(found.low or 0, 4), round(found.high or 0, 4)) == (0.0524, 0.3339)


@pytest.mark.parametrize(
    ("treated", "control", "verdict"),
    [((60, 100), (20, 100), "supported"), ((20, 100), (60, 100), "contradicted"), ((5, 10), (4, 10), "insufficient")],
)
def test_frequent_tickets_are_judged_by_the_whole_interval(
    treated: tuple[int, int], control: tuple[int, int], verdict: str
) -> None:
    row = judged(evidence(sums=yes_no("frequent_tickets", *treated, *control)), "tickets_signal_churn")
    assert row["verdict"] == verdict
    assert row["n"] == treated[1] + control[1]


def test_discounts_are_supported_by_a_difference_below_nothing() -> None:
    assert (
        judged(evidence(sums=yes_no("discount_acquired", 10, 100, 40, 100)), "discounts_attract_leavers")["verdict"]
        == "supported"
    )


def test_one_arm_alone_is_no_comparison() -> None:
    found = evidence(sums=yes_no("reactivated", 3, 9, 0, 1)[:1])
    assert judged(found, "reactivation_works")["verdict"] == "not_computable"


def test_the_mean_step_of_order_values() -> None:
    steps = [2.0, 4.0, 6.0]
    sums = [("order_value_steps", True, 3, 0.0, sum(steps), 0.0, 0.0, sum(step**2 for step in steps))]
    row = judged(evidence(sums=sums), "order_value_grows")
    assert row["value"] == 4.0
    half = 1.959964 * 2.0 / math.sqrt(3)
    assert row["ci_low"] == pytest.approx(4 - half, rel=1e-6)
    assert row["verdict"] == "supported"


def test_the_slope_on_tenure_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 1500, 60).astype(float)
    y = 20 + 0.05 * x + rng.normal(0, 8, 60)
    sums = [("tenure_and_revenue", True, 60, x.sum(), y.sum(), (x * x).sum(), (x * y).sum(), (y * y).sum())]
    row = judged(evidence(sums=sums), "tenure_raises_value")
    assert row["value"] == pytest.approx(np.polyfit(x / 365.25, y, 1)[0])
    assert row["verdict"] == "supported"


def test_a_published_value_is_the_latest_final_one_of_the_coarsest_grain() -> None:
    name = "revenue_share.returning"
    values = [value(name, "month", 2026, 0.1), value(name, "year", 2024, 0.5), value(name, "year", 2025, 0.7),
              value(name, "year", 2026, 0.9, "provisional")]  # fmt: skip
    row = judged(evidence(values=values), "business_from_existing_customers")
    assert row["value"] == 0.7
    assert row["verdict"] == "supported"
    assert row["period_start"] == pd.Timestamp(2025, 1, 1)


def test_the_first_period_of_the_data_does_not_tell_who_returns() -> None:
    name = "revenue_share.returning"
    values = [value(name, "year", 2025, 0.0), value(name, "month", 2025, 0.0), value(name, "month", 2026, 0.7)]
    row = judged(evidence(values=values), "business_from_existing_customers")
    assert (row["value"], row["period_start"]) == (0.7, pd.Timestamp(2026, 1, 1))


def test_five_points_more_retention_at_a_constant_rate() -> None:
    row = judged(
        evidence(values=[value("customer_retention_rate.set_based", "year", 2025, 0.8)]), "small_gains_large_profit"
    )
    assert row["value"] == pytest.approx(0.2 / 0.15 - 1)
    assert row["ci_low"] == pytest.approx(0.22 / 0.17 - 1)


def test_where_nearly_everybody_stays_the_gain_is_open_above() -> None:
    values = [value("customer_retention_rate.set_based", "year", 2025, 0.94)]  # its upper bound is 0.96
    row = judged(evidence(values=values), "small_gains_large_profit")
    assert row["verdict"] == "contradicted"  # even the least gain is far above 95 %
    assert row["ci_low"] == pytest.approx(0.08 / 0.03 - 1)
    assert math.isnan(row["ci_high"])


def test_promoters_and_detractors_who_stay_alike_support_that_nps_is_intent() -> None:
    nps = [
        ("purchase_window", "month", group, 5000, kept, True)
        for group, kept in (("promoter", 2500), ("detractor", 2510))
    ]
    unripe = [("purchase_window", "month", "promoter", 5000, 0, False)]
    assert judged(evidence(nps=nps + unripe), "nps_is_intent")["verdict"] == "supported"
    apart = [
        ("purchase_window", "month", group, 500, kept, True) for group, kept in (("promoter", 400), ("detractor", 200))
    ]
    assert judged(evidence(nps=apart), "nps_is_intent")["verdict"] == "contradicted"


def test_without_an_interval_the_value_decides() -> None:
    claim = BY_CLAIM["retention_is_cheaper"]
    verdicts = [claim.verdict(Estimate(value=number, n=1)) for number in (4.9, 5.0, 25.0, 26.0)]
    assert verdicts == ["contradicted", "supported", "supported", "contradicted"]


def test_every_claim_names_its_source_and_metrics_that_exist() -> None:
    assert len(BY_CLAIM) == len(ALL_CLAIMS)
    for claim in ALL_CLAIMS:
        assert set(claim.source.split(", ")) <= set(SOURCES), claim.name
        name = getattr(claim.estimate, "keywords", {}).get("name", "")
        assert "." not in name or name in BY_NAME, claim.name
