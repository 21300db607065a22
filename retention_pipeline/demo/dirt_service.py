"""The faults of the exports of memberships, support, reasons, spending, rates and the rest, planted and counted.

Belongs here: broken records beside good ones, records written twice. Not here: the other faults
(``dirt``, ``dirt_people``). Reason codes are those of the intake contracts.
"""

from __future__ import annotations

import numpy as np

from retention_pipeline.demo.answers import COMMENT_CANARY
from retention_pipeline.demo.dirt import Fault, Ledger
from retention_pipeline.demo.lines import Lines

BAD_SERVICE = {
    "subscriptions": (
        Fault("no_price", "monthly", "", "missing_monthly_amount"),
        Fault("ends_before_it_starts", "ends_at", "2001-01-01T08:00:00", "ended_before_started"),
    ),
    "tickets": (
        Fault("no_ticket_number", "ticket_no", "", "missing_ticket_id"),
        Fault("answered_before_it_was_asked", "answered_at", "2001-01-01T08:00:00", "before_opened"),
    ),
    "churn_reasons": (
        Fault("story_for_a_reason", "reason", f"Nobody ever called back! {COMMENT_CANARY}", "not_a_code"),
        Fault("address_for_a_reason", "reason", "please write to anna.adler@example.com", "not_a_code"),
    ),
    "spend": (
        Fault("unknown_purpose", "purpose", "new desks", "unknown_spend_kind"),
        Fault("amount_of_spending_in_words", "amount", "tbd", "number_unreadable"),
    ),
    "fx_rates": (
        Fault("rate_of_zero", "rate", "0.00000", "rate_not_positive"),
        Fault("currency_by_name", "currency", "Swiss franc", "currency_not_a_code"),
    ),
    "benchmarks": (Fault("benchmark_in_words", "value", "about a third", "number_unreadable"),),
    "control_totals": (
        Fault("total_from_the_middle_of_a_month", "month", "2023-01-15", "not_first_day_of_period"),
        Fault("total_of_something_else", "what", "baskets", "unknown_measure"),
    ),
}
"""Faults by source; none of these sources holds so few good records that they could be refused for them."""

_BAD_SHARE = 0.001
_DUPLICATE_SHARE = 0.002
_NEVER_WRITTEN_TWICE = frozenset({"spend", "benchmarks"})
"""Two equal bookings are two bookings; benchmarks are too few to bother."""


def plant_in_service(rng: np.random.Generator, sources: tuple[Lines, ...], ledger: Ledger) -> None:
    """Beside good records, broken copies of them; after them, some good records a second time."""
    for lines in sources:
        numbers = [number for number, about in lines.of.items() if about]
        numbers = [numbers[index] for index in rng.permutation(len(numbers))]
        for fault in BAD_SERVICE[lines.source]:
            for number in _taken(numbers, _BAD_SHARE):
                broken = lines.add(number, lines.of[number][0].copy())
                broken.cells[lines.column(fault.column)] = fault.text
                ledger.bad(lines.source, fault.name, fault.reason)
        for number in _taken(numbers, _DUPLICATE_SHARE) if lines.source not in _NEVER_WRITTEN_TWICE else ():
            ledger.duplicate(lines, number)


def _taken(numbers: list[str], share: float) -> list[str]:
    """Remove about ``share`` of the numbers, at least one while there are any."""
    return [numbers.pop() for _ in range(min(len(numbers), max(1, round(share * len(numbers)))))]
