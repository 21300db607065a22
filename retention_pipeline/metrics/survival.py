"""Kaplan-Meier estimates from counts per duration, for many groups at once.

Belongs here: curves, their intervals, quantiles and restricted means. Not here: what is waited for (``order_gaps``,
``lifetime_value``).

Convention: somebody censored at t was still at risk at t, so events of a day come before its censorings.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
import pandas as pd

from retention_pipeline.metrics.intervals import Z95, Floats, Interval, divide
from retention_pipeline.metrics.status import Bools, Integers

LOG_LOG: Final = "kaplan_meier_log_log"
BROOKMEYER_CROWLEY: Final = "brookmeyer_crowley"
GREENWOOD_MEAN: Final = "greenwood_restricted_mean"

_ROUNDING: Final = 1e-12
"""Survival of exactly one half must count as one half, whatever the product of its factors rounds to."""


@dataclass(frozen=True)
class Curves:
    """Survival curves; one row per group and duration, sorted by both.

    Attributes:
        groups: Number of groups; they are numbered from 0, and each has at least one row.
        group: Group of each row.
        time: Duration.
        events: How many waits ended after this duration.
        censored: How many were still going on after it when observation ended.
    """

    groups: int
    group: Integers
    time: Floats
    events: Floats
    censored: Floats

    @classmethod
    def of(cls, group: Integers, time: Floats, events: Floats, censored: Floats) -> Self:
        """Curves from counts in any order, one row per group and duration."""
        order = np.lexsort((time, group))
        groups = int(group.max()) + 1 if len(group) else 0
        return cls(groups, group[order], time[order], events[order], censored[order])

    @cached_property
    def at_risk(self) -> Floats:
        """Waits that had lasted at least this long, per row."""
        leaving = self.events + self.censored
        return self.observed[self.group] - self._cumulated(leaving) + leaving

    @cached_property
    def observed(self) -> Floats:
        """Waits per group."""
        return self._summed(self.events + self.censored)

    @cached_property
    def longest(self) -> Floats:
        """The longest duration of each group, ended or not."""
        return self.time[self._last]

    @cached_property
    def survival(self) -> Floats:
        """Share still waiting after this duration, per row (Kaplan and Meier, 1958)."""
        factors = pd.Series(1.0 - np.nan_to_num(divide(self.events, self.at_risk)))
        return np.asarray(factors.groupby(self.group).cumprod(), dtype=np.float64)

    @cached_property
    def is_exhausted(self) -> Bools:
        """Per group whether nobody is left waiting, so that the curve is known for ever."""
        return np.asarray(self.survival[self._last] == 0, dtype=bool)

    @cached_property
    def band(self) -> Interval:
        """Pointwise 95 % interval of ``survival``: Greenwood's variance on the log-log scale; none at 1 and at 0.

        Source: Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data (2002), section 1.4.
        """
        inner = (self.survival > 0) & (self.survival < 1)
        curve = np.where(inner, self.survival, np.nan)
        shift = np.exp(Z95 * np.sqrt(self._cumulated(self._greenwood)) / np.abs(np.log(curve)))
        return np.power(curve, shift), np.power(curve, 1 / shift)

    def quantile(self, share: float) -> tuple[Floats, Interval]:
        """Per group the shortest duration after which at least ``share`` of the waits had ended.

        Returns:
            The duration (NaN where the curve does not come down that far) and its interval: where the ends of the band
            come down to the same height; both ends are NaN where one of them does not.

        Source: Brookmeyer and Crowley (1982), Biometrics 38, 29-41.
        """
        height = 1.0 - share + _ROUNDING
        lower, upper = self.band
        low, high = self._first(lower <= height), self._first(upper <= height)
        has_both = ~np.isnan(low) & ~np.isnan(high)
        return self._first(self.survival <= height), (
            np.where(has_both, low, np.nan),
            np.where(has_both, high, np.nan),
        )

    def at(self, duration: float) -> tuple[Floats, Interval]:
        """Per group the survival after a duration and its interval; NaN where nobody has been observed that long."""
        rows = self._starts + self._summed((self.time <= duration).astype(np.float64)).astype(np.int64) - 1
        # Before its first duration a curve stands at 1, and there is nothing an interval could be made from.
        begun, rows = rows >= self._starts, np.maximum(rows, self._starts)
        known = self.reaches(duration)
        value = np.where(known, np.where(begun, self.survival[rows], 1.0), np.nan)
        lower, upper = self.band
        return value, (np.where(known & begun, lower[rows], np.nan), np.where(known & begun, upper[rows], np.nan))

    def reaches(self, duration: float) -> Bools:
        """Per group whether the curve is known up to a duration."""
        return (self.longest >= duration) | self.is_exhausted

    def restricted_mean(self, horizon: float | Floats) -> tuple[Floats, Floats]:
        """Per group the mean duration when each wait counts up to the horizon, and the variance of that mean.

        Beyond its longest duration a curve is unknown; where it has not come down to 0 the horizon must not exceed it.

        Source: area under the curve; variance sum of A(t)^2 d / (n (n - d)), A(t) the area from t to the horizon
        (Klein and Moeschberger, Survival Analysis, 2003, section 4.5).
        """
        limit = np.broadcast_to(np.asarray(horizon, dtype=np.float64), self.groups)[self.group]
        begin = np.minimum(self.time, limit)
        end = np.append(begin[1:], np.inf)
        end[self._last] = limit[self._last]
        area = np.where(self.survival > 0, self.survival * (end - begin), 0.0)
        total = self._summed(area)
        ahead = total[self.group] - self._cumulated(area) + area
        spread = np.where(self.time < limit, ahead**2 * self._greenwood, 0.0)
        return total + begin[self._starts], self._summed(spread)

    @cached_property
    def _greenwood(self) -> Floats:
        """The terms d / (n (n - d)); 0 where nobody is left, as nothing beyond depends on it."""
        return np.nan_to_num(divide(self.events, self.at_risk * (self.at_risk - self.events)))

    @cached_property
    def _starts(self) -> Integers:
        return np.searchsorted(self.group, np.arange(self.groups)).astype(np.int64)

    @cached_property
    def _last(self) -> Integers:
        return np.searchsorted(self.group, np.arange(self.groups), side="right").astype(np.int64) - 1

    def _summed(self, values: Floats) -> Floats:
        return np.asarray(np.bincount(self.group, values, self.groups), dtype=np.float64)

    def _cumulated(self, values: Floats) -> Floats:
        return np.asarray(pd.Series(values).groupby(self.group).cumsum(), dtype=np.float64)

    def _first(self, fits: Bools) -> Floats:
        """Per group the duration of its first fitting row; NaN where none fits."""
        rows = np.flatnonzero(fits)
        found, first = np.unique(self.group[rows], return_index=True)
        result = np.full(self.groups, np.nan)
        result[found] = self.time[rows[first]]
        return result
