"""Who pays for a membership, for how long, and when they change or cancel it.

Belongs here: drawing contracts as intervals. Not here: why somebody cancels (``leaving``), files, faults.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from retention_pipeline.demo.population import Population
from retention_pipeline.demo.rates import CURRENCY
from retention_pipeline.demo.rhythm import DAY, Span

PLANS = {"basic": 490, "plus": 990, "family": 1490}
"""Plan -> price of a month in cents, of whichever currency."""

MEMBER_SHARE = 0.22
MEAN_STAY_DAYS = 420
CHANGE_SHARE = 0.2
RETURN_SHARE = 0.25
WITHDRAWN_SHARE = 0.02

_PLAN_SHARES = (0.5, 0.35, 0.15)
_MEAN_DAYS_UNTIL_JOINING = 45
_MEAN_DAYS_UNTIL_RETURN = 80
_BILLING_DAYS = 30
_SHORTEST_BEFORE_CHANGE = 5
_STINTS = 4


class End(NamedTuple):
    """When a contract was cancelled, and until when it runs; both wall-clock seconds."""

    noticed: int
    ends: int
    is_change: bool
    """Whether the customer only moved to another plan, which begins when this one ends."""


@dataclass
class Contract:
    """One contract of one customer from ``started`` on; without an ``end`` it runs on."""

    number: str
    customer: int
    plan: str
    currency: str
    started: int
    end: End | None = None

    @property
    def cents(self) -> int:
        """Price of a month."""
        return PLANS[self.plan]

    @property
    def is_withdrawn(self) -> bool:
        """Whether it ended on the day it began, so that no midnight saw it."""
        return self.end is not None and self.end.ends // DAY == self.started // DAY

    def is_running(self, day: int) -> bool:
        """Whether it runs at the midnight that begins ``day``: it began before and ends that day or later."""
        return self.started // DAY < day and (self.end is None or self.end.ends // DAY >= day)


def draw_contracts(rng: np.random.Generator, population: Population, span: Span) -> list[Contract]:
    """All contracts that begin within the span, in order of their beginning."""
    drawn: list[Contract] = []
    for customer in np.flatnonzero(rng.random(population.size) < MEMBER_SHARE).tolist():
        drawn += _stints(rng, population, customer, span)
    drawn.sort(key=lambda contract: (contract.started, contract.customer))
    for position, contract in enumerate(drawn):
        contract.number = f"M{50_001 + position}"
    return drawn


def _stints(rng: np.random.Generator, population: Population, customer: int, span: Span) -> list[Contract]:
    """The memberships of one customer, each of one or two contracts; who leaves the shop leaves the club."""
    last_day = min(int(population.death[customer] // 24), span.days)
    day = int(population.acquired[customer] // 24) + 1 + int(rng.exponential(_MEAN_DAYS_UNTIL_JOINING))
    contracts: list[Contract] = []
    for _ in range(_STINTS):
        if day >= last_day:
            break
        plan = str(rng.choice(tuple(PLANS), p=_PLAN_SHARES))
        currency = population.currency_of(customer) or CURRENCY
        first = Contract("", customer, plan, currency, day * DAY + int(rng.integers(8 * 3600, 20 * 3600)))
        contracts.append(first)
        if rng.random() < WITHDRAWN_SHARE:
            first.end = End(first.started + 1800, first.started + 1800, is_change=False)
            break
        notice = min(day + 1 + int(rng.exponential(MEAN_STAY_DAYS)), int(population.death[customer] // 24))
        contracts += _changed(rng, first, min(notice, last_day))
        if notice >= span.days:
            break
        contracts[-1].end = _ended(first, notice)
        if rng.random() >= RETURN_SHARE:
            break
        day = contracts[-1].end.ends // DAY + 5 + int(rng.exponential(_MEAN_DAYS_UNTIL_RETURN))
    return contracts


def _changed(rng: np.random.Generator, first: Contract, until: int) -> list[Contract]:
    """The contract that replaces the first one in the same minute, for some of those that last."""
    earliest = first.started // DAY + _SHORTEST_BEFORE_CHANGE
    if rng.random() >= CHANGE_SHARE or until - earliest <= _SHORTEST_BEFORE_CHANGE:
        return []
    moment = int(rng.integers(earliest, until - _SHORTEST_BEFORE_CHANGE)) * DAY + 15 * 3600
    first.end = End(moment, moment, is_change=True)
    plan = str(rng.choice([name for name in PLANS if name != first.plan]))
    return [Contract("", first.customer, plan, first.currency, moment)]


def _ended(first: Contract, notice: int) -> End:
    """A cancelled contract runs to the end of the month that has been paid for, which may lie after the span."""
    since = first.started // DAY
    paid = -(-(notice - since + 1) // _BILLING_DAYS) * _BILLING_DAYS
    return End(notice * DAY + 18 * 3600, first.started + paid * DAY, is_change=False)
