"""What the customers buy and what becomes of each order afterwards.

Belongs here: drawing purchases and the life of an order (shipping, cancellation, return, correction), as plain records.
Not here: amounts (``prices``), complaints (``complaints``), files, faults of the export, the truth that is reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retention_pipeline.demo.complaints import Complaint, Complaints, draw_complaints, joined
from retention_pipeline.demo.population import GUEST, Population
from retention_pipeline.demo.prices import draw_prices
from retention_pipeline.demo.rates import CURRENCY
from retention_pipeline.demo.rhythm import DAY, Floats, Rhythm, Span

GUEST_SHARE = 0.05
TIERS = {"bronze": (0, 1.0), "silver": (3, 1.25), "gold": (8, 1.6)}
"""Loyalty tier -> (number of earlier orders from which it is held, effect on the rate of buying)."""

_OUTCOMES = {
    "annulled_at_once": 0.006,
    "annulled_later": 0.014,
    "returned": 0.026,
    "partly_refunded": 0.014,
    "corrected": 0.003,
    "staff_test": 0.001,
    "free_sample": 0.001,
    "shipped_first": 0.100,
}
_DELAYS = {"annulled_later": 10, "returned": 40, "partly_refunded": 30, "corrected": 20, "shipped_first": 5}
"""Longest delay in days between an order and what becomes of it."""

Integers = NDArray[np.int64]


class Version(NamedTuple):
    """One state of one order: delivered with the files of ``day``, stamped ``second``; money in cents.

    ``paid_back`` is the wall-clock second of the refund, which may lie a little before the record says so.
    """

    day: int
    second: int
    state: str
    cents: int
    refunded: int
    paid_back: int | None = None


@dataclass
class Order:
    """One order and all its delivered versions, oldest first; ``customer`` is :data:`GUEST` or an index."""

    number: str
    customer: int
    ordinal: int
    second: int
    outcome: str
    currency: str
    cost: int
    discount: int
    complaint: Complaint | None
    versions: list[Version] = field(default_factory=list)
    is_lost: bool = False
    """The export broke every record of this order, so the shop's own files do not hold it."""

    @property
    def day(self) -> int:
        """The business day of the order."""
        return self.second // DAY

    @property
    def final(self) -> Version:
        """What is finally known about the order."""
        return self.versions[-1]


def tier_of(ordinal: int) -> str:
    """The tier held when the order with this ordinal (0 = first) has been placed."""
    return next(name for name, (since, _) in reversed(TIERS.items()) if ordinal >= since)


def draw_orders(rng: np.random.Generator, rhythm: Rhythm, population: Population) -> tuple[list[Order], Population]:
    """All orders of the span in order of time, with everything that became known about them within it.

    Also the population after its complaints: who leaves over one dies, as a customer, earlier than drawn before.
    """
    hours, customer, ordinal, complaints, population = _draw_purchases(rng, rhythm, population)
    guests = round(hours.size * GUEST_SHARE / (1 - GUEST_SHARE))
    guest_hours = rhythm.draw_times(rng, guests, 0.25)
    complaints = joined([complaints, draw_complaints(rng, guest_hours)])
    hours = np.concatenate([hours, guest_hours])
    customer = np.concatenate([customer, np.full(guests, GUEST)])
    ordinal = np.concatenate([ordinal, np.zeros(guests, dtype=np.int64)])
    prices = draw_prices(rng, population, customer, ordinal)
    names = ("plain", *_OUTCOMES)
    shares = [1 - sum(_OUTCOMES.values()), *_OUTCOMES.values()]
    outcome = rng.choice(len(names), hours.size, p=shares)
    luck = rng.random((hours.size, 3))
    orders = []
    for position, index in enumerate(np.argsort(hours, kind="stable").tolist()):
        order = Order(
            number=f"A{100_001 + position}",
            customer=int(customer[index]),
            ordinal=int(ordinal[index]),
            second=int(hours[index] * 3600),
            outcome=names[outcome[index]],
            currency=population.currency_of(int(customer[index])) or CURRENCY,
            cost=int(prices.cost[index]),
            discount=int(prices.discount[index]),
            complaint=complaints.of(index),
        )
        order.versions = _versions(order, int(prices.total[index]), luck[index].tolist(), rhythm.span)
        orders.append(order)
    return orders, population


def _draw_purchases(
    rng: np.random.Generator, rhythm: Rhythm, population: Population
) -> tuple[Floats, Integers, Integers, Complaints, Population]:
    """Times in hours, customers, ordinals and complaints; one round per ordinal, so tiers follow the count."""
    hours, customer, death = population.acquired, np.arange(population.size), population.death.copy()
    rounds: list[tuple[Floats, Integers, Integers]] = []
    complaints: list[Complaints] = []
    while customer.size:
        ordinal = len(rounds)
        rounds.append((hours, customer, np.full(customer.size, ordinal, dtype=np.int64)))
        complaints.append(draw_complaints(rng, hours))
        death[customer] = np.minimum(death[customer], complaints[-1].gone)
        rate = population.rate[customer] * TIERS[tier_of(ordinal)][1]
        following = rhythm.hours(rhythm.effort(hours) + rng.exponential(size=customer.size) / rate)
        goes_on = np.isfinite(following) & (following < death[customer])
        hours, customer = following[goes_on], customer[goes_on]
    times, customers, ordinals = (np.concatenate(column) for column in zip(*rounds, strict=True))
    return times, customers, ordinals, joined(complaints), replace(population, death=death)


def _versions(order: Order, cents: int, luck: list[float], span: Span) -> list[Version]:
    """Everything the files say about an order: its first record and at most one change."""
    first = Version(order.day, order.second, "completed", cents, 0)
    if order.outcome in {"annulled_at_once", "staff_test"}:
        return [first._replace(state=order.outcome.removesuffix("_at_once"))]
    if order.outcome == "free_sample":
        return [first._replace(cents=0)]
    if order.outcome == "plain":
        return [first]
    day = order.day + 1 + int(luck[0] * _DELAYS[order.outcome])
    changed = first._replace(day=day, second=day * DAY + 8 * 3600 + int(luck[1] * 12 * 3600))
    if order.outcome == "annulled_later":
        changed = changed._replace(state="annulled")
    elif order.outcome == "returned":
        changed = changed._replace(state="returned", refunded=cents, paid_back=_paid_back(order, changed))
    elif order.outcome == "partly_refunded":
        part = max(1, int(cents * (0.1 + 0.7 * luck[2])))
        changed = changed._replace(refunded=part, paid_back=_paid_back(order, changed))
    elif order.outcome == "corrected":
        first = first._replace(cents=max(1, int(cents * (0.5 + luck[2]))))
    else:
        first = first._replace(state="shipped")
    changed = changed._replace(day=span.open_day(changed.day))
    return [first, changed] if changed.day < span.days else [first]


def _paid_back(order: Order, changed: Version) -> int:
    """Money goes back in the afternoon before the record says so, where there is one."""
    day = changed.day - 1
    return day * DAY + 17 * 3600 + 1800 if day > order.day else changed.second
