"""What leaving customers give as their reason.

Belongs here: who gives one and which. Not here: who leaves (``population``, ``complaints``, ``members``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from retention_pipeline.demo.members import Contract
from retention_pipeline.demo.population import Population
from retention_pipeline.demo.rhythm import DAY, Span

REASONS = {"price": 0.30, "no_need": 0.24, "assortment": 0.16, "delivery": 0.12, "service": 0.10, "moved": 0.08}
SERVICE_AFTER_COMPLAINT = 0.7
"""Share of those driven away by a complaint who say so."""

TELLING_SHARE = {"member": 0.6, "customer": 0.2}
"""Share who give a reason when they cancel a membership, and when they close their account."""

_HOUR = 18


class Reason(NamedTuple):
    """A reason given by a customer at a wall-clock second."""

    customer: int
    second: int
    code: str


def draw_reasons(
    rng: np.random.Generator, population: Population, driven_away: frozenset[int], contracts: list[Contract], span: Span
) -> list[Reason]:
    """Reasons in order of time; at most one of a customer on a day.

    Args:
        rng: Random numbers.
        population: The customers with the time of their death.
        driven_away: Customers whose complaint was the end.
        contracts: Memberships; a change of plan is not a cancellation.
        span: Only reasons given within it are drawn.
    """
    told = rng.random(population.size) < TELLING_SHARE["customer"]
    moments = [(customer, int(population.death[customer] // 24)) for customer in np.flatnonzero(told).tolist()]
    moments += [
        (contract.customer, contract.end.noticed // DAY)
        for contract in contracts
        if contract.end is not None and not contract.end.is_change and rng.random() < TELLING_SHARE["member"]
    ]
    reasons = []
    for customer, day in sorted(set(moments), key=lambda moment: (moment[1], moment[0])):
        if day < span.days:
            blames_service = customer in driven_away and rng.random() < SERVICE_AFTER_COMPLAINT
            code = "service" if blames_service else str(rng.choice(tuple(REASONS), p=tuple(REASONS.values())))
            reasons.append(Reason(customer, day * DAY + _HOUR * 3600 + int(rng.integers(3600)), code))
    return reasons
