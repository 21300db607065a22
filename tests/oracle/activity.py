"""Who ordered when: indexes over the purchases, and activity straight from its definition.

Belongs here: questions about single customers and days. Not here: rows of a table.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from tests.oracle.calendars import DAY
from tests.oracle.state import Purchase


@dataclass(slots=True)
class Spending:
    """Orders and money (ten-thousandths) of one customer in one period."""

    orders: int = 0
    gross: int = 0
    net: int = 0


class Shoppers:
    """The purchases of customers (guests apart), indexed."""

    def __init__(self, purchases: list[Purchase]) -> None:
        self.by_day: dict[dt.date, list[tuple[str, Purchase]]] = defaultdict(list)
        self.days: dict[str, list[dt.date]] = defaultdict(list)
        self.guests = [purchase for purchase in purchases if purchase.customer_id is None]
        for purchase in purchases:
            if purchase.customer_id is not None:
                self.by_day[purchase.day].append((purchase.customer_id, purchase))
                self.days[purchase.customer_id].append(purchase.day)
        for days in self.days.values():
            days.sort()
        self._spending: dict[tuple[dt.date, dt.date], dict[str, Spending]] = {}

    def spending(self, start: dt.date, end: dt.date) -> dict[str, Spending]:
        """What each customer who ordered in ``[start, end)`` bought in it."""
        if (start, end) not in self._spending:
            found: dict[str, Spending] = defaultdict(Spending)
            day = start
            while day < end:
                for customer, purchase in self.by_day.get(day, ()):
                    entry = found[customer]
                    entry.orders += 1
                    entry.gross += purchase.gross
                    entry.net += purchase.net
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
