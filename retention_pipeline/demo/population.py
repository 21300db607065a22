"""Who the customers of the simulated shop are, and the truth about them that no shop ever knows.

Belongs here: drawing customers: attributes, lifetime, purchase rate, spending, satisfaction. Not here: what they do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retention_pipeline.demo.rhythm import Floats, Rhythm

COUNTRIES = {"DE": 0.6395, "AT": 0.12, "NL": 0.10, "FR": 0.09, "BE": 0.05, "MT": 0.0005}
CHANNELS = {
    # share of acquired customers, mean lifetime in days, mean orders a year while alive, level of spending
    "organic_search": (0.28, 600, 4.6, 1.00),
    "paid_search": (0.24, 450, 4.3, 1.00),
    "social": (0.14, 380, 3.9, 0.95),
    "referral": (0.11, 880, 5.4, 1.08),
    "newsletter": (0.08, 740, 5.8, 1.02),
    "discount_site": (0.15, 160, 3.9, 0.84),
}
YEARLY_GROWTH = 0.22
_LIFETIME_SHAPE = 3.0
_RATE_SHAPE = 1.5
_TYPICAL_ORDER = 49.0

_FIRST_NAMES = ("Anna", "Jonas", "Mila", "Lukas", "Clara", "Emil", "Noor", "Hugo", "Lena", "Maxim", "Ida", "Paul")
_LAST_NAMES = ("Adler", "Brandt", "de Wit", "Ebner", "Fontaine", "Gruber", "Hoffmann", "Jansen", "Keller", "Moreau")


@dataclass(frozen=True)
class Population:
    """Customers in order of their first purchase; every array has one entry per customer.

    ``acquired`` and ``death`` are hours since the first midnight, ``rate`` is orders per average day while alive,
    ``spending`` the level of the order value in euros, ``satisfaction`` a standard normal score.
    """

    acquired: Floats
    death: Floats
    rate: Floats
    spending: Floats
    satisfaction: Floats
    channel: tuple[str, ...]
    country: tuple[str, ...]
    first_name: tuple[str, ...]
    last_name: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many customers there are."""
        return self.acquired.size


def draw_population(rng: np.random.Generator, rhythm: Rhythm, size: int) -> Population:
    """Draw ``size`` customers.

    A lifetime is exponential given the customer's own rate of leaving, which is gamma distributed within a channel
    (so lifetimes are heavy-tailed); the rate of buying is gamma distributed; who is satisfied stays longer.
    """
    acquired = rhythm.draw_times(rng, size, YEARLY_GROWTH)
    channel = rng.choice(len(CHANNELS), size, p=[share for share, *_ in CHANNELS.values()])
    traits = np.array([numbers[1:] for numbers in CHANNELS.values()])[channel]
    leaving = rng.gamma(_LIFETIME_SHAPE, 1 / ((_LIFETIME_SHAPE - 1) * traits[:, 0]))
    country = rng.choice(len(COUNTRIES), size, p=list(COUNTRIES.values()))
    stays = -np.log(leaving * traits[:, 0])
    return Population(
        acquired=acquired,
        death=acquired + 24 * rng.exponential(1 / leaving),
        rate=rng.gamma(_RATE_SHAPE, traits[:, 1] / 365.25 / _RATE_SHAPE),
        spending=_TYPICAL_ORDER * traits[:, 2] * np.exp(rng.normal(0, 0.35, size)),
        satisfaction=(0.55 * stays / stays.std() + 0.83 * rng.standard_normal(size)) if size > 1 else np.zeros(size),
        channel=_named(tuple(CHANNELS), channel),
        country=_named(tuple(COUNTRIES), country),
        first_name=_named(_FIRST_NAMES, rng.integers(len(_FIRST_NAMES), size=size)),
        last_name=_named(_LAST_NAMES, rng.integers(len(_LAST_NAMES), size=size)),
    )


def _named(names: tuple[str, ...], index: NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(names[position] for position in index)
