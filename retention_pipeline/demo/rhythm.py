"""When a shop's customers buy: hours, weekdays, seasons, and the nights on which the clocks change.

Belongs here: the intensity of buying over local wall-clock time and its inverse. Not here: who buys or what.
Time is counted in local wall-clock seconds (or hours) since midnight of the first day, as a clock on the wall shows it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

ZONE = ZoneInfo("Europe/Berlin")
DAY = 86_400
CHANGE_HOUR = 2
"""The hour that is skipped in spring and repeated in autumn; the simulation itself never uses it on those nights."""

Floats = NDArray[np.float64]

_WEEKDAYS = np.array([1.10, 1.02, 0.98, 1.00, 0.90, 0.84, 1.16])
_HOURS = np.array(
    [3, 1, 1, 1, 1, 2, 6, 14, 24, 33, 38, 40, 44, 42, 40, 40, 42, 46, 54, 66, 74, 62, 36, 14], dtype=float
)
_SEASON_DAYS = np.array([1, 15, 60, 120, 180, 215, 250, 290, 320, 333, 348, 357, 359, 366], dtype=float)
_SEASON_LEVEL = np.array([0.80, 0.90, 0.86, 0.98, 0.92, 0.80, 0.95, 1.05, 1.20, 1.65, 1.60, 1.20, 0.50, 0.70])


@dataclass(frozen=True)
class Span:
    """The simulated days: the first day and how many there are."""

    start: dt.date
    days: int

    @property
    def last(self) -> dt.date:
        """The last simulated day."""
        return self.date(self.days - 1)

    @property
    def closed_day(self) -> int:
        """The day the shop is closed for stock-taking: its files hold a header and nothing else."""
        new_year = dt.date(self.start.year + 1, 1, 1)
        return min((new_year - self.start).days, self.days // 2)

    def date(self, day: int) -> dt.date:
        """The date of a day number."""
        return self.start + dt.timedelta(days=day)

    def open_day(self, day: int) -> int:
        """The day whose files carry what happened on ``day``: the next one where the shop was closed."""
        return day + 1 if day == self.closed_day else day

    def months(self) -> list[int]:
        """For each day, which month of the span it belongs to; the first is 0."""
        dates = [self.date(day) for day in range(self.days)]
        return [12 * (date.year - self.start.year) + date.month - self.start.month for date in dates]

    def past_change(self, second: int) -> int:
        """A wall-clock second, moved out of the hour that clocks skip or repeat."""
        is_skipped = second // 3600 % 24 == CHANGE_HOUR and second // DAY in self.clock_changes()
        return second + 3 * 3600 if is_skipped else second

    def clock_changes(self) -> dict[int, int]:
        """Day number -> change of the offset in hours (+1 in spring, -1 in autumn) for each night in the span."""
        changes = {}
        for day in range(self.days):
            midnight = dt.datetime.combine(self.date(day), dt.time(0), tzinfo=ZONE)
            evening = midnight.replace(hour=23)
            before, after = midnight.utcoffset(), evening.utcoffset()
            if before is not None and after is not None and before != after:
                changes[day] = round((after - before) / dt.timedelta(hours=1))
        return changes


class Rhythm:
    """The shared rhythm of buying; one unit of *effort* is what an average day brings."""

    def __init__(self, span: Span) -> None:
        self.span = span
        hourly = _intensity(span)
        self._hours = np.arange(hourly.size + 1, dtype=float)
        self._effort = np.concatenate([[0.0], np.cumsum(hourly)])

    def effort(self, hours: Floats) -> Floats:
        """Effort spent from the first midnight up to each of ``hours``."""
        effort: Floats = np.interp(hours, self._hours, self._effort)
        return effort

    def hours(self, effort: Floats) -> Floats:
        """Inverse of :meth:`effort`; infinite where the span ends before that effort is spent."""
        hours: Floats = np.interp(effort, self._effort, self._hours, right=np.inf)
        return hours

    def draw_times(self, rng: np.random.Generator, count: int, yearly_growth: float) -> Floats:
        """``count`` sorted times in hours, denser where customers buy more and growing by ``yearly_growth`` a year."""
        growth = np.exp(np.log1p(yearly_growth) * self._hours[1:] / (24 * 365.25))
        weights = np.concatenate([[0.0], np.cumsum(np.diff(self._effort) * growth)])
        times: Floats = np.interp(np.sort(rng.random(count)) * weights[-1], weights, self._hours)
        return times


def _intensity(span: Span) -> Floats:
    """Intensity per hour; days average about 1."""
    dates = [span.date(day) for day in range(span.days)]
    season = np.interp([day.timetuple().tm_yday for day in dates], _SEASON_DAYS, _SEASON_LEVEL)
    daily = season * _WEEKDAYS[[day.weekday() for day in dates]]
    daily[span.closed_day] = 0.0
    hourly: Floats = daily[:, None] * (_HOURS / _HOURS.sum())[None, :]
    hourly[list(span.clock_changes()), CHANGE_HOUR] = 0.0
    return hourly.ravel()


class Stamps:
    """Writes wall-clock seconds the way the shop's export does."""

    def __init__(self, span: Span) -> None:
        self.span = span
        self._midnight = dt.datetime.combine(span.start, dt.time(0))

    def naive(self, second: int) -> str:
        """Local time without offset: ``2023-05-02T14:03:22``."""
        return (self._midnight + dt.timedelta(seconds=second)).isoformat()

    def utc(self, second: int) -> str:
        """The same instant as the marketplace writes it: ``2023-05-02T12:03:22Z``."""
        return self.instant(second).replace(tzinfo=None).isoformat() + "Z"

    def instant(self, second: int) -> dt.datetime:
        """The instant, in UTC, of a wall-clock second that exists once."""
        return (self._midnight + dt.timedelta(seconds=second)).replace(tzinfo=ZONE).astimezone(dt.UTC)

    def with_offset(self, second: int, *, fold: int) -> str:
        """Local time with its offset; ``fold=1`` is the second pass of the hour that autumn repeats."""
        return (self._midnight + dt.timedelta(seconds=second)).replace(tzinfo=ZONE, fold=fold).isoformat()
