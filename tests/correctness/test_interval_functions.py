"""Every interval function on samples whose truth is known: 95 % of the intervals contain it.

Each case draws many samples, makes one interval of each and counts. Proportions take several probabilities and average,
since the coverage of any interval of a discrete proportion oscillates with n and p.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from retention_pipeline.metrics import intervals
from retention_pipeline.metrics.claim_estimates import newcombe
from retention_pipeline.metrics.intervals import Floats, Interval
from retention_pipeline.metrics.survival import Curves

SAMPLES = 4_000
TOLERANCE = 0.015
PROBABILITIES = (0.15, 0.3, 0.5, 0.72, 0.9)
Random = np.random.Generator


def coverage(interval: Interval, truth: Floats | float) -> float:
    low, high = interval
    assert not np.isnan(low).any()
    return float(np.mean((low <= truth + 1e-12) & (truth <= high + 1e-12)))


def shares(random: Random, size: int) -> Floats:
    return np.repeat(PROBABILITIES, size // len(PROBABILITIES))


def a_share(random: Random) -> float:
    truth, n = shares(random, SAMPLES), random.integers(60, 120, SAMPLES).astype(float)
    return coverage(intervals.wilson(random.binomial(n.astype(int), truth).astype(float), n), truth)


def a_share_and_its_rest(random: Random) -> float:
    truth, n = shares(random, SAMPLES), random.integers(60, 120, SAMPLES).astype(float)
    interval = intervals.wilson(random.binomial(n.astype(int), truth).astype(float), n)
    return coverage(intervals.complement(interval), 1 - truth)


def a_mean(random: Random) -> float:
    values = random.gamma(3.0, 20.0, (SAMPLES, 120))
    n = np.full(SAMPLES, 120.0)
    return coverage(intervals.normal_mean(n, values.sum(axis=1), (values**2).sum(axis=1)), 60.0)


def a_ratio_over_customers(random: Random) -> float:
    """Order value: customers order often or rarely, and value more per order the more they order."""
    orders = 1 + random.poisson(1.5, (SAMPLES, 600))
    money = orders * (20 + 5 * orders) * random.gamma(4.0, 0.25, orders.shape)
    truth = (20 * 2.5 + 5 * (1.5 + 2.5**2)) / 2.5
    n = np.full(SAMPLES, 600.0)
    x, y = orders.sum(axis=1).astype(float), money.sum(axis=1)
    squares = (orders**2).sum(axis=1).astype(float), (money**2).sum(axis=1), (orders * money).sum(axis=1)
    return coverage(intervals.ratio_delta(n, x, y, *squares), truth)


def a_product_of_independent_factors(random: Random) -> float:
    values = random.gamma(3.0, 20.0, (SAMPLES, 100))
    mean, variance = values.mean(axis=1), values.var(axis=1, ddof=1) / 100
    kept = random.binomial(100, 0.7, SAMPLES) / 100
    spread = intervals.product_variance(mean, variance, kept, kept * (1 - kept) / 100)
    return coverage(intervals.around(mean * kept, spread), 60.0 * 0.7)


def a_promoter_score(random: Random) -> float:
    found = []
    for up, passive, down in ((0.5, 0.3, 0.2), (0.3, 0.4, 0.3), (0.2, 0.5, 0.3), (0.6, 0.3, 0.1)):
        counts = random.multinomial(150, (up, passive, down), SAMPLES).astype(float)
        found.append(coverage(intervals.nps(*counts.T), up - down))
    return float(np.mean(found))


def a_difference_of_shares(random: Random) -> float:
    hits = []
    for one in PROBABILITIES:
        for two in PROBABILITIES:
            pairs = zip(random.binomial(80, one, 200), random.binomial(110, two, 200), strict=True)
            found = [newcombe(float(yes), 80, float(other), 110) for yes, other in pairs]
            hits += [
                each.low <= one - two <= each.high for each in found if each.low is not None and each.high is not None
            ]
    return float(np.mean(hits))


def curves(random: Random, samples: int, size: int) -> Curves:
    """Waits of 1 to 400 days, a fifth never ending, observed for 100 to 700 days."""
    wait = np.where(random.random((samples, size)) < 0.2, 10_000, random.integers(1, 401, (samples, size)))
    seen = random.integers(100, 701, (samples, size))
    time, ended = np.minimum(wait, seen), wait <= seen
    counts = np.zeros((2, samples, 701))
    sample = np.broadcast_to(np.arange(samples)[:, None], time.shape)
    np.add.at(counts[0], (sample[ended], time[ended]), 1)
    np.add.at(counts[1], (sample[~ended], time[~ended]), 1)
    group, days = np.nonzero(counts.sum(axis=0))
    return Curves.of(group, days.astype(float), counts[0][group, days], counts[1][group, days])


def a_survival_curve_at_a_day(random: Random) -> float:
    found = curves(random, SAMPLES // 2, 200)
    return float(np.mean([coverage(found.at(day)[1], 1 - 0.8 * day / 400) for day in (60, 150, 250, 330)]))


def a_median_wait(random: Random) -> float:
    return coverage(curves(random, SAMPLES // 2, 200).quantile(0.5)[1], 250.0)


def a_restricted_mean_wait(random: Random) -> float:
    mean, variance = curves(random, SAMPLES // 2, 200).restricted_mean(365.0)
    truth = sum(1 - 0.8 * day / 400 for day in range(365))
    return coverage(intervals.around(mean, variance), truth)


@pytest.mark.parametrize(
    "case",
    [
        a_share,
        a_share_and_its_rest,
        a_mean,
        a_ratio_over_customers,
        a_product_of_independent_factors,
        a_promoter_score,
        a_difference_of_shares,
        a_survival_curve_at_a_day,
        a_median_wait,
        a_restricted_mean_wait,
    ],
    ids=lambda case: case.__name__,
)
def test_95_of_100_intervals_contain_the_truth_of(case: Callable[[Random], float]) -> None:
    assert case(np.random.default_rng(20)) == pytest.approx(0.95, abs=TOLERANCE)
