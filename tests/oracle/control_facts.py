"""What totals of the shop's books can consist of: ``fct_control_total``.

Belongs here: groups of orders, counted in each way. Not here: the orders (``books``), which ways explain a total
(``reconciliation``).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from itertools import product

from tests.oracle.books import Booked
from tests.oracle.buying_metrics import money
from tests.oracle.calendars import DAY
from tests.oracle.fact import Fact, periods_of
from tests.oracle.state import State

MEASURES = ("orders", "revenue_gross", "refunds", "revenue_net")
Way = tuple[bool, bool, bool]
BOTH = (False, True)
WAYS: list[Way] = [(utc, own_day, nominal) for utc in BOTH for own_day in BOTH for nominal in BOTH]
"""Days in UTC, refunds on their own day, money unconverted."""
NAMES = dict(zip(WAYS, (
    "amount", "amount_nominal", "amount_by_refund_date", "amount_by_refund_date_nominal", "amount_utc",
    "amount_utc_nominal", "amount_utc_by_refund_date", "amount_utc_by_refund_date_nominal",
), strict=True))  # fmt: skip


def control_facts(state: State) -> Fact:
    """Every total of a period of the calendar beside every group of orders."""
    table = Fact("fct_control_total", ("grain", "period_start", "measure", "component"))
    totals = {(row.grain, row.start, row.measure): row for row in state.control_totals}
    statuses = [f"status_{status}" for status in state.shop.excluded_statuses]
    groups = ("published", "no_customer", *statuses, "non_positive_amount", "no_fx_rate", "quarantine")
    through = state.data_through.get("orders")
    sums = _by_day(state.booked)
    for period in periods_of(state, state.shop.grains):
        days = [period.start + number * DAY for number in range((period.end - period.start).days)]
        last_utc = dt.datetime.combine(period.end, dt.time()) - dt.timedelta(seconds=1)
        is_utc_known = through is not None and state.shop.business_date(last_utc) <= through
        for measure in MEASURES:
            total = totals.get((period.grain, period.start, measure))
            for group in groups if total is not None else ():
                assert total is not None
                cells = {
                    NAMES[way]: None if way[0] and not is_utc_known else _sum(sums, group, measure, way, days)[0]
                    for way in WAYS
                }
                table.rows[(period.grain, period.start, measure, group)] = {
                    "control_value": total.value,
                    "is_final": through is not None and through - state.shop.grace_days * DAY >= period.end - DAY,
                    "is_complete": through is not None and through >= period.end - DAY,
                    **{name: None if units is None else money(units) for name, units in cells.items()},
                    "unreadable_count": _sum(sums, group, measure, (False, False, True), days)[1],
                }
    return table


Sums = dict[tuple[str, str, Way, dt.date], list[int]]
"""Group, measure, way, day -> sum and how many amounts are not known."""


def _by_day(booked: list[Booked]) -> Sums:
    sums: Sums = defaultdict(lambda: [0, 0])
    for order, way in product(booked, WAYS):
        is_utc, is_by_refund, is_nominal = way
        placed, back = order.placed[is_utc], (order.paid_back if is_by_refund else order.placed)[is_utc]
        gross, refund = order.gross[is_nominal], order.refund[is_nominal]
        for measure, day, amount, sign in (
            ("orders", placed, 10_000, 1), ("revenue_gross", placed, gross, 1), ("refunds", back, refund, 1),
            ("revenue_net", placed, gross, 1), ("revenue_net", back, refund, -1),
        ):  # fmt: skip
            cell = sums[(order.group, measure, way, day)]
            cell[0] += sign * (amount or 0)
            cell[1] += amount is None
    return sums


def _sum(sums: Sums, group: str, measure: str, way: Way, days: list[dt.date]) -> tuple[int | None, int]:
    cells = [sums[key] for day in days if (key := (group, measure, way, day)) in sums]
    unknown = sum(cell[1] for cell in cells)
    return (None if unknown else sum(cell[0] for cell in cells)), unknown
