"""The examples of the guides, number by number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.metrics.factories import MONTHS, cell, compute, keys, period_measures
from tests.metrics.more_facts import all_facts

RATE, CHURN = "customer_retention_rate", "customer_churn_rate"


def january(**counts: float) -> dict[str, pd.DataFrame]:
    """One month of totals with these counts; everything else of a shop nobody visited."""
    nobody = period_measures(np.random.default_rng(0), {})
    nobody = dict.fromkeys(nobody, 0.0)
    given: dict[str, Any] = {f"customers_{name}": float(value) for name, value in counts.items()}
    empty = {name: frame.iloc[:0] for name, frame in all_facts().items()}
    return empty | {"fct_period": pd.DataFrame([keys(MONTHS[0], basis="purchase_window") | nobody | given])}


def retention(**counts: float) -> pd.DataFrame:
    return compute("customer_retention", january(**counts))


def test_150_at_the_start_7_lost_50_new_193_at_the_end() -> None:
    rows = retention(start=150, new=50, new_kept=50, lost=7, retained=143, end=193)
    kept = cell(rows, f"{RATE}.set_based")
    assert (kept["numerator"], kept["denominator"], kept["n"]) == (143, 150, 150)
    assert round(kept["value"], 6) == 0.953333
    assert (round(kept["ci_low"], 4), round(kept["ci_high"], 4), kept["ci_method"]) == (0.9068, 0.9772, "wilson")
    assert round(cell(rows, f"{CHURN}.base_leavers")["value"], 6) == 0.046667
    assert round(cell(rows, f"{RATE}.count_based")["value"], 6) == 0.953333
    assert cell(rows, f"{RATE}.bridge")["value"] == 0.0
    assert kept["status"] == "final"


def test_the_same_when_4_of_the_7_lost_were_new() -> None:
    rows = retention(start=150, new=50, new_kept=46, new_lost=4, lost=3, retained=147, end=193)
    values = {variant: cell(rows, f"{RATE}.{variant}")["value"] for variant in ("set_based", "count_based", "bridge")}
    assert {name: round(value, 6) for name, value in values.items()} == {
        "set_based": 0.98,
        "count_based": 0.953333,
        "bridge": -0.026667,
    }
    assert round(cell(rows, f"{CHURN}.base_leavers")["value"], 6) == 0.02
    assert round(cell(rows, f"{CHURN}.all_leavers")["value"], 6) == 0.046667


def test_reactivated_customers_lift_the_count_based_rate_above_1() -> None:
    rows = retention(start=100, lost=5, retained=95, new=10, new_kept=10, reactivated=12, end=117, lapsed_start=40)
    assert cell(rows, f"{RATE}.count_based")["value"] == pytest.approx(1.07)
    assert cell(rows, f"{RATE}.set_based")["value"] == pytest.approx(0.95)
    assert cell(rows, "reactivation_rate.standard")["value"] == pytest.approx(0.3)


def test_a_shop_without_customers_has_counts_of_0_and_undefined_rates() -> None:
    rows = retention()
    start, rate = cell(rows, "customers.start"), cell(rows, f"{RATE}.set_based")
    assert (start["value"], start["status"]) == (0, "final")
    assert (rate["status"], rate["denominator"]) == ("undefined", 0)
    assert rate[["value", "n", "ci_low", "ci_high", "ci_method"]].isna().all()


def test_order_value_frequency_and_share_of_a_small_shop() -> None:
    facts = january(ordering=4, repeat_in_period=1, returning=2, ever=10, repeat_ever=5)
    sums = {"orders_count": 5, "orders_sq": 7, "revenue_gross": 250, "revenue_net": 200}
    facts["fct_period"] = facts["fct_period"].assign(basis="calendar", **sums)
    facts["fct_period"]["revenue_gross_returning"] = 162.5
    facts["fct_period"][["orders_count_guest", "revenue_gross_guest"]] = [5.0, 150.0]
    rows = compute("buying_behaviour", facts)
    expected = {
        "average_order_value.gross": 50.0,
        "average_order_value.net": 40.0,
        "average_order_value.all_orders": 40.0,
        "purchase_frequency.standard": 1.25,
        "repeat_customer_rate.in_period": 0.25,
        "repeat_customer_rate.returning": 0.5,
        "repeat_customer_rate.lifetime": 0.5,
        "revenue_share.returning": 0.65,
        "orders.guest": 5.0,
    }
    assert {name: cell(rows, name)["value"] for name in expected} == expected


def test_the_share_of_returning_revenue_has_the_interval_of_its_customers() -> None:
    returning, new = np.array([100.0, 40.0, 60.0]), np.array([30.0, 20.0])
    everybody, part = np.concatenate([returning, new]), np.concatenate([returning, 0 * new])
    facts = january(ordering=5)
    facts["fct_period"] = facts["fct_period"].assign(
        basis="calendar",
        revenue_gross=everybody.sum(),
        revenue_gross_returning=part.sum(),
        revenue_gross_sq=everybody @ everybody,
        revenue_gross_returning_sq=part @ part,
    )
    share = cell(compute("buying_behaviour", facts), "revenue_share.returning")
    residuals = part - 0.8 * everybody
    half = 1.959963985 * float(np.sqrt(5 / 4 * (residuals @ residuals))) / 250
    assert share["value"] == pytest.approx(0.8)
    assert share["ci_low"] == pytest.approx(0.8 - half)
    assert share["ci_high"] == pytest.approx(min(0.8 + half, 1.0))
