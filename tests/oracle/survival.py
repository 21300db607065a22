"""Kaplan-Meier curves, from lists of waits.

Belongs here: the estimator, Greenwood's formula, log-log intervals, quantiles and restricted means.
Not here: which metric uses which.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from tests.oracle.intervals import Interval, Z


@dataclass(frozen=True)
class Step:
    """The curve right after ``days``."""

    days: int
    at_risk: int
    ended: int
    censored: int
    survival: Fraction
    greenwood: float | None
    """Sum of d / (n (n - d)); None once nobody is left."""

    @property
    def ci(self) -> Interval | None:
        """The log-log interval; none where the curve is still 1 or already 0."""
        if self.greenwood is None or self.survival in {0, 1}:
            return None
        estimate = float(self.survival)
        spread = Z * math.sqrt(self.greenwood) / abs(math.log(estimate))
        return estimate ** math.exp(spread), estimate ** math.exp(-spread)


@dataclass(frozen=True)
class Curve:
    """A whole curve."""

    steps: list[Step]

    @property
    def n(self) -> int:
        """How many waits there are."""
        return self.steps[0].at_risk if self.steps else 0

    def reaches(self, days: float) -> bool:
        """Whether the curve is known at ``days``: somebody was watched so long, or nobody is left waiting."""
        return bool(self.steps) and (self.steps[-1].days >= days or self.steps[-1].survival == 0)

    def at(self, days: float) -> Step | None:
        """The last step up to ``days``."""
        return max((step for step in self.steps if step.days <= days), key=lambda step: step.days, default=None)

    def quantile(self, waiting: Fraction) -> tuple[int, tuple[int | None, int | None]] | None:
        """When no more than ``waiting`` still wait, and when the ends of the interval say so; None if never."""
        value = next((step.days for step in self.steps if step.survival <= waiting), None)
        if value is None:
            return None
        ends = [
            next((step.days for step in self.steps if step.ci is not None and step.ci[end] <= waiting), None)
            for end in (0, 1)
        ]
        return value, (ends[0], ends[1])

    def restricted_mean(self, horizon: float) -> tuple[float, float]:
        """The area under the curve up to ``horizon`` and half the width of its interval."""
        inside = [step for step in self.steps if step.days < horizon]
        if not inside:
            return float(horizon), 0.0
        ends = [float(step.days) for step in inside[1:]] + [horizon]
        areas = [
            float(step.survival) * (end - step.days) for step, end in zip(inside, ends, strict=True)
        ]  # fmt: skip
        value = inside[0].days + math.fsum(areas)
        variance = 0.0
        for index, step in enumerate(inside):
            if step.ended and step.at_risk > step.ended:
                rest = math.fsum(areas[index:])
                variance += rest**2 * step.ended / (step.at_risk * (step.at_risk - step.ended))
        return value, Z * math.sqrt(variance)


def curve(waits: Mapping[int, tuple[int, int]]) -> Curve:
    """The curve of waits: days -> (ended, still going on)."""
    steps = []
    at_risk = sum(sum(counts) for counts in waits.values())
    survival, greenwood = Fraction(1), 0.0
    is_exhausted = False
    for days in sorted(waits):
        ended, censored = waits[days]
        survival *= 1 - Fraction(ended, at_risk)
        if ended == at_risk:
            is_exhausted = True
        elif not is_exhausted:
            greenwood += ended / (at_risk * (at_risk - ended))
        steps.append(Step(days, at_risk, ended, censored, survival, None if is_exhausted else greenwood))
        at_risk -= ended + censored
    return Curve(steps)
