"""The claims of the guides, and what this shop's data say about them.

Belongs here: one table. Not here: the verdicts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from retention_pipeline.report.beside import Claim, read_claims
from retention_pipeline.report.section import Cell, Column, Grid, Section
from retention_pipeline.report.words import by_unit, with_interval

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HEADING = "What the guides claim"
VERDICTS = {"supported": "for", "contradicted": "against", "insufficient": "open", "not_computable": "open"}
"""Verdict and tone, in the order of the table."""
_COLUMNS = (
    Column("claim"),
    Column("source"),
    Column("measured here, 95 % interval", is_number=True),
    Column("holds when the interval is"),
    Column("verdict"),
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def claims_section(published: DuckDBPyConnection, currency: str) -> Section:
    """Every claim, the supported ones first."""
    order = list(VERDICTS)
    claims = sorted(read_claims(published), key=lambda claim: order.index(claim.verdict))
    if not claims:
        return Section("claims", HEADING, notes=("This version holds no claims.",))
    counts = [(verdict, sum(claim.verdict == verdict for claim in claims)) for verdict in VERDICTS]
    caption = ", ".join(f"{count} {_plain(verdict)}" for verdict, count in counts if count)
    table = Grid(f"{len(claims)} claims: {caption}", _COLUMNS, tuple(_row(claim, currency) for claim in claims))
    note = (
        "Supported or contradicted: the whole interval lies inside or outside the bounds; insufficient: it does not, "
        "so the data do not tell; not computable: an input is missing. Without an interval the value is judged."
    )
    return Section("claims", HEADING, tables=(table,), notes=(note,))


def _plain(verdict: str) -> str:
    return verdict.replace("_", " ")


def _row(claim: Claim, currency: str) -> tuple[Cell, ...]:
    form, word = by_unit(claim.unit, currency)
    bounds = claim.supported_when
    if claim.unit == "fraction":
        bounds = _NUMBER.sub(lambda found: f"{100 * float(found[0]):g} %", bounds)
    has_value = claim.measured.value is not None
    measured = with_interval(claim.measured, form)
    customers = f"n = {claim.measured.n:,}" if claim.measured.n is not None else ""
    return (
        Cell(claim.statement, f"{claim.estimator}. {claim.caveat}"),
        Cell(claim.source),
        Cell(f"{measured} {word}".rstrip() if has_value else measured, customers),
        Cell(bounds),
        Cell(_plain(claim.verdict), tone=VERDICTS[claim.verdict]),
    )
