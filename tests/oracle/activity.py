"""Who ordered or subscribed when: indexes, and activity straight from its definition.

Belongs here: questions about single customers and days. Not here: rows of a table.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from tests.oracle.calendars import DAY
from tests.oracle.source_state import Interval
from tests.oracle.state import Purchase, State

Spell = tuple[dt.date, dt.date]
"""(start, end): active at ``x`` iff ``start < x <= end``"""


@dataclass(slots=True)
class Spending:
    """Orders and money (ten-thousandths) of one customer in one period."""

    orders: int = 0
    gross: int = 0
    net: int = 0
    costed: int = 0
    margin: int = 0
    constant: int = 0

    def add(self, purchase: Purchase) -> None:
        """One more order."""
        self.orders += 1
        self.gross += purchase.gross
        self.net += purchase.net
        self.constant += purchase.constant
        if purchase.margin is not None:
            self.costed += 1
            self.margin += purchase.margin


class Shoppers:
    """The purchases of customers (guests apart), indexed."""

    def __init__(self, purchases: list[Purchase]) -> None:
        self.by_day: dict[dt.date, list[tuple[str, Purchase]]] = defaultdict(list)
        self.days: dict[str, list[dt.date]] = defaultdict(list)
        self.guests = [purchase for purchase in purchases if purchase.customer_id is None]
        self.refunded = [purchase for purchase in purchases if purchase.refund_day is not None]
        for purchase in purchases:
            if purchase.customer_id is not None:
                self.by_day[purchase.day].append((purchase.customer_id, purchase))
                self.days[purchase.customer_id].append(purchase.day)
        for days in self.days.values():
            days.sort()
        self._spending: dict[Spell, dict[str, Spending]] = {}

    def spending(self, start: dt.date, end: dt.date) -> dict[str, Spending]:
        """What each customer who ordered in ``[start, end)`` bought in it."""
        if (start, end) not in self._spending:
            found: dict[str, Spending] = defaultdict(Spending)
            day = start
            while day < end:
                for customer, purchase in self.by_day.get(day, ()):
                    found[customer].add(purchase)
                day += DAY
            self._spending[(start, end)] = dict(found)
        return self._spending[(start, end)]

    def active_at(self, boundary: dt.date, window_days: int) -> set[str]:
        """Customers with an order on some ``d`` with ``d < boundary <= d + window_days``."""
        active: set[str] = set()
        for back in range(1, window_days + 1):
            active.update(customer for customer, _ in self.by_day.get(boundary - back * DAY, ()))
        return active

    def with_orders_before(self, day: dt.date, at_least: int = 1) -> set[str]:
        """Customers with at least so many orders before ``day``."""
        return {customer for customer, days in self.days.items() if len(days) >= at_least and days[at_least - 1] < day}

    def first_in(self, start: dt.date, end: dt.date) -> set[str]:
        """Customers whose first order lies in ``[start, end)``."""
        return {customer for customer, days in self.days.items() if start <= days[0] < end}

    def spells(self, window_days: int) -> dict[str, list[Spell]]:
        """The spells of each customer: every order lasts ``window_days``, and touching ones join."""
        return {
            customer: joined([(day, day + window_days * DAY) for day in days]) for customer, days in self.days.items()
        }


class Subscribers:
    """Valid subscriptions, indexed by customer."""

    def __init__(self, intervals: list[Interval]) -> None:
        self.held: dict[str, list[Interval]] = defaultdict(list)
        for interval in intervals:
            self.held[interval.customer_id].append(interval)

    def recurring(self, boundary: dt.date) -> dict[str, tuple[int, int]]:
        """What customers with a subscription at ``boundary`` pay a month, reported and at the reference rate."""
        found = {}
        for customer, held in self.held.items():
            here = [one for one in held if one.start < boundary <= one.end]
            if here:
                found[customer] = (sum(one.monthly for one in here), sum(one.monthly_constant for one in here))
        return found

    def first_in(self, start: dt.date, end: dt.date) -> set[str]:
        """Customers whose first subscription began in ``[start, end)``."""
        return {customer for customer, held in self.held.items() if start <= min(one.start for one in held) < end}

    def spells(self) -> dict[str, list[Spell]]:
        """The spells of each customer: touching and overlapping subscriptions join."""
        return {customer: joined([(one.start, one.end) for one in held]) for customer, held in self.held.items()}


def joined(parts: list[Spell]) -> list[Spell]:
    """Intervals with overlapping and touching ones made into one."""
    found: list[Spell] = []
    for start, end in sorted(parts):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def is_active(spells: list[Spell], boundary: dt.date) -> bool:
    """Whether some spell covers ``boundary``."""
    return any(start < boundary <= end for start, end in spells)


def spells_by_basis(state: State) -> dict[str, dict[str, list[Spell]]]:
    """Spells of each customer on the bases that have any."""
    found = {"purchase_window": Shoppers(state.purchases).spells(state.shop.window_days)}
    if "subscriptions" in state.shop.sources:
        found["subscription"] = Subscribers(state.subscriptions).spells()
    return found
