"""Segments that follow from what customers do: new or returning, NPS group, RFM group.

Belongs here: their histories and the RFM scores. Not here: attributes that the shop delivers (``state``).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.oracle.calendars import DAY, periods
from tests.oracle.records import MONEY_SCALE, Rfm

if TYPE_CHECKING:
    from tests.oracle.state import History, Purchase, State

NO_ANSWER, NO_ORDERS = "(no answer)", "(no orders)"
GROUPS = {
    5: ("new_customers", "potential_loyalists", "potential_loyalists", "champions", "champions"),
    4: ("prospects", "potential_loyalists", "potential_loyalists", "loyal", "champions"),
    3: ("about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"),
    2: ("hibernating", "hibernating", "at_risk", "at_risk", "cannot_lose"),
    1: ("lost", "lost", "hibernating", "cannot_lose", "cannot_lose"),
}
"""Recency score -> the group for each combined score of frequency and money, 1 to 5."""


def derived_histories(state: State) -> dict[str, dict[str, History]]:
    """The history of every customer in each derived segment set."""
    makers = {"new_returning": _new_returning, "nps_group": _nps_group, "rfm": _rfm}
    return {name: makers[name](state) for name in state.shop.derived_segments}


def orders_of(state: State) -> dict[str, list[Purchase]]:
    """The purchases of each customer, oldest first."""
    found: dict[str, list[Purchase]] = defaultdict(list)
    for row in state.purchases:
        if row.customer_id is not None:
            found[row.customer_id].append(row)
    for held in found.values():
        held.sort(key=lambda row: (row.day, row.ordered_at, row.order_id))
    return found


def calendar_start(state: State) -> dt.date | None:
    """The day the calendar begins: the first valid order or counted answer."""
    return min([row.day for row in state.purchases] + [row.day for row in state.answers], default=None)


def _new_returning(state: State) -> dict[str, History]:
    histories: dict[str, History] = {customer: [(dt.date.min, "new")] for customer in state.people}
    for customer, orders in orders_of(state).items():
        histories[customer].append((orders[0].day + DAY, "returning"))
    return histories


def nps_group(score: Decimal) -> str:
    """The group of one answer."""
    return "promoter" if score >= 9 else "passive" if score >= 7 else "detractor"


def _nps_group(state: State) -> dict[str, History]:
    histories: dict[str, History] = {customer: [(dt.date.min, NO_ANSWER)] for customer in state.people}
    for answer in state.answers:  # in the order they were submitted
        if answer.measure == "nps" and answer.customer_id is not None:
            history = histories[answer.customer_id]
            if history[-1][0] == answer.day + DAY:
                history.pop()
            history.append((answer.day + DAY, nps_group(answer.score)))
    return histories


def _rfm(state: State) -> dict[str, History]:
    histories: dict[str, History] = {customer: [(dt.date.min, NO_ORDERS)] for customer in state.people}
    rfm, first = state.shop.rfm, calendar_start(state)
    if rfm is None or first is None:
        return histories
    boundaries = [start for start, _ in periods(first, state.as_of, rfm.grain, state.shop.week_start)]
    for customer, orders in orders_of(state).items():
        for boundary in boundaries:
            if orders[0].day < boundary:
                histories[customer].append((boundary, rfm_group(orders, boundary, rfm)))
    return histories


def rfm_group(orders: list[Purchase], boundary: dt.date, rfm: Rfm) -> str:
    """The group of a customer at a boundary, by orders before it."""
    before = [row for row in orders if row.day < boundary]
    if not before:
        return NO_ORDERS
    recent = [row for row in before if row.day >= boundary - rfm.window_days * DAY]
    recency = 5 - _above((boundary - before[-1].day).days, rfm.recency_days)
    frequency = 1 + _above(len(recent), rfm.frequency)
    monetary = 1 + _above(Decimal(sum(row.net for row in recent)) / MONEY_SCALE, rfm.monetary)
    combined = (frequency + monetary + 1) // 2
    return GROUPS[recency][combined - 1]


def _above(value: Decimal | int, cuts: tuple[Decimal, ...]) -> int:
    return sum(value > cut for cut in cuts)
