"""Where intervals are known to contain the truth less often than they say, and by how much.

Belongs here: limits of a method, measured, so that the documentation can state them. Not here: the methods where their
assumptions hold (``test_interval_functions``).
"""

from __future__ import annotations

import numpy as np
import pytest

from retention_pipeline.metrics import intervals
from retention_pipeline.metrics.survival import Curves
from tests.correctness.process import Integers

MONEY_KEPT = {30: 0.915, 63: 0.929, 125: 0.939, 250: 0.944, 500: 0.948}
"""Coverage of the delta method for money kept by so many customers whose amounts differ."""

WAITS_THAT_DIFFER = {"restricted mean": 0.740, "median": 0.755, "within 90 days": 0.742}
"""Coverage among customers whose own mean waits have a squared coefficient of variation of 0.25."""

ANSWERS_AGAIN = {1: (0.950, 0.960), 3: (0.808, 0.807), 12: (0.511, 0.506)}
"""Coverage of recommendation and of satisfied answers by how often each of 150 customers answers in the period."""


@pytest.mark.parametrize(("customers", "expected"), MONEY_KEPT.items())
def test_the_delta_method_needs_some_hundred_customers(customers: int, expected: float) -> None:
    """Share of money kept, where each customer keeps all or nothing: the truth is the probability of keeping."""
    random = np.random.default_rng(3)
    found = []
    for kept in (0.42, 0.56, 0.75, 0.86):
        before = random.gamma(4.0, 500.0, (4_000, customers)) + 100
        after = before * (random.random(before.shape) < kept)
        x, y = before.sum(axis=1), after.sum(axis=1)
        squares = (before**2).sum(axis=1), (after**2).sum(axis=1), (before * after).sum(axis=1)
        n = np.full(len(x), float(customers))
        low, high = intervals.within(intervals.ratio_delta(n, x, y, *squares), 0.0, 1.0)
        found.append(np.mean((low <= kept) & (kept <= high)))
    assert float(np.mean(found)) == pytest.approx(expected, abs=0.01)


def waits(random: np.random.Generator, samples: int, customers: int, spread: float) -> Integers:
    """Counts per sample and day of the waits that start within a year; each customer has a rhythm of their own.

    ``spread`` is the squared coefficient of variation of the personal mean wait; 0 means that all customers are alike.
    """
    rhythm = random.gamma(1 / spread, spread, (samples, customers)) if spread else np.ones((samples, customers))
    mean = np.maximum(150 * rhythm, 10)
    counts = np.zeros((samples, 2_001), dtype=np.int64)
    day = random.random(mean.shape) * mean
    while (live := day < 365).any():
        gap = np.ceil(mean * random.gamma(3.0, 1 / 3, mean.shape))
        sample, _ = np.nonzero(live)
        np.add.at(counts, (sample, np.minimum(gap[live], 2_000).astype(int)), 1)
        day = np.where(live, day + gap, day)
    return counts


def coverage_of_waits(spread: float) -> dict[str, float]:
    """Coverage of the three metrics of waits among 150 customers; the truth comes from a hundred times as many."""
    many = waits(np.random.default_rng(1), 200, 4_000, spread).sum(axis=0)
    days, share = np.arange(len(many)), np.cumsum(many) / many.sum()
    counts = waits(np.random.default_rng(2), 600, 150, spread)
    group, day = np.nonzero(counts)
    curves = Curves.of(group, day.astype(float), counts[group, day].astype(float), np.zeros(len(day)))
    ends = {
        "restricted mean": (
            intervals.around(*curves.restricted_mean(365.0)),
            many @ np.minimum(days, 365) / many.sum(),
        ),
        "median": (curves.quantile(0.5)[1], float(np.argmax(share >= 0.5))),
        "within 90 days": (curves.at(90)[1], 1 - share[90]),
    }
    return {name: float(np.mean((low <= true) & (true <= high))) for name, ((low, high), true) in ends.items()}


def test_waits_of_customers_who_are_alike_are_covered() -> None:
    assert coverage_of_waits(0.0) == pytest.approx(
        dict.fromkeys(("restricted mean", "median", "within 90 days"), 0.95), abs=0.025
    )


def test_waits_of_customers_who_differ_are_covered_less_than_the_intervals_say() -> None:
    """Greenwood's variance takes waits as independent; those of one customer are not."""
    assert coverage_of_waits(0.25) == pytest.approx(WAITS_THAT_DIFFER, abs=0.03)


@pytest.mark.parametrize(("answers", "expected"), ANSWERS_AGAIN.items())
def test_answers_of_customers_who_answer_again_are_covered_less_than_the_intervals_say(
    answers: int, expected: tuple[float, float]
) -> None:
    """Half promote, three in ten are passive; an answer is the customer's own opinion in four cases of five."""
    random, shares = np.random.default_rng(3), [0.5, 0.3, 0.2]
    opinion = random.choice(3, size=(8_000, 150, 1), p=shares)
    size = (8_000, 150, answers)
    given = np.where(random.random(size) < 0.8, opinion, random.choice(3, size=size, p=shares)).reshape(8_000, -1)
    promoters, passives, detractors = ((given == kind).sum(axis=1).astype(float) for kind in range(3))
    low, high = intervals.nps(promoters, passives, detractors)
    recommended = float(np.mean((low <= 0.3) & (high >= 0.3)))
    low, high = intervals.wilson(promoters, promoters + passives + detractors)
    satisfied = float(np.mean((low <= 0.5) & (high >= 0.5)))
    assert (recommended, satisfied) == pytest.approx(expected, abs=0.02)
