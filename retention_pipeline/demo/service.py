"""The sources beside orders, customers and feedback: drawn, counted, written as lines.

Belongs here: putting those parts of the simulation together. Not here: the parts; dirt (``dirt_service``).
"""

from __future__ import annotations

import numpy as np

from retention_pipeline.demo import records_service as records
from retention_pipeline.demo.books import total_lines
from retention_pipeline.demo.budgets import draw_spending
from retention_pipeline.demo.leaving import draw_reasons
from retention_pipeline.demo.lines import Lines
from retention_pipeline.demo.members import draw_contracts
from retention_pipeline.demo.population import Population
from retention_pipeline.demo.purchases import Order
from retention_pipeline.demo.rates import Rates
from retention_pipeline.demo.rhythm import Stamps
from retention_pipeline.demo.tickets import draw_tickets
from retention_pipeline.demo.truth import Truth
from retention_pipeline.demo.truth_service import count_members, count_reasons_and_spending, count_tickets


def draw_service(
    rng: np.random.Generator, population: Population, orders: list[Order], rates: Rates, stamps: Stamps, truth: Truth
) -> tuple[Lines, ...]:
    """Clean lines of these sources (the totals of the books last); their truth goes to ``truth``."""
    span = stamps.span
    contracts = draw_contracts(rng, population, span)
    driven_away = frozenset(order.customer for order in orders if order.complaint and order.complaint.drives_away)
    reasons = draw_reasons(rng, population, driven_away, contracts, span)
    tickets = draw_tickets(rng, orders, span)
    bookings = draw_spending(rng, population, span)
    count_members(truth, contracts, rates, span)
    count_tickets(truth, tickets, stamps)
    count_reasons_and_spending(truth, reasons, bookings)
    return (
        records.contract_lines(contracts, stamps),
        records.ticket_lines(tickets, stamps),
        records.reason_lines(reasons, stamps),
        records.spending_lines(bookings, span),
        records.rate_lines(rates, span),
        records.benchmark_lines(),
        total_lines(orders, stamps, truth),
    )
