"""Exchange rates: what one unit of a foreign currency was worth in the shop's, on each day banks were open.

Belongs here: drawing rates, converting money exactly. Not here: which orders are foreign (``population``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from retention_pipeline.demo.rhythm import Span

CURRENCY = "EUR"
FOREIGN = {"CHF": 1.045, "GBP": 1.160}
"""Quoted currencies and the level their rates move around."""

UNQUOTED = "DKK"
"""A currency the shop once took although nobody delivers rates for it."""

_DAYS_BEFORE = 7
_DAILY_MOVE, _PULL = 0.004, 0.98
_HOLIDAYS = {(1, 1), (12, 25), (12, 26)}
_SATURDAY = 5
_EXACT = Decimal("0.01")


@dataclass(frozen=True)
class Rates:
    """Per currency, day number -> rate; the days begin a week before the shop does."""

    quoted: Mapping[str, Mapping[int, Decimal]]

    def on(self, currency: str, day: int) -> Decimal | None:
        """The latest rate on or before a day; None for a currency without rates."""
        if currency == CURRENCY:
            return Decimal(1)
        rates = self.quoted.get(currency, {})
        return next((rates[back] for back in range(day, -_DAYS_BEFORE - 1, -1) if back in rates), None)

    def converted(self, cents: int, currency: str, day: int) -> Decimal | None:
        """Cents of the shop's currency, exact to a hundredth of a cent (halves rounded up); None without a rate."""
        rate = self.on(currency, day)
        return None if rate is None else (cents * rate).quantize(_EXACT, ROUND_HALF_UP)


def draw_rates(rng: np.random.Generator, span: Span) -> Rates:
    """Rates that wander around their level; none on weekends and holidays."""
    days = [day for day in range(-_DAYS_BEFORE, span.days) if _is_open(span, day)]
    quoted = {}
    for currency, level in FOREIGN.items():
        rates, drift = {}, 0.0
        for day, step in zip(days, rng.normal(0, _DAILY_MOVE, len(days)).tolist(), strict=True):
            drift = _PULL * drift + step
            rates[day] = Decimal(f"{level * np.exp(drift):.5f}")
        quoted[currency] = rates
    return Rates(quoted)


def _is_open(span: Span, day: int) -> bool:
    date = span.date(day)
    return date.weekday() < _SATURDAY and (date.month, date.day) not in _HOLIDAYS
