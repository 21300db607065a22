"""Words with a meaning: what the shop calls the status of an order, the kind of a ticket, the kind of spending.

Belongs here: our words, the shop's words for them, what a word that nobody explained counts as. Not here: currencies
and scales (``rules``, ``scales``), columns (``contracts``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from retention_pipeline.config import Settings
from retention_pipeline.intake.identity import TRIMMED
from retention_pipeline.intake.sql import literal, lowered

STATUSES = ("paid", "refunded", "pending", "cancelled", "void", "test", "fraud", "other")
TICKET_KINDS = ("complaint", "question", "other")
SPEND_KINDS = ("acquisition", "retention")
MEASURES = ("orders", "revenue_gross", "refunds", "revenue_net")
OTHER = "other"


@dataclass(frozen=True)
class Vocabulary:
    """The words of one column."""

    table: str
    """The configuration table that explains words."""
    meanings: Mapping[str, str]
    """The shop's word to ours, the first that matches; our own words mean themselves unless the shop says otherwise."""
    other: str | None
    """What an unexplained word counts as; ``None``: its record is quarantined."""
    consequence: str = ""
    """In words: what counting as ``other`` comes to."""

    def sql(self, text: str) -> str:
        """The meaning of a text; NULL where there is none."""
        cases = " ".join(f"WHEN {lowered(word)} THEN {literal(meaning)}" for word, meaning in self.meanings.items())
        return f"CASE lower({text}) {cases} ELSE {literal(self.other) if self.other else 'NULL'} END"


def vocabulary_of(settings: Settings, source: str) -> Vocabulary:
    """The vocabulary of the ``word`` column of orders, tickets, spend or control totals.

    Raises:
        KeyError: The source has no such column.
    """
    sources = settings.sources
    if source == "orders":
        meanings = _meanings(STATUSES, sources.orders.status)
        return Vocabulary("sources.orders.status", meanings, OTHER, "which is a valid purchase")
    if source == "tickets":
        meanings = _meanings(TICKET_KINDS, sources.tickets.kinds if sources.tickets else {})
        return Vocabulary("sources.tickets.kinds", meanings, OTHER, "which is no complaint")
    if source == "spend":
        return Vocabulary(
            "sources.spend.kinds", _meanings(SPEND_KINDS, sources.spend.kinds if sources.spend else {}), None
        )
    if source == "control_totals":
        measures = sources.control_totals.measures if sources.control_totals else {}
        return Vocabulary("sources.control_totals.measures", _meanings(MEASURES, measures), None)
    raise KeyError(source)


def _meanings(ours: tuple[str, ...], theirs: Mapping[str, str]) -> dict[str, str]:
    # theirs come first: of two that match, the first one counts
    found = {word.strip(TRIMMED): meaning for word, meaning in theirs.items()}
    return found | {word: word for word in ours if word not in found}
