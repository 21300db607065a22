"""Customers at risk: how many, why, and what they stand for.

Belongs here: one table of sums. Not here: single customers, who never stand in the page (``customer_scores`` lists
them).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retention_pipeline.report.beside import AtRisk, read_at_risk
from retention_pipeline.report.privacy import hidden, shown_count
from retention_pipeline.report.section import Cell, Column, Grid, Section
from retention_pipeline.report.words import amount

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from retention_pipeline.report.published import Edition

HEADING = "Customers at risk"
REASONS = {
    "overdue": "active, but longer since the last order than their own rhythm lets expect",
    "overdue_for_the_shop": "active, too few orders for a rhythm of their own, overdue by that of the shop",
    "unhappy": "active and not overdue, but the latest answer was a detractor's",
    "lapsed": "no longer active: lost, not at risk",
}
HIDDEN = "hidden"


def at_risk_section(published: DuckDBPyConnection, edition: Edition, min_cell_size: int) -> Section:
    """Customers and value at stake by reason, most value first; small groups are not shown."""
    found = read_at_risk(published)
    if not found:
        return Section(
            "at-risk", HEADING, notes=("No customer is at risk or has lapsed, so there is nothing to show.",)
        )
    at_risk = [each for each in found if each.is_at_risk]
    secret = hidden({each.reason: each.customers for each in at_risk}, min_cell_size)
    rows = [_row(each.reason, [each], is_secret=each.reason in secret) for each in at_risk]
    if at_risk:
        everybody = sum(each.customers for each in at_risk)
        rows.append(_row("at risk in all", at_risk, is_secret=0 < everybody < min_cell_size))
    for each in found:
        if not each.is_at_risk:
            count = shown_count(each.customers, min_cell_size)
            rows.append((Cell(_plain(each.reason), REASONS.get(each.reason, "")), Cell(count), Cell("")))
    columns = (
        Column("reason"),
        Column("customers", is_number=True),
        Column(f"value at stake, {edition.currency}", is_number=True),
    )
    notes = ["Value at stake: revenue after refunds of these customers in the last 365 days."]
    notes.append("The table customer_scores names each of them, by a keyed hash.")
    if secret:
        notes.append(f"{HIDDEN.capitalize()}: not shown to protect small groups.")
    caption = f"Customers to write to, as of {edition.as_of}"
    return Section("at-risk", HEADING, tables=(Grid(caption, columns, tuple(rows)),), notes=tuple(notes))


def _plain(reason: str) -> str:
    return reason.replace("_", " ")


def _row(reason: str, parts: Sequence[AtRisk], *, is_secret: bool) -> tuple[Cell, ...]:
    customers, stake = sum(each.customers for each in parts), sum(each.value_at_stake for each in parts)
    texts = (HIDDEN, HIDDEN) if is_secret else (f"{customers:,}", amount(stake))
    return (Cell(_plain(reason), REASONS.get(reason, "")), *(Cell(text) for text in texts))
