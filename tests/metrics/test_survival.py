"""Survival curves against a published example, a plain recomputation and their own definition."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_pipeline.metrics.survival import Curves

# Freireich et al. (1963), remission under 6-MP: the standard example of textbooks and of R's survfit.
EVENTS = {6: 3, 7: 1, 10: 1, 13: 1, 16: 1, 22: 1, 23: 1}
CENSORED = {6: 1, 9: 1, 10: 1, 11: 1, 17: 1, 19: 1, 20: 1, 25: 1, 32: 2, 34: 1, 35: 1}

Group = dict[int, tuple[int, int]]
groups_of_waits = st.lists(
    st.dictionaries(st.integers(0, 40), st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=8).filter(
        lambda group: any(sum(counts) for counts in group.values())
    ),
    min_size=1,
    max_size=4,
)


def curves(*groups: Group) -> Curves:
    rows = [(number, days, *counts) for number, group in enumerate(groups) for days, counts in group.items()]
    number, days, events, censored = np.array(rows, dtype=np.float64).T
    return Curves.of(number.astype(np.int64), days, events, censored)


def freireich() -> Group:
    return {days: (EVENTS.get(days, 0), CENSORED.get(days, 0)) for days in sorted({*EVENTS, *CENSORED})}


def product_limit(group: Group) -> dict[int, float]:
    """Kaplan-Meier one wait at a time."""
    survival, curve = 1.0, {}
    for days in sorted(group):
        at_risk = sum(sum(counts) for later, counts in group.items() if later >= days)
        survival *= 1 - group[days][0] / at_risk if at_risk else 1.0
        curve[days] = survival
    return curve


def test_the_textbook_curve_has_its_published_values() -> None:
    curve = curves(freireich())
    by_day = dict(zip(curve.time, curve.survival, strict=True))
    expected = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert {day: round(by_day[day], 3) for day in expected} == expected
    low, high = (dict(zip(curve.time, end, strict=True)) for end in curve.band)
    assert (round(low[6], 3), round(high[6], 3)) == (0.620, 0.952)
    assert (round(low[23], 3), round(high[23], 3)) == (0.188, 0.680)


def test_its_median_and_restricted_mean_are_the_published_ones() -> None:
    curve = curves(freireich())
    median, (low, high) = curve.quantile(0.5)
    assert median.tolist() == [23]
    # The upper end of the band never comes down to one half, so there is no interval.
    assert np.isnan([low[0], high[0]]).all()
    mean, variance = curve.restricted_mean(35.0)
    assert (round(float(mean[0]), 2), round(float(np.sqrt(variance[0])), 2)) == (23.29, 2.83)


def test_a_quantile_interval_is_where_the_band_crosses_the_same_height() -> None:
    curve = curves(dict.fromkeys(range(1, 11), (20, 2)))
    days, (low, high) = curve.quantile(0.5)
    lower, upper = curve.band
    assert low[0] == min(curve.time[lower <= 0.5])
    assert high[0] == min(curve.time[upper <= 0.5])
    assert low[0] <= days[0] <= high[0]


def test_exactly_one_half_counts_as_one_half() -> None:
    # (1 - 1/6)(1 - 1/5)(1 - 1/4) is not exactly 0.5 in floating point.
    curve = curves(dict.fromkeys((1, 2, 3), (1, 0)) | {9: (0, 3)})
    assert curve.quantile(0.5)[0].tolist() == [3]
    assert np.isnan(curve.quantile(0.51)[0]).all()


def test_somebody_censored_on_a_day_was_at_risk_on_it() -> None:
    curve = curves({5: (1, 1)})
    assert curve.at_risk.tolist() == [2]
    assert curve.survival.tolist() == [0.5]


def test_a_curve_is_known_as_far_as_somebody_was_observed_or_until_nobody_is_left() -> None:
    curve = curves({5: (1, 1)}, {5: (2, 0)})
    assert curve.reaches(6).tolist() == [False, True]
    value, (low, high) = curve.at(6)
    assert np.isnan(value[0])
    assert value[1] == 0.0
    assert np.isnan([low[1], high[1]]).all()
    value, (low, high) = curve.at(5)
    assert value.tolist() == [0.5, 0.0]
    assert 0 < low[0] < 0.5 < high[0] < 1
    assert curve.at(4)[0].tolist() == [1.0, 1.0]


def test_a_restricted_mean_without_censoring_is_the_mean_of_what_counts() -> None:
    waits = np.array([2, 2, 5, 9, 30], dtype=np.float64)
    curve = curves({2: (2, 0), 5: (1, 0), 9: (1, 0), 30: (1, 0)})
    mean, variance = curve.restricted_mean(10.0)
    counted = np.minimum(waits, 10.0)
    assert mean[0] == pytest.approx(counted.mean())
    assert variance[0] == pytest.approx(counted.var() / len(waits))


def test_each_group_may_have_its_own_horizon() -> None:
    mean, _ = curves({4: (1, 0), 8: (0, 1)}, {4: (1, 0), 8: (0, 1)}).restricted_mean(np.array([4.0, 8.0]))
    assert mean.tolist() == [4.0, 6.0]


def test_no_groups_make_no_curves() -> None:
    nothing = np.zeros(0)
    curve = Curves.of(nothing.astype(np.int64), nothing, nothing, nothing)
    assert (curve.groups, len(curve.survival), len(curve.quantile(0.5)[0])) == (0, 0, 0)
    assert len(curve.restricted_mean(5.0)[0]) == len(curve.at(5)[0]) == 0


@settings(max_examples=60, deadline=None)
@given(groups_of_waits)
def test_many_groups_at_once_are_like_one_after_the_other(groups: list[Group]) -> None:
    together = curves(*groups)
    expected = list(itertools.chain.from_iterable(product_limit(group).values() for group in groups))
    assert np.allclose(together.survival, expected, atol=1e-12)
    low, high = together.band
    known = ~np.isnan(low)
    assert (known == ((together.survival > 0) & (together.survival < 1))).all()
    assert (low[known] <= together.survival[known]).all()
    assert (together.survival[known] <= high[known]).all()
    horizon = 15.0
    mean, variance = together.restricted_mean(horizon)
    assert (mean >= 0).all()
    assert (mean <= horizon).all()
    assert (variance >= 0).all()
    for number, group in enumerate(groups):
        curve = product_limit(group)
        area, height, before = 0.0, 1.0, 0.0
        for days, value in curve.items():
            area += height * max(min(days, horizon) - before, 0.0)
            height, before = value, min(days, horizon)
        assert mean[number] == pytest.approx(area + height * (horizon - before), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(groups_of_waits)
def test_the_order_of_rows_does_not_matter(groups: list[Group]) -> None:
    straight = curves(*groups)
    shuffled = np.random.default_rng(len(groups)).permutation(len(straight.time))
    columns = (straight.time, straight.events, straight.censored)
    again = Curves.of(straight.group[shuffled], *(column[shuffled] for column in columns))
    assert again.survival.tolist() == straight.survival.tolist()
    assert math.isclose(float(again.observed.sum()), float(straight.observed.sum()))
