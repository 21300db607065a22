"""95 % intervals from the lists of observations themselves.

Belongs here: textbook formulas. Not here: which metric uses which.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)
Interval = tuple[float, float]


def wilson(successes: int, n: int) -> Interval | None:
    """Wilson's score interval of a proportion: the solutions of ``(p - share)^2 = z^2 p (1 - p) / n``."""
    if n == 0:
        return None
    share = successes / n
    a, b, c = 1 + Z * Z / n, -(2 * share + Z * Z / n), share * share
    root = math.sqrt(max(b * b - 4 * a * c, 0.0))
    low = 0.0 if successes == 0 else (-b - root) / (2 * a)
    high = 1.0 if successes == n else (-b + root) / (2 * a)
    return low, high


def net_promoter(promoters: int, detractors: int, n: int) -> Interval | None:
    """Interval of the net promoter score, a mean of answers worth 1, 0 or -1; none from fewer than two."""
    if n < 2:
        return None
    p, d = promoters / n, detractors / n
    half = Z * math.sqrt((p + d - (p - d) ** 2) / n)
    return within((p - d - half, p - d + half), -1, 1)


def mean(values: Sequence[float]) -> Interval | None:
    """Normal interval of a mean; none from fewer than two values."""
    n = len(values)
    if n < 2:
        return None
    centre = math.fsum(values) / n
    spread = math.fsum((value - centre) ** 2 for value in values) / (n - 1)
    half = Z * math.sqrt(spread / n)
    return centre - half, centre + half


def ratio(pairs: Sequence[tuple[float, float]]) -> Interval | None:
    """Delta-method interval of ``sum(y) / sum(x)`` over independent customers ``(y, x)``."""
    n = len(pairs)
    total = math.fsum(x for _, x in pairs)
    if n < 2 or total == 0:
        return None
    centre = math.fsum(y for y, _ in pairs) / total
    spread = math.fsum((y - centre * x) ** 2 for y, x in pairs) / (n - 1)
    half = Z * math.sqrt(n * spread) / total
    return centre - half, centre + half


def relative_variance(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Delta-method variance of ``sum(y) / sum(x)`` over its square; none from fewer than two customers."""
    n = len(pairs)
    total_y, total_x = math.fsum(y for y, _ in pairs), math.fsum(x for _, x in pairs)
    if n < 2 or total_y == 0:
        return None
    spread = math.fsum((y - total_y / total_x * x) ** 2 for y, x in pairs) / (n - 1)
    return n * spread / (total_y * total_y)


def within(interval: Interval | None, low: float = -math.inf, high: float = math.inf) -> Interval | None:
    """The part of an interval in which the quantity can lie by its definition."""
    if interval is None:
        return None
    return float(min(max(interval[0], low), high)), float(min(max(interval[1], low), high))
