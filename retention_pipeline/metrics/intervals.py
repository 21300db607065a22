"""95 % intervals from counts and moments, for whole columns at once.

Belongs here: estimators that need nothing but sums. Not here: which metric uses which (the definitions say).
Every function takes arrays of one shape and returns ``(low, high)`` of that shape, NaN where there is no interval.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Interval: TypeAlias = tuple[Floats, Floats]

Z95: Final = NormalDist().inv_cdf(0.975)

WILSON: Final = "wilson"
NORMAL_MEAN: Final = "normal_mean"
DELTA: Final = "delta_by_customer"
DELTA_PRODUCT: Final = "delta_independent_factors"
NPS: Final = "nps_variance"


def divide(numerator: Floats, denominator: Floats) -> Floats:
    """``numerator / denominator``, NaN where the denominator is 0."""
    result = np.full(np.broadcast(numerator, denominator).shape, np.nan)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result


def wilson(successes: Floats, trials: Floats) -> Interval:
    """Wilson score interval of a proportion, within [0, 1].

    Args:
        successes: Members of the base with the property.
        trials: Size of the base; no interval where it is 0.

    Source: Wilson, E. B. (1927), JASA 22, 209-212.
    """
    share = divide(successes, trials)
    weight = divide(np.full_like(share, Z95**2), trials)
    centre = (share + weight / 2) / (1 + weight)
    spread = np.sqrt(share * (1 - share) * weight + weight**2 / 4) / (1 + weight)
    # At the ends the bound is the share itself; without this, rounding would leave 1e-17 instead of 0.
    low = np.where(successes == 0, share, np.clip(centre - spread, 0.0, 1.0))
    high = np.where(successes == trials, share, np.clip(centre + spread, 0.0, 1.0))
    return low, high


def normal_mean(n: Floats, total: Floats, total_squares: Floats) -> Interval:
    """Normal interval of a mean, from the number of observations, their sum and their sum of squares; needs n >= 2."""
    return around(divide(total, n), mean_variance(n, total, total_squares))


def mean_variance(n: Floats, total: Floats, total_squares: Floats) -> Floats:
    """Variance of a mean, from the number of observations, their sum and their sum of squares; needs n >= 2."""
    n = _at_least_two(n)
    return np.maximum(total_squares - total * total / n, 0.0) / (n - 1) / n


def ratio_delta(n: Floats, x: Floats, y: Floats, xx: Floats, yy: Floats, xy: Floats) -> Interval:
    """Delta-method interval of the ratio sum(y) / sum(x) over independent customers; see ``ratio_variance``."""
    return around(divide(y, x), ratio_variance(n, x, y, xx, yy, xy))


def ratio_variance(n: Floats, x: Floats, y: Floats, xx: Floats, yy: Floats, xy: Floats) -> Floats:
    """Variance of the ratio sum(y) / sum(x) over independent customers, by the delta method.

    Args:
        n: Customers; no variance below 2.
        x: Sum of the denominator over customers.
        y: Sum of the numerator over customers.
        xx: Sum of the squared denominator.
        yy: Sum of the squared numerator.
        xy: Sum of the products.

    Source: Cochran, Sampling Techniques (1977), section 6.4: residuals y - R x, (n - 1) in the variance.
    """
    n = _at_least_two(n)
    ratio = divide(y, x)
    residuals = np.maximum(yy - 2 * ratio * xy + ratio**2 * xx, 0.0)
    return divide(n / (n - 1) * residuals, x * x)


def product_variance(first: Floats, first_variance: Floats, second: Floats, second_variance: Floats) -> Floats:
    """Variance of a product of two estimates taken as independent, by the delta method."""
    return first**2 * second_variance + second**2 * first_variance


def nps(promoters: Floats, passives: Floats, detractors: Floats) -> Interval:
    """Interval of promoters' share minus detractors' share, within [-1, 1]; needs two answers.

    Source: variance of a difference of two shares of one multinomial sample, p + d - (p - d)^2, over n.
    """
    n = _at_least_two(promoters + passives + detractors)
    up, down = promoters / n, detractors / n
    variance = np.maximum(up + down - (up - down) ** 2, 0.0)
    return within(around(up - down, variance / n), -1.0, 1.0)


def around(centre: Floats, variance: Floats) -> Interval:
    """Normal interval of an estimate with this variance."""
    spread = Z95 * np.sqrt(variance)
    return centre - spread, centre + spread


def within(interval: Interval, low: float | Floats, high: float | Floats) -> Interval:
    """The part of an interval in which the quantity can lie by its definition."""
    return np.clip(interval[0], low, high), np.clip(interval[1], low, high)


def complement(interval: Interval) -> Interval:
    """The interval of ``1 - x``, given that of ``x``."""
    return 1.0 - interval[1], 1.0 - interval[0]


def _at_least_two(n: Floats) -> Floats:
    return np.where(n >= 2, n, np.nan)
