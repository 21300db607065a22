"""Which business dates a run takes in.

Belongs here: that question. Not here: what a run makes of the files (``intake``), the date it computes for (``defs``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Business dates from ``first`` to ``last``, both included; None is an open end.

    Files of a date outside are left alone, whether they are new or not. Files without a date (a history in one file)
    are always looked at.

    Attributes:
        first: The earliest date.
        last: The latest date.
        is_history: Whether what arrives late is history that is filled in: each day's first file then counts as known
            on its own date. Without it, a file that arrives after its day was over is known from its arrival on.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    is_history: bool = False

    def __contains__(self, day: dt.date | None) -> bool:
        if day is None:
            return True
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    @property
    def is_open(self) -> bool:
        """Whether every date is inside."""
        return self.first is None and self.last is None


EVERYTHING = Window()
