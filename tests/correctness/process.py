"""A shop whose customers follow a known random process.

Belongs here: the process and its parameters. Not here: files (``simulated_shop``), what is true of it (``truths``).

Days are numbered from ``START``. A customer's first order falls on a uniform day of the first three years; after each
order the customer stops with probability ``stop``, else the next one comes after a random number of days. Customers,
waits and answers are independent of each other, order values of one customer are not (a personal level).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]

START: Final = dt.date(2018, 1, 1)
LAST: Final = dt.date(2022, 12, 31)
YEARS: Final = (2018, 2019, 2020, 2021, 2022)
DAYS: Final = (LAST - START).days + 1
ENTRY_DAYS: Final = (dt.date(2021, 1, 1) - START).days
WINDOW: Final = 400
"""Days an order keeps its customer active; long, so that a median wait is not coarse on a grid of days."""
NEVER: Final = 1_000_000
SHORT_GAPS: Final = (20, WINDOW)
LONG_GAPS: Final = (WINDOW + 20, 3 * WINDOW)
SURVEY_YEAR: Final = 2020
SURVEY_DAYS: Final = 300
IN_TIME_DAYS: Final = 30
HORIZON_YEARS: Final = 1.5
DAYS_PER_YEAR: Final = 365.25


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What is true of every customer of a replicate.

    Attributes:
        stop: Probability of no further order after each order.
        late: Probability that a gap exceeds the activity window, so that the customer lapses and comes back.
        level: Typical value of a first order, in cents.
        uplift: Value of later orders relative to the first.
        spread: Shape of the gamma noise of order values; larger is narrower.
        refunded: Probability that a third of an order is paid back.
        cost: Cost of goods as a share of the value.
        nps: Probabilities of a promoter, a passive, a detractor.
        csat: Probabilities of the grades 1 to 5.
        effort: Probabilities of the grades 1 to 7.
        thumbs: Probability of a thumb up.
        response: Probability of an answer within ``IN_TIME_DAYS``.
        complaint: Probability that a customer complains in the survey year, given an order in it.
        kept_promise: Probability that a ticket is answered within the promised time.
        leaving: Probability per day that a subscription ends.
    """

    stop: float
    late: float
    level: float
    uplift: float
    spread: float
    refunded: float
    cost: float
    nps: tuple[float, float, float]
    csat: tuple[float, ...]
    effort: tuple[float, ...]
    thumbs: float
    response: float
    complaint: float
    kept_promise: float
    leaving: float

    @property
    def is_steady(self) -> bool:
        """Whether every customer who has lapsed is gone for good, so that a lifespan has an end."""
        return self.late == 0


def _parameters(index: int) -> Parameters:
    strength = (index % 4) / 3
    return Parameters(
        stop=(0.08, 0.15, 0.25, 0.35)[index % 4],
        late=0.0 if index < 4 else 0.3,
        level=2000.0 + 1500.0 * index,
        uplift=1.0 + 0.67 * strength,
        spread=4.0,
        refunded=0.05 + 0.05 * strength,
        cost=0.75 - 0.1 * strength,
        nps=((0.5, 0.3, 0.2), (0.35, 0.4, 0.25), (0.25, 0.35, 0.4), (0.6, 0.3, 0.1))[index % 4],
        csat=((0.05, 0.1, 0.2, 0.35, 0.3), (0.2, 0.2, 0.2, 0.2, 0.2))[index % 2],
        effort=((0.3, 0.25, 0.2, 0.1, 0.07, 0.05, 0.03), (0.1, 0.1, 0.15, 0.3, 0.15, 0.1, 0.1))[index % 2],
        thumbs=0.55 + 0.3 * strength,
        response=0.8 - 0.35 * strength,
        complaint=0.15 + 0.2 * strength,
        kept_promise=0.9 - 0.3 * strength,
        leaving=(0.0004, 0.0008, 0.0016, 0.0024)[index % 4],
    )


GROUPS: Final = tuple(_parameters(index) for index in range(8))
"""Eight settings; a discrete proportion is covered well on average over settings, not at each of them."""


@dataclass(frozen=True)
class Orders:
    """Orders of many customers, one row each; a column per order number, day ``NEVER`` where there is none.

    Money is in whole cents and 0 where there is no order.
    """

    day: Integers
    gross: Integers
    refund: Integers
    cost: Integers

    @property
    def net(self) -> Integers:
        return self.gross - self.refund

    @property
    def margin(self) -> Integers:
        return self.net - self.cost


def gap_weights(group: Parameters) -> Floats:
    """Probability of each gap in days, given that another order comes."""
    weights = np.zeros(LONG_GAPS[1] + 1)
    for (low, high), share in ((SHORT_GAPS, 1 - group.late), (LONG_GAPS, group.late)):
        weights[low : high + 1] += share / (high + 1 - low)
    return weights


def simulate_orders(group: Parameters, customers: int, random: np.random.Generator) -> Orders:
    """Orders of independent customers up to the last day."""
    day = random.integers(0, ENTRY_DAYS, customers)
    columns: list[Integers] = []
    while (day < NEVER).any():
        columns.append(day)
        long = random.random(customers) < group.late
        gap = np.where(
            long,
            random.integers(LONG_GAPS[0], LONG_GAPS[1] + 1, customers),
            random.integers(SHORT_GAPS[0], SHORT_GAPS[1] + 1, customers),
        )
        following = np.where(random.random(customers) < group.stop, NEVER, day + gap)
        day = np.where(following < DAYS, following, NEVER)
    days = np.stack(columns, axis=1)
    placed = days < NEVER
    personal = random.gamma(6.0, 1 / 6.0, (customers, 1)) * group.level
    factor = np.where(np.arange(days.shape[1]) == 0, 1.0, group.uplift)
    noise = random.gamma(group.spread, 1 / group.spread, days.shape)
    gross = np.where(placed, np.maximum(np.round(personal * factor * noise), 1), 0).astype(np.int64)
    refund = np.where(random.random(days.shape) < group.refunded, gross // 3, 0)
    cost = np.round(gross * group.cost * random.uniform(0.8, 1.2, days.shape)).astype(np.int64)
    return Orders(days, gross, refund, cost)


def simulate_subscriptions(
    group: Parameters, customers: int, random: np.random.Generator
) -> tuple[Integers, Integers, Integers]:
    """First day, length in days (at least 1) and cents a month of one subscription per customer."""
    start = random.integers(0, ENTRY_DAYS, customers)
    length = random.geometric(group.leaving, customers)
    monthly = np.round(random.gamma(4.0, 500.0, customers) + 100).astype(np.int64)
    return start, length, monthly


def day_of(date: dt.date) -> int:
    """Number of a day."""
    return (date - START).days


def year_span(year: int) -> tuple[int, int]:
    """First day of a year and of the next one."""
    return day_of(dt.date(year, 1, 1)), day_of(dt.date(year + 1, 1, 1))
