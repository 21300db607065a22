"""What customers write to the shop's support, and when it answers.

Belongs here: tickets of every kind; those about an order that went wrong follow ``complaints``. Not here: files, dirt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retention_pipeline.demo.population import GUEST
from retention_pipeline.demo.purchases import Order
from retention_pipeline.demo.rhythm import DAY, Span

SLA_HOURS = 24
TOPICS = {"damaged": "complaint", "not_delivered": "complaint", "how_to": "question", "praise": "other"}
"""Word of the shop -> kind of ticket."""

QUESTION_SHARE = 0.08
PRAISE_SHARE = 0.01
UNKNOWN_SENDER_SHARE = 0.08
"""Share of questions and praise from an address that belongs to no customer."""

_UNANSWERED_SHARE = 0.02
_TYPICAL_HOURS, _SPREAD = 6.0, 0.9
_DAYS_AROUND = 12


@dataclass
class Ticket:
    """One ticket; ``customer`` is ``GUEST`` or an index, times are wall-clock seconds."""

    number: str
    customer: int
    topic: str
    opened: int
    answered: int | None
    solved: int | None


def draw_tickets(rng: np.random.Generator, orders: list[Order], span: Span) -> list[Ticket]:
    """All tickets opened within the span, in order of opening."""
    luck = rng.random((len(orders), 6))
    hours = _TYPICAL_HOURS * np.exp(rng.normal(0, _SPREAD, len(orders)))
    drawn = []
    for index, order in enumerate(orders):
        chance, sender, when, clock, patience, topic = luck[index].tolist()
        if order.complaint is not None:
            about = "damaged" if topic < 0.6 else "not_delivered"
            wait = order.complaint.hours
            drawn.append(_ticket(order.customer, about, order.complaint.opened, wait, patience, span))
        if chance < QUESTION_SHARE + PRAISE_SHARE:
            about = "how_to" if chance < QUESTION_SHARE else "praise"
            opened = (order.day + int(when * _DAYS_AROUND) - 2) * DAY + int((8 + 12 * clock) * 3600)
            customer = GUEST if sender < UNKNOWN_SENDER_SHARE else order.customer
            wait = float("inf") if patience < _UNANSWERED_SHARE else float(hours[index])
            drawn.append(_ticket(customer, about, opened, wait, topic, span))
    drawn = [ticket for ticket in drawn if 0 <= ticket.opened < span.days * DAY]
    drawn.sort(key=lambda ticket: (ticket.opened, ticket.customer))
    for position, ticket in enumerate(drawn):
        ticket.number = f"T{30_001 + position}"
    return drawn


def _ticket(customer: int, topic: str, opened: int, wait: float, patience: float, span: Span) -> Ticket:
    """A ticket answered after ``wait`` hours and solved within two days of that."""
    answered = solved = None
    if np.isfinite(wait):
        answered = span.past_change(opened + int(wait * 3600))
        solved = span.past_change(answered + int(patience * 2 * DAY))
    return Ticket("", customer, topic, opened, answered, solved)
