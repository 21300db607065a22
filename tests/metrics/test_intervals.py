"""Intervals against published figures, and against their definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_pipeline.metrics.intervals import Floats, divide, normal_mean, nps, ratio_delta, wilson, within


def floats(*numbers: float) -> Floats:
    return np.array(numbers, dtype=np.float64)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high", "digits"),
    [
        (0, 5, 0.0, 0.434, 3),
        (5, 5, 0.566, 1.0, 3),
        (1, 3, 0.061, 0.792, 3),
        (143, 150, 0.9068, 0.9772, 4),
    ],
)
def test_wilson_gives_the_published_figures(successes: int, trials: int, low: float, high: float, digits: int) -> None:
    found = wilson(floats(successes), floats(trials))
    assert (round(float(found[0][0]), digits), round(float(found[1][0]), digits)) == (low, high)


@pytest.mark.parametrize(("groups", "half_width"), [((50, 30, 20), 0.1531), ((5, 3, 2), 0.4841)])
def test_the_promoter_score_has_the_published_half_width(groups: tuple[int, int, int], half_width: float) -> None:
    low, high = nps(*(floats(group) for group in groups))
    assert round(float(high[0] - low[0]) / 2, 4) == half_width
    assert float(high[0] + low[0]) / 2 == pytest.approx(0.30)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_lies_in_0_to_1_and_holds_the_share(counts: tuple[int, int]) -> None:
    low, high = wilson(floats(counts[0]), floats(counts[1]))
    assert 0.0 <= low[0] <= counts[0] / counts[1] <= high[0] <= 1.0


@given(st.integers(2, 5_000).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n))))
def test_wilson_ends_are_the_shares_that_the_score_test_just_rejects(counts: tuple[int, int]) -> None:
    share = counts[0] / counts[1]
    for end in (float(side[0]) for side in wilson(floats(counts[0]), floats(counts[1]))):
        score = abs(share - end) / (end * (1 - end) / counts[1]) ** 0.5
        assert score == pytest.approx(1.959963985, rel=1e-6)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 10_000)), min_size=2, max_size=40))
def test_delta_from_moments_equals_delta_from_residuals(customers: list[tuple[int, int]]) -> None:
    x, y = np.array(customers, dtype=np.float64).T
    ratio = y.sum() / x.sum()
    error = np.sqrt(len(x) / (len(x) - 1) * float(np.square(y - ratio * x).sum())) / float(x.sum())
    low, high = ratio_delta(*(floats(float(moment)) for moment in (len(x), x.sum(), y.sum(), x @ x, y @ y, x @ y)))
    assert float(low[0] + high[0]) / 2 == pytest.approx(ratio)
    assert float(high[0] - low[0]) / 2 == pytest.approx(1.959963985 * error, rel=1e-6, abs=1e-4)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=40))
def test_the_mean_from_moments_equals_the_mean_from_values(values: list[int]) -> None:
    x = np.array(values, dtype=np.float64)
    low, high = normal_mean(floats(len(x)), floats(x.sum()), floats(float(x @ x)))
    assert float(low[0] + high[0]) / 2 == pytest.approx(x.mean())
    assert float(high[0] - low[0]) / 2 == pytest.approx(1.959963985 * x.std(ddof=1) / len(x) ** 0.5, abs=1e-4)


def test_one_customer_has_no_interval_of_a_mean_or_ratio() -> None:
    one = floats(1)
    for interval in (normal_mean(one, one, one), ratio_delta(one, one, one, one, one, one), nps(one, one * 0, one * 0)):
        assert np.isnan(interval).all()


def test_nobody_has_no_interval_and_no_quotient() -> None:
    none = floats(0)
    for interval in (wilson(none, none), normal_mean(none, none, none), nps(none, none, none)):
        assert np.isnan(interval).all()
    assert np.isnan(divide(floats(3), none)).all()


def test_equal_customers_leave_no_width() -> None:
    low, high = ratio_delta(floats(4), floats(4), floats(40), floats(4), floats(400), floats(40))
    assert (low[0], high[0]) == (10.0, 10.0)


def test_an_interval_is_cut_at_what_the_quantity_can_be() -> None:
    low, high = within((floats(-0.2, 0.5), floats(0.7, 1.4)), 0.0, 1.0)
    assert (low.tolist(), high.tolist()) == ([0.0, 0.5], [0.7, 1.0])
