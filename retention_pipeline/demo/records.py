"""The records of the simulated shop as text, before any dirt: one line of a file per version of a thing.

Belongs here: the text of each cell for orders, customers and feedback. Not here: the other sources
(``records_service``), faults (``dirt``), writing files (``files``).
"""

from __future__ import annotations

import numpy as np

from retention_pipeline.demo.answers import Answer
from retention_pipeline.demo.lines import Line, Lines, customer_number, money
from retention_pipeline.demo.population import COUNTRIES, GUEST, Population
from retention_pipeline.demo.purchases import TIERS, Order, tier_of
from retention_pipeline.demo.rhythm import DAY, Stamps

_MOVING_SHARE = 0.01


def order_lines(orders: list[Order], stamps: Stamps) -> Lines:
    """One line per version of each order."""
    lines = Lines("orders")
    for order in orders:
        placed = stamps.naive(order.second)
        for version in order.versions:
            changed = placed if version.second == order.second else stamps.naive(version.second)
            cells = [order.number, customer_number(order.customer), placed, changed, version.state, order.currency]
            cells += [money(version.cents), money(version.refunded)]
            cells += ["" if version.paid_back is None else stamps.naive(version.paid_back)]
            cells += [money(order.cost), money(order.discount)]
            lines.add(order.number, Line(version.day, version.second, cells))
    return lines


def answer_lines(answers: list[Answer], stamps: Stamps) -> Lines:
    """One line for each invitation and one per version of each answer, all under the number of the invitation."""
    lines = Lines("feedback")
    for answer in answers:
        about = [answer.number, customer_number(answer.customer), answer.order, answer.kind]
        sent = ""
        if answer.sent is not None:
            sent = stamps.naive(answer.sent)
            day = stamps.span.open_day(answer.sent // DAY)
            lines.add(answer.number, Line(day, answer.sent, [*about, "", sent, "", sent, ""]))
        for version in answer.versions:
            cells = [*about, version.score, sent, stamps.naive(answer.submitted), stamps.naive(version.second)]
            lines.add(answer.number, Line(version.day, version.second, [*cells, answer.comment]))
    return lines


def customer_lines(rng: np.random.Generator, population: Population, orders: list[Order], stamps: Stamps) -> Lines:
    """One line when a customer registers (with the first order), reaches a tier, or moves to another country."""
    tier_starts = {since: name for name, (since, _) in TIERS.items()}
    events: dict[int, list[tuple[int, str, str]]] = {}
    for order in orders:
        if order.customer != GUEST and order.ordinal in tier_starts:
            country = population.country[order.customer] if order.ordinal == 0 else ""
            events.setdefault(order.customer, []).append((order.second, tier_of(order.ordinal), country))
    for customer in np.flatnonzero(rng.random(population.size) < _MOVING_SHARE).tolist():
        first = int(population.acquired[customer]) // 24 + 1
        if first < stamps.span.days:
            second = int(rng.integers(first, stamps.span.days)) * DAY + 12 * 3600
            events[customer].append((second, "", str(rng.choice(tuple(COUNTRIES)[:-1]))))
    lines = Lines("customers")
    for customer, happened in sorted(events.items()):
        _follow(lines, customer, sorted(happened), population, stamps)
    return lines


def _follow(
    lines: Lines,
    customer: int,
    happened: list[tuple[int, str, str]],
    population: Population,
    stamps: Stamps,
) -> None:
    """One line per event, each with everything known about the customer by then."""
    number = customer_number(customer)
    first_name, last_name = population.first_name[customer], population.last_name[customer]
    mail = f"{first_name}.{last_name.replace(' ', '')}.{number}@example.com".lower()
    registered = stamps.naive(happened[0][0])
    tier = country = ""
    for second, new_tier, new_country in happened:
        tier, country = new_tier or tier, new_country or country
        day = stamps.span.open_day(second // DAY)
        if day < stamps.span.days:
            cells = [number, first_name, last_name, mail, country, population.channel[customer], tier, registered]
            lines.add(number, Line(day, second, [*cells, stamps.naive(second)]))
