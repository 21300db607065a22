"""The records of memberships, support, reasons for leaving, spending, rates and benchmarks as text, before any dirt.

Belongs here: the text of each cell for these sources. Not here: orders, customers and feedback (``records``), faults
(``dirt_service``), writing files (``files``).
"""

from __future__ import annotations

from retention_pipeline.demo.budgets import BENCHMARKS, Spending
from retention_pipeline.demo.leaving import Reason
from retention_pipeline.demo.lines import Line, Lines, customer_number, money, states_of_month
from retention_pipeline.demo.members import Contract
from retention_pipeline.demo.rates import Rates
from retention_pipeline.demo.rhythm import DAY, Span, Stamps
from retention_pipeline.demo.tickets import Ticket

_MESSAGE = "Hello, this is what I wrote to you"


def contract_lines(contracts: list[Contract], stamps: Stamps) -> Lines:
    """The state of each contract at the end of every month in which it began, was cancelled or changed."""
    lines, months = Lines("subscriptions"), stamps.span.months()
    for contract in contracts:
        about = [contract.number, customer_number(contract.customer), contract.plan, money(contract.cents)]
        about += [contract.currency, stamps.naive(contract.started)]
        changes = [(contract.started, [*about, "", stamps.naive(contract.started)])]
        if contract.end is not None:
            ending = [*about, stamps.naive(contract.end.ends), stamps.naive(contract.end.noticed)]
            changes.append((contract.end.noticed, ending))
        lines.of[contract.number] = states_of_month(changes, months)
    return lines


def ticket_lines(tickets: list[Ticket], stamps: Stamps) -> Lines:
    """The state of each ticket at the end of every month in which it was opened, answered or solved."""
    lines, months = Lines("tickets"), stamps.span.months()
    for ticket in tickets:
        cells = [ticket.number, customer_number(ticket.customer), ticket.topic, stamps.naive(ticket.opened)]
        changes = [(ticket.opened, [*cells, "", "", stamps.naive(ticket.opened), _MESSAGE])]
        if ticket.answered is not None and ticket.solved is not None:
            answered, solved = stamps.naive(ticket.answered), stamps.naive(ticket.solved)
            changes.append((ticket.answered, [*cells, answered, "", answered, _MESSAGE]))
            changes.append((ticket.solved, [*cells, answered, solved, solved, _MESSAGE]))
        lines.of[ticket.number] = states_of_month(changes, months)
    return lines


def reason_lines(reasons: list[Reason], stamps: Stamps) -> Lines:
    """One line per reason; every seventh is typed in capitals with a blank behind it, which is still the same code."""
    lines = Lines("churn_reasons")
    for position, reason in enumerate(reasons):
        code = f"{reason.code.upper()} " if position % 7 == 0 else reason.code
        cells = [customer_number(reason.customer), stamps.naive(reason.second), code]
        lines.add(f"{position}", Line(reason.second // DAY, reason.second, cells))
    return lines


def spending_lines(bookings: list[Spending], span: Span) -> Lines:
    """One line per booking."""
    lines = Lines("spend")
    for position, booking in enumerate(bookings):
        cells = [span.date(booking.day).isoformat(), booking.purpose, booking.channel, money(booking.cents)]
        lines.add(f"{position}", Line(booking.day, position, cells))
    return lines


def rate_lines(rates: Rates, span: Span) -> Lines:
    """One line per currency and day with a rate."""
    lines = Lines("fx_rates")
    for currency, quoted in rates.quoted.items():
        for day, rate in quoted.items():
            lines.add(f"{currency} {day}", Line(day, 0, [currency, span.date(day).isoformat(), str(rate)]))
    return lines


def benchmark_lines() -> Lines:
    """One line per benchmark, the same for every shop."""
    lines = Lines("benchmarks")
    for position, cells in enumerate(BENCHMARKS):
        lines.add(f"{position}", Line(0, position, list(cells)))
    return lines
