"""Who the customers of the simulated shop are, and the truth about them that no shop ever knows.

Belongs here: drawing customers: attributes, lifetime, purchase rate, spending, satisfaction. Not here: what they do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retention_pipeline.demo.rhythm import Floats, Rhythm

GUEST = -1
"""Stands for the customer of an order without one."""

COUNTRIES = {"DE": 0.5895, "AT": 0.12, "NL": 0.10, "FR": 0.09, "BE": 0.05, "CH": 0.05, "MT": 0.0005}
FOREIGN_CURRENCY = {"CH": "CHF"}
"""Country in which a customer registers -> currency of all their orders, where it is not the shop's."""

CHANNELS = {
    # share of acquired customers, mean lifetime in days (before complaints), mean orders a year while alive, spending
    "organic_search": (0.28, 600, 4.8, 1.00),
    "paid_search": (0.24, 450, 4.5, 1.00),
    "social": (0.14, 380, 4.1, 0.95),
    "referral": (0.11, 880, 5.6, 1.08),
    "newsletter": (0.08, 740, 6.0, 1.02),
    "discount_site": (0.15, 160, 4.1, 0.84),
}
CODE_SHARE = {"discount_site": 0.6}
USUAL_CODE_SHARE = 0.15
"""Share of customers whose first order uses a discount code, by channel and elsewhere."""
CODE_LIFETIME = 0.72
"""Mean lifetime of those customers relative to what it would be otherwise."""

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
    ``spending`` the level of the order value in its currency, ``satisfaction`` a standard normal score.
    """

    acquired: Floats
    death: Floats
    rate: Floats
    spending: Floats
    satisfaction: Floats
    is_discount_acquired: NDArray[np.bool_]
    channel: tuple[str, ...]
    country: tuple[str, ...]
    first_name: tuple[str, ...]
    last_name: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many customers there are."""
        return self.acquired.size

    def currency_of(self, customer: int) -> str | None:
        """The foreign currency of a customer's orders; None where it is the shop's own, as for guests."""
        return None if customer == GUEST else FOREIGN_CURRENCY.get(self.country[customer])


def draw_population(rng: np.random.Generator, rhythm: Rhythm, size: int) -> Population:
    """Draw ``size`` customers.

    A lifetime is exponential given the customer's own rate of leaving, which is gamma distributed within a channel
    (so lifetimes are heavy-tailed); the rate of buying is gamma distributed; who is satisfied stays longer, who came
    for a discount leaves sooner than others of the channel, whose mean lifetime stays what the table above says.
    """
    acquired = rhythm.draw_times(rng, size, YEARLY_GROWTH)
    channel = rng.choice(len(CHANNELS), size, p=[share for share, *_ in CHANNELS.values()])
    traits = np.array([numbers[1:] for numbers in CHANNELS.values()])[channel]
    leaving = rng.gamma(_LIFETIME_SHAPE, 1 / ((_LIFETIME_SHAPE - 1) * traits[:, 0]))
    code_share = np.array([CODE_SHARE.get(name, USUAL_CODE_SHARE) for name in CHANNELS])[channel]
    has_code = rng.random(size) < code_share
    pull = np.where(has_code, CODE_LIFETIME, 1.0) / (1 - code_share * (1 - CODE_LIFETIME))
    country = rng.choice(len(COUNTRIES), size, p=list(COUNTRIES.values()))
    stays = -np.log(leaving * traits[:, 0])
    return Population(
        acquired=acquired,
        death=acquired + 24 * pull * rng.exponential(1 / leaving),
        rate=rng.gamma(_RATE_SHAPE, traits[:, 1] / 365.25 / _RATE_SHAPE),
        spending=_TYPICAL_ORDER * traits[:, 2] * np.exp(rng.normal(0, 0.35, size)),
        satisfaction=(0.55 * stays / stays.std() + 0.83 * rng.standard_normal(size)) if size > 1 else np.zeros(size),
        is_discount_acquired=has_code,
        channel=_named(tuple(CHANNELS), channel),
        country=_named(tuple(COUNTRIES), country),
        first_name=_named(_FIRST_NAMES, rng.integers(len(_FIRST_NAMES), size=size)),
        last_name=_named(_LAST_NAMES, rng.integers(len(_LAST_NAMES), size=size)),
    )


def _named(names: tuple[str, ...], index: NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(names[position] for position in index)
