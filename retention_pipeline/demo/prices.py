"""What an order costs the customer and the shop: value, discount, cost of the goods.

Belongs here: drawing amounts of money per order. Not here: currencies (``rates``), refunds (``purchases``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retention_pipeline.demo.population import GUEST, Population

ACQUISITION_DISCOUNT = 0.15
"""What a discount code takes off the first order."""

_RETURNING_UPLIFT = 1.12
_GUEST_LEVEL = 44.0
_SMALLEST = 4.9
_VOUCHER_SHARE, _VOUCHER_DISCOUNT = 0.05, 0.10
_COST_SHARE, _COST_SPREAD, _COST_RANGE = 0.56, 0.05, (0.40, 0.72)

Integers = NDArray[np.int64]


class Prices(NamedTuple):
    """One entry per order, in cents: what is paid, what was taken off before, what the goods cost the shop."""

    total: Integers
    discount: Integers
    cost: Integers


def draw_prices(rng: np.random.Generator, population: Population, customer: Integers, ordinal: Integers) -> Prices:
    """Returning customers spend a little more, guests a little less; a code or a voucher takes its part off."""
    level = np.where(customer == GUEST, _GUEST_LEVEL, population.spending[customer])
    uplift = np.where(ordinal > 0, _RETURNING_UPLIFT, 1.0)
    listed = np.maximum(level * uplift * np.exp(rng.normal(0, 0.5, customer.size)), _SMALLEST)
    has_code = (ordinal == 0) & (customer != GUEST) & population.is_discount_acquired[customer]
    has_voucher = (ordinal > 0) & (rng.random(customer.size) < _VOUCHER_SHARE)
    off = listed * (ACQUISITION_DISCOUNT * has_code + _VOUCHER_DISCOUNT * has_voucher)
    cost = listed * np.clip(rng.normal(_COST_SHARE, _COST_SPREAD, customer.size), *_COST_RANGE)
    return Prices(_cents(listed - off), _cents(off), _cents(cost))


def _cents(euros: NDArray[np.float64]) -> Integers:
    cents: Integers = np.rint(euros * 100).astype(np.int64)
    return cents
