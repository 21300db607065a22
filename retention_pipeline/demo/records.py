"""The records of the simulated shop as text, before any dirt: one line of a file per version of a thing.

Belongs here: column names and the text of each cell. Not here: faults (``dirt``), writing files (``files``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from retention_pipeline.demo.answers import Answer
from retention_pipeline.demo.population import COUNTRIES, Population
from retention_pipeline.demo.purchases import GUEST, TIERS, Order, tier_of
from retention_pipeline.demo.rhythm import DAY, Stamps

HEADERS: dict[str, tuple[str, ...]] = {
    "orders": ("order_no", "customer_no", "placed_at", "changed_at", "state", "currency", "total", "refunded"),
    "customers": (
        "customer_no", "first_name", "last_name", "email", "country", "channel", "tier", "registered_at", "changed_at",
    ),
    "feedback": (
        "answer_no", "customer_no", "order_no", "survey", "score", "sent_at", "answered_at", "changed_at", "comment",
    ),
}  # fmt: skip
CURRENCY = "EUR"
_MOVING_SHARE = 0.01


@dataclass(slots=True)
class Line:
    """One line of one file: delivered on ``day``, sorted within the file by ``second``."""

    day: int
    second: int
    cells: list[str]

    def copy(self, *, day: int | None = None) -> Line:
        """An independent copy, delivered with the files of ``day``."""
        return replace(self, day=self.day if day is None else day, cells=list(self.cells))


@dataclass
class Lines:
    """The lines of one source by the number of the thing they are about."""

    source: str
    of: dict[str, list[Line]] = field(default_factory=dict)

    def add(self, number: str, line: Line) -> Line:
        """File a further line about ``number``."""
        self.of.setdefault(number, []).append(line)
        return line

    def column(self, name: str) -> int:
        """Position of a column."""
        return HEADERS[self.source].index(name)

    def all(self) -> list[Line]:
        """Every line in the order of delivery."""
        return sorted((line for lines in self.of.values() for line in lines), key=lambda line: (line.day, line.second))


def customer_number(index: int) -> str:
    """The shop's number of a customer: text with leading zeros; blank for a guest."""
    return "" if index == GUEST else f"{index + 1:07d}"


def money(cents: int) -> str:
    """Cents as the shop writes money: ``12.05``."""
    return f"{cents // 100}.{cents % 100:02d}"


def order_lines(orders: list[Order], stamps: Stamps) -> Lines:
    """One line per version of each order."""
    lines = Lines("orders")
    for order in orders:
        placed = stamps.naive(order.second)
        for version in order.versions:
            changed = placed if version.second == order.second else stamps.naive(version.second)
            cells = [order.number, customer_number(order.customer), placed, changed, version.state, CURRENCY]
            cells += [money(version.cents), money(version.refunded)]
            lines.add(order.number, Line(version.day, version.second, cells))
    return lines


def answer_lines(answers: list[Answer], stamps: Stamps) -> Lines:
    """One line per version of each answer."""
    lines = Lines("feedback")
    for answer in answers:
        for version in answer.versions:
            cells = [answer.number, customer_number(answer.customer), answer.order, answer.kind, version.score]
            cells += [stamps.naive(second) for second in (answer.sent, answer.submitted, version.second)]
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
