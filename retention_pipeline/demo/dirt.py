"""The faults of the simulated shop's order export, planted one by one and counted.

Belongs here: the ledger of planted faults, choosing victims, faults of order records. Not here: the clean records
(``records``), faults of customers and feedback (``dirt_people``). Reason codes are those of the intake contracts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from retention_pipeline.demo.lines import Line, Lines, money
from retention_pipeline.demo.purchases import Order
from retention_pipeline.demo.rates import UNQUOTED
from retention_pipeline.demo.rhythm import CHANGE_HOUR, DAY, Stamps

LATE_DAYS = (1, 3, 30, 400)
_LATE_SHARES = {1: 0.004, 3: 0.002, 30: 0.0008, 400: 0.0004}
_DUPLICATE_SHARE = 0.004
_RESENT_SHARE = 0.002
_TIE_SHARE = 0.0005
_UTC_SHARE = 0.01
_BAD_SHARE = 0.0002
_UNQUOTED_SHARE = 0.00005
RECORDS_PER_FAULT = 25
"""A shop too small for one broken record of each kind gets fewer kinds, so that its files are not refused."""
_REGRESSION_SHARE = 0.02


@dataclass(frozen=True)
class Fault:
    """A way to break a record: the column, what is written there, and the reason code that intake must answer with."""

    name: str
    column: str
    text: str
    reason: str
    is_repaired: bool = False
    """Whether the shop sends the record again, correctly, on the next day."""


BAD_ORDERS = (
    Fault("amount_in_words", "total", "n/a", "number_unreadable", True),
    Fault("amount_with_decimal_comma", "total", "12,50", "number_other_separators", True),
    Fault("thirtieth_of_february", "placed_at", "{year}-02-30T10:15:00", "timestamp_unreadable", True),
    Fault("clock_years_ahead", "placed_at", "2099-07-01T08:00:00", "timestamp_in_future", True),
    Fault("no_order_number", "order_no", "", "missing_order_id"),
    Fault("currency_as_a_sign", "currency", "€", "currency_not_a_code"),
    Fault("thousands_comma_unquoted", "total", "", "ragged_row"),
)


@dataclass
class Ledger:
    """What was planted: faults by name, and what intake must count as quarantined and suppressed."""

    planted: Counter[str] = field(default_factory=Counter)
    quarantined: dict[str, Counter[str]] = field(default_factory=dict)
    suppressed: Counter[str] = field(default_factory=Counter)

    def bad(self, source: str, name: str, reason: str) -> None:
        """Count one record that intake must quarantine."""
        self.planted[name] += 1
        self.quarantined.setdefault(source, Counter())[reason] += 1

    def duplicate(self, lines: Lines, number: str) -> None:
        """Write the first line about ``number`` twice in its file."""
        lines.add(number, lines.of[number][0].copy())
        self.planted[f"{lines.source}_twice_in_a_file"] += 1
        self.suppressed[lines.source] += 1


class OrderDirt:
    """Plants faults into plain orders (one version, completed); no order carries two faults."""

    def __init__(
        self, rng: np.random.Generator, stamps: Stamps, orders: list[Order], lines: Lines, ledger: Ledger
    ) -> None:
        self._span, self._stamps, self._lines, self._ledger = stamps.span, stamps, lines, ledger
        self._orders = orders
        plain = [order for order in orders if order.outcome == "plain"]
        self._pool = [plain[index] for index in rng.permutation(len(plain))]

    def plant(self) -> None:
        """Plant every fault the span has room for, the rarest first."""
        self._clocks_change()
        for fault in BAD_ORDERS[: len(self._orders) // RECORDS_PER_FAULT]:
            for order in self._take(_BAD_SHARE, lag=1):
                self._break(order, fault)
        for order in self._take(_UNQUOTED_SHARE, lag=0):
            order.currency = self._line(order).cells[self._lines.column("currency")] = UNQUOTED
            self._ledger.planted["currency_without_a_rate"] += 1
        for lag in sorted(LATE_DAYS, reverse=True):
            for order in self._take(_LATE_SHARES[lag], lag=lag):
                self._line(order).day += lag
                self._ledger.planted[f"late_by_{lag}_days"] += 1
        for order in self._take(_TIE_SHARE, lag=1):
            self._correct_without_new_stamp(order)
        for order in self._take(_RESENT_SHARE, lag=1):
            self._lines.add(order.number, self._line(order).copy(day=order.day + 1))
            self._ledger.planted["sent_again_next_day"] += 1
        for order in self._take(_DUPLICATE_SHARE, lag=0):
            self._ledger.duplicate(self._lines, order.number)
        for order in self._take(_UTC_SHARE, lag=0):
            self._restamp(order, self._stamps.utc(order.second))
            self._ledger.planted["stamped_in_utc"] += 1
        self._regress()

    def _line(self, order: Order) -> Line:
        return self._lines.of[order.number][0]

    def _take(self, share: float, *, lag: int) -> list[Order]:
        """Remove about ``share`` of all orders (at least one) from the pool, each with ``lag`` open days after it."""
        return self._take_where(max(1, round(share * len(self._orders))), lambda order: self._has_room(order.day + lag))

    def _has_room(self, day: int) -> bool:
        return day < self._span.days and day != self._span.closed_day

    def _take_where(self, count: int, is_fit: Callable[[Order], bool]) -> list[Order]:
        positions: list[int] = []
        for position, order in enumerate(self._pool):
            if len(positions) == count:
                break
            if is_fit(order):
                positions.append(position)
        return [self._pool.pop(position) for position in reversed(positions)]

    def _restamp(self, order: Order, text: str) -> None:
        line = self._line(order)
        line.cells[self._lines.column("placed_at")] = line.cells[self._lines.column("changed_at")] = text

    def _clocks_change(self) -> None:
        """02:30 happens twice on the autumn night: one order in each pass, told apart by the written offset only."""
        for night in (day for day, change in self._span.clock_changes().items() if change < 0):
            for fold, order in enumerate(self._take_where(2, partial(_is_of_day, night))):
                order.second = night * DAY + CHANGE_HOUR * 3600 + 1800
                self._line(order).second = order.second
                self._restamp(order, self._stamps.with_offset(order.second, fold=fold))
                self._ledger.planted["in_the_repeated_hour"] += 1

    def _break(self, order: Order, fault: Fault) -> None:
        line = self._line(order)
        if fault.is_repaired:
            self._lines.add(order.number, line.copy(day=order.day + 1))
        else:
            order.is_lost = True
        position = self._lines.column(fault.column)
        if fault.reason == "ragged_row":
            line.cells[position : position + 1] = ["1", "234.50"]
        else:
            line.cells[position] = fault.text.format(year=self._span.date(order.day).year)
        self._ledger.bad("orders", fault.name, fault.reason)

    def _correct_without_new_stamp(self, order: Order) -> None:
        """The next day's file holds another amount under the same stamp: the later delivery must win."""
        final = order.final._replace(day=order.day + 1, cents=order.final.cents + 500)
        order.versions.append(final)
        line = self._lines.add(order.number, self._line(order).copy(day=final.day))
        line.cells[self._lines.column("total")] = money(final.cents)
        self._ledger.planted["corrected_under_the_same_stamp"] += 1

    def _regress(self) -> None:
        """An old state is sent again after the change: the newer stamp must win over the later delivery."""
        changed = [
            order
            for order in self._orders
            if order.outcome in {"annulled_later", "returned"}
            and len(order.versions) == 2
            and self._has_room(order.final.day + 2)
        ]
        for order in changed[:: max(1, round(1 / _REGRESSION_SHARE))]:
            stale = self._lines.add(order.number, self._line(order).copy(day=order.final.day + 2))
            stale.cells[self._lines.column("state")] = "shipped"
            self._ledger.planted["older_state_sent_again"] += 1


def _is_of_day(day: int, order: Order) -> bool:
    return order.day == day
