"""The oracle itself against the numbers that the metric definitions state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.oracle import intervals
from tests.oracle.records import Order
from tests.oracle.small_shops import SHOP, metric, order, world
from tests.oracle.world import World


def flow(base: int, lost: int, new: int, new_lost: int = 0, reactivated: int = 0) -> World:
    """A shop with so many customers at the start of April 2024 (window 30 days), lost, new and reactivated in it."""
    orders: list[Order] = []

    def buy(group: str, count: int, *days: str) -> None:
        for index in range(count):
            orders.extend(order(len(orders), f"{group}{index}", day) for day in days)

    buy("stays", base - lost, "2024-03-20", "2024-04-10")
    buy("leaves", lost, "2024-03-20")
    buy("new", new - new_lost, "2024-04-15")
    buy("gone", new_lost, "2024-04-01")
    buy("back", reactivated, "2024-01-05", "2024-04-15")
    return world(orders, "2024-05-01", replace(SHOP, window_days=29))


def test_150_at_start_50_new_7_lost_is_143_of_150() -> None:
    found = flow(base=150, lost=7, new=50)
    rate = metric(found, "customer_retention_rate.set_based", "2024-04-01")
    assert (rate.numerator, rate.denominator, rate.n) == (143, 150, 150)
    assert rate.value == pytest.approx(0.953333, abs=5e-7)
    assert rate.ci == pytest.approx((0.9068, 0.9772), abs=5e-5)
    assert metric(found, "customers.end", "2024-04-01").numerator == 193
    assert metric(found, "customer_churn_rate.base_leavers", "2024-04-01").value == pytest.approx(0.046667, abs=5e-7)
    assert metric(found, "customer_retention_rate.count_based", "2024-04-01").value == pytest.approx(0.953333, abs=5e-7)


def test_4_of_the_7_lost_being_new_shows_in_the_bridge() -> None:
    found = flow(base=150, lost=3, new=50, new_lost=4)
    values = {
        variant: metric(found, f"customer_retention_rate.{variant}", "2024-04-01").value
        for variant in ("count_based", "set_based", "bridge")
    }
    assert values["count_based"] == pytest.approx(0.953333, abs=5e-7)
    assert values["set_based"] == pytest.approx(0.98, abs=1e-12)
    assert values["bridge"] == pytest.approx(-0.026667, abs=5e-7)
    assert metric(found, "customer_churn_rate.all_leavers", "2024-04-01").value == pytest.approx(7 / 150)


def test_reactivations_lift_the_count_based_rate_above_one() -> None:
    found = flow(base=100, lost=5, new=10, reactivated=12)
    assert metric(found, "customer_retention_rate.count_based", "2024-04-01").value == pytest.approx(1.07)
    assert metric(found, "customer_retention_rate.set_based", "2024-04-01").value == pytest.approx(0.95)
    assert metric(found, "reactivation_rate.standard", "2024-04-01").value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("successes", "n", "expected"), [(0, 5, (0, 0.434)), (5, 5, (0.566, 1)), (1, 3, (0.061, 0.792))]
)
def test_wilson_intervals_of_small_samples(successes: int, n: int, expected: tuple[float, float]) -> None:
    assert intervals.wilson(successes, n) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(("up", "down", "n", "half"), [(50, 20, 100, 0.1531), (5, 2, 10, 0.4841)])
def test_net_promoter_score_has_its_own_interval(up: int, down: int, n: int, half: float) -> None:
    assert intervals.net_promoter(up, down, n) == pytest.approx((0.3 - half, 0.3 + half), abs=5e-5)
