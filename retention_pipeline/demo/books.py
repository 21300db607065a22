"""The totals that the simulated shop's accounting reports, in its own way of counting.

Belongs here: what the books say each month, one wrong total among them, and the truth about both. Not here: what the
pipeline publishes; faults of the file (``dirt_service``).

The books hold every order that was not annulled and is no test, guests and free samples included; they are closed in
UTC, add up foreign money as if it were euros, and book a refund on the day it is paid. They know of orders whose export
was broken.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from retention_pipeline.demo.lines import Line, Lines, money
from retention_pipeline.demo.purchases import Order, Version
from retention_pipeline.demo.rhythm import DAY, Stamps
from retention_pipeline.demo.truth import Truth
from retention_pipeline.demo.truth_sales import EXCLUDED_STATES

MEASURES = {"orders": "orders", "sales": "revenue_gross", "refunds": "refunds", "net_sales": "revenue_net"}
"""The words of the books and what they mean."""
INCLUDES = {
    "orders": ("no_customer", "non_positive_amount", "no_fx_rate", "quarantine", "time_basis"),
    "sales": ("no_customer", "no_fx_rate", "quarantine", "time_basis", "currency_basis"),
    "refunds": ("no_customer", "quarantine", "time_basis", "refund_basis", "currency_basis"),
    "net_sales": ("no_customer", "no_fx_rate", "quarantine", "time_basis", "refund_basis", "currency_basis"),
}
"""Why the books differ from what the pipeline publishes, as far as the shop's orders give rise to it."""
WRONG_MEASURE, WRONG_BY = "sales", 100_000
"""One month's sales are stated 1,000.00 too high and never corrected."""
_FEWEST_MONTHS = 4
_Sums = dict[str, Counter[str]]


def total_lines(orders: list[Order], stamps: Stamps, truth: Truth) -> Lines:
    """That month and the one before it in every file, as the books stand then; their truth goes to ``truth``."""
    lines, span = Lines("control_totals"), stamps.span
    months = span.months()
    names = list(truth.months)
    wrong = names[len(names) // 2 - 1] if len(names) >= _FEWEST_MONTHS else None
    for number, name in enumerate(names):
        day = max(day for day, month in enumerate(months) if month == number)
        sums = _add_up(orders, stamps, day)
        for month in names[max(0, number - 1) : number + 1]:
            for place, word in enumerate(MEASURES):
                value = sums[month][word] + (WRONG_BY if (month, word) == (wrong, WRONG_MEASURE) else 0)
                cells = [f"{month}-01", "month", word, str(value) if word == "orders" else _signed(value)]
                lines.add(f"{name} {month} {word}", Line(day, day * DAY + place, cells))
    _tell(truth, orders, stamps, wrong)
    return lines


def _add_up(orders: Iterable[Order], stamps: Stamps, day: int) -> _Sums:
    """The books at the end of a day, by month."""
    sums: _Sums = defaultdict(Counter)
    for order in orders:
        known = [version for version in order.versions if version.day <= day]
        if known and known[-1].state not in EXCLUDED_STATES:
            _book(sums, order, known[-1], stamps)
    return sums


def _book(sums: _Sums, order: Order, version: Version, stamps: Stamps) -> None:
    placed = f"{stamps.instant(order.second):%Y-%m}"
    sums[placed].update({"orders": 1, "sales": version.cents, "net_sales": version.cents})
    if version.paid_back is not None:
        paid = f"{stamps.instant(version.paid_back):%Y-%m}"
        sums[paid].update({"refunds": version.refunded, "net_sales": -version.refunded})


def _signed(cents: int) -> str:
    return money(cents) if cents >= 0 else f"-{money(-cents)}"


def _tell(truth: Truth, orders: list[Order], stamps: Stamps, wrong: str | None) -> None:
    """What is planted: the causes, the wrong total, and the money that no cause explains, month by month.

    That is the wrong total and the orders whose export was broken: how many there are can be known, not what each was
    worth.
    """
    lost: _Sums = defaultdict(Counter)
    for order in orders:
        if order.is_lost:
            _book(lost, order, order.final, stamps)
    left = {
        month: {
            MEASURES[word]: lost[month][word] + (WRONG_BY if (month, word) == (wrong, WRONG_MEASURE) else 0)
            for word in MEASURES
            if word != "orders"
        }
        for month in truth.months
    }
    truth.control_totals = {
        "includes": {MEASURES[word]: list(causes) for word, causes in INCLUDES.items()},
        "wrong": None if wrong is None else {
            "month": wrong, "measure": MEASURES[WRONG_MEASURE], "too_high_by": money(WRONG_BY),
        },
        "remainders": {
            month: {measure: _signed(cents) for measure, cents in of_month.items() if cents}
            for month, of_month in left.items() if any(of_month.values())
        },
    }  # fmt: skip
