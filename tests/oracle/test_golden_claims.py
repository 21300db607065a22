"""The oracle's estimates of claims on numbers that can be looked up or counted on fingers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.oracle.claim_facts import claim_facts
from tests.oracle.claims import five_points_more, newcombe
from tests.oracle.small_shops import SHOP, order, world

SHORT = replace(SHOP, window_days=30)


def test_newcombes_own_example() -> None:
    found = newcombe((56, 70), (48, 80))  # Newcombe 1998, table II, method 10
    assert found.value == pytest.approx(0.2)
    assert found.ci == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_order_values_and_returns_of_three_customers() -> None:
    orders = [
        order(1, "anna", "2024-01-01", "10"), order(2, "anna", "2024-01-20", "16"),
        order(3, "anna", "2024-02-01", "40"),
        order(4, "bert", "2024-01-02", "20"), order(5, "bert", "2024-02-11", "20"),
        order(6, "bert", "2024-02-28", "14"),
        order(7, "cleo", "2024-03-01", "5"),
    ]  # fmt: skip
    rows = claim_facts(world(orders, "2024-03-15", SHORT).state).rows
    steps = rows[("order_value_steps", True)]
    assert (steps["observations_count"], steps["y_sum"], steps["y_sq"]) == (2, 12, 234)
    arms = [(rows[("reactivated", arm)]["observations_count"], rows[("reactivated", arm)]["y_sum"]) for arm in (1, 0)]
    assert arms == [(1, 1), (2, 1)]


def test_five_points_more_at_four_fifths() -> None:
    orders = [order(number, f"c{number}", "2024-01-05") for number in range(5)]
    orders += [order(10 + number, f"c{number}", "2024-02-05") for number in range(4)]
    found = five_points_more(world(orders, "2024-02-29", SHORT))
    assert found is not None
    assert found.value == pytest.approx(0.2 / 0.15 - 1)
