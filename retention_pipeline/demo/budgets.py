"""What the shop spends to win and to keep customers, and what others say is usual.

Belongs here: spending by week and channel, invented benchmarks. Not here: what an order costs (``prices``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from retention_pipeline.demo.population import CHANNELS, Population
from retention_pipeline.demo.rhythm import Span

PURPOSES = {"ads": "acquisition", "crm": "retention"}
"""Word of the shop -> kind of spending."""

COST_PER_NEW_CUSTOMER = {
    "paid_search": 2400, "social": 1900, "referral": 1000, "newsletter": 500, "discount_site": 1300,
}  # fmt: skip
"""Cents it takes to win a customer, by channel; search engines send customers for nothing."""

RETENTION_COST_PER_WEEK = 7
"""Cents spent on keeping each living customer."""

_NOISE = 0.15
_FAIR_EVERY_WEEKS, _FAIR_CENTS = 13, 40_000

BENCHMARKS = (
    # metric, variant, segment set, segment key, value, publisher, as of
    ("customer_retention_rate", "set_based", "", "", "0.78", "Example panel (invented)", "2022-12-31"),
    ("customer_retention_rate", "set_based", "", "", "0.80", "Example panel (invented)", "2023-06-30"),
    ("customer_retention_rate", "set_based", "acquisition_channel", "paid_search", "0.76", "Example panel (invented)",
     "2023-06-30"),
    ("repeat_customer_rate", "lifetime", "", "", "0.55", "Example survey of shops (invented)", "2022-12-31"),
    ("average_order_value", "gross", "", "", "58.00", "Example survey of shops (invented)", "2022-12-31"),
    ("net_promoter_score", "", "", "", "0.35", "Example panel (invented)", "2022-12-31"),
    ("customer_satisfaction", "top_box", "", "", "0.81", "Example panel (invented)", "2022-12-31"),
    ("survey_response_rate", "", "", "", "0.28", "Example panel (invented)", "2022-12-31"),
    ("complaint_rate", "orders", "", "", "0.02", "Example survey of shops (invented)", "2022-12-31"),
    ("sla_met_rate", "", "", "", "0.85", "Example survey of shops (invented)", "2022-12-31"),
)  # fmt: skip


class Spending(NamedTuple):
    """One booking on a day; a blank channel is one nobody knows."""

    day: int
    purpose: str
    channel: str
    cents: int


def draw_spending(rng: np.random.Generator, population: Population, span: Span) -> list[Spending]:
    """One booking per week, purpose and channel, dated on the last day of the week or of the span.

    A trade fair has two equal ones, for the hall and the stand, and belongs to no channel.
    """
    member_of = {name: np.array([channel == name for channel in population.channel]) for name in CHANNELS}
    bookings = []
    for week, first in enumerate(range(0, span.days, 7)):
        last = min(first + 6, span.days - 1)
        is_new = (population.acquired >= first * 24) & (population.acquired < (last + 1) * 24)
        is_alive = (population.acquired < (last + 1) * 24) & (population.death >= (last + 1) * 24)
        for channel, is_member in member_of.items():
            noise = 1 + _NOISE * (2 * rng.random(2) - 1)
            won = COST_PER_NEW_CUSTOMER.get(channel, 0) * (is_member & is_new).sum() * noise[0]
            kept = RETENTION_COST_PER_WEEK * (is_member & is_alive).sum() * noise[1]
            bookings.append(Spending(last, "ads", channel, int(won)))
            bookings.append(Spending(last, "crm", channel, int(kept)))
        if week % _FAIR_EVERY_WEEKS == 0:
            bookings += [Spending(last, "ads", "", _FAIR_CENTS)] * 2
    return [booking for booking in bookings if booking.cents > 0]
