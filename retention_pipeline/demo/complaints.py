"""Which orders go wrong, how long the shop takes to answer, and who leaves over it.

Belongs here: the effect of a complaint on a customer, known truth that a shop has to find out. Not here: tickets as the
shop writes them (``tickets``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retention_pipeline.demo.rhythm import Floats

COMPLAINT_SHARE = 0.025
LATE_SHARE = 0.3
LEAVING_SHARE = {"answered_in_time": 0.2, "answered_late": 0.5}
"""Chance that a complaint is the end, which comes some two weeks later."""

_FIRST_HOUR, _LAST_HOUR = 8, 20
_DAYS_UNTIL_OPENED = 3.0
_DAYS_UNTIL_GONE = 14.0
_HOURS = {"answered_in_time": 5.0, "answered_late": 44.0}
_SPREAD = 0.45


class Complaint(NamedTuple):
    """What went wrong with one order: when the customer wrote (wall-clock second), hours until the first answer."""

    opened: int
    hours: float
    is_late: bool
    drives_away: bool

    @property
    def answer(self) -> str:
        """The key of this complaint in tables of effects."""
        return "answered_late" if self.is_late else "answered_in_time"


class Complaints(NamedTuple):
    """One entry per order: hours since the first midnight, NaN without a complaint; ``gone`` infinite for who stays."""

    opened: Floats
    hours: Floats
    is_late: NDArray[np.bool_]
    gone: Floats

    def of(self, index: int) -> Complaint | None:
        """The complaint about one order."""
        if np.isnan(self.opened[index]):
            return None
        opened, hours = int(self.opened[index] * 3600), float(self.hours[index])
        return Complaint(opened, hours, bool(self.is_late[index]), bool(np.isfinite(self.gone[index])))


def draw_complaints(rng: np.random.Generator, placed: Floats) -> Complaints:
    """Complaints about orders placed at these hours."""
    size = placed.size
    is_complaint = rng.random(size) < COMPLAINT_SHARE
    day = placed // 24 + 1 + np.floor(rng.exponential(_DAYS_UNTIL_OPENED, size))
    opened = day * 24 + _FIRST_HOUR + (_LAST_HOUR - _FIRST_HOUR) * rng.random(size)
    is_late = rng.random(size) < LATE_SHARE
    typical = np.where(is_late, _HOURS["answered_late"], _HOURS["answered_in_time"])
    hours = typical * np.exp(rng.normal(0, _SPREAD, size))
    share = np.where(is_late, LEAVING_SHARE["answered_late"], LEAVING_SHARE["answered_in_time"])
    leaves = is_complaint & (rng.random(size) < share)
    gone = opened + hours + 24 * rng.exponential(_DAYS_UNTIL_GONE, size)
    return Complaints(
        opened=np.where(is_complaint, opened, np.nan),
        hours=hours,
        is_late=is_late & is_complaint,
        gone=np.where(leaves, gone, np.inf),
    )


def joined(parts: list[Complaints]) -> Complaints:
    """Several draws as one."""
    opened, hours, is_late, gone = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Complaints(opened, hours, is_late, gone)
