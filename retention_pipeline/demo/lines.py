"""The lines of the simulated shop's files: the columns of each source, one line, the lines of one source.

Belongs here: headers, and how things are written in every file. Not here: which lines there are (``records``,
``records_service``), faults (``dirt``), writing files (``files``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from retention_pipeline.demo.population import GUEST
from retention_pipeline.demo.rhythm import DAY

HEADERS: dict[str, tuple[str, ...]] = {
    "orders": (
        "order_no", "customer_no", "placed_at", "changed_at", "state", "currency", "total", "refunded", "refunded_at",
        "cost", "discount",
    ),
    "customers": (
        "customer_no", "first_name", "last_name", "email", "country", "channel", "tier", "registered_at", "changed_at",
    ),
    "feedback": (
        "answer_no", "customer_no", "order_no", "survey", "score", "sent_at", "answered_at", "changed_at", "comment",
    ),
    "subscriptions": (
        "contract_no", "customer_no", "plan", "monthly", "currency", "started_at", "ends_at", "changed_at",
    ),
    "tickets": (
        "ticket_no", "customer_no", "topic", "opened_at", "answered_at", "solved_at", "changed_at", "message",
    ),
    "churn_reasons": ("customer_no", "told_at", "reason"),
    "spend": ("date", "purpose", "channel", "amount"),
    "fx_rates": ("currency", "date", "rate"),
    "benchmarks": ("metric", "variant", "segment_set", "segment_key", "value", "publisher", "as_of"),
    "control_totals": ("month", "period", "what", "total"),
}  # fmt: skip
"""The columns of every source; its files come in this order."""


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


def exact_money(cents: Decimal | int) -> str:
    """Cents that a conversion may have left with hundredths of their own: ``12.05`` or ``12.0513``."""
    value = Decimal(cents) / 100
    return f"{value:.2f}" if value == round(value, 2) else f"{value:.4f}"


def states_of_month(changes: Sequence[tuple[int, list[str]]], months: Sequence[int]) -> list[Line]:
    """Lines of a monthly export: of all states of one thing in a month, only the last one is sent.

    Args:
        changes: When each state began (wall-clock seconds, ascending) and its cells.
        months: The month of each day of the span, as :meth:`Span.months` gives it.
    """
    last = {months[second // DAY]: (second, cells) for second, cells in changes if second // DAY < len(months)}
    return [Line(second // DAY, second, cells) for second, cells in last.values()]
