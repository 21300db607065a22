"""What customers cost, beside what they bring.

Belongs here: costs over time and the yearly ratio of worth to cost. Not here: worth itself (``lifetime``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retention_pipeline.report.canvas import BLUE, ORANGE
from retention_pipeline.report.lines import Line, line_picture, numbers
from retention_pipeline.report.published import Period, read_meaning, read_periods, read_series
from retention_pipeline.report.section import Cell, Column, Grid, Meaning, Section
from retention_pipeline.report.words import decimals, with_interval

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from retention_pipeline.core.periods import Grain

HEADING = "What customers cost"
BASIS = "purchase_window"
COSTS = (
    ("customer_acquisition_cost", "Winning a customer", "per new customer", BLUE),
    ("retention_cost_per_customer", "Keeping a customer", "per retained customer", ORANGE),
)
"""Metric, title, axis, colour."""
RATIOS = (("revenue", "revenue to cost"), ("margin", "margin to cost"))


def economics_section(
    published: DuckDBPyConnection, grain: Grain, periods: Sequence[Period], currency: str, *, is_configured: bool
) -> Section:
    """Costs per customer over time, each on its own scale, and LTV:CAC by year."""
    if not is_configured:
        return Section("economics", HEADING, notes=("The spend source is not configured: no cost to show.",))
    pictures = []
    for metric, title, axis, colour in COSTS:
        line = Line("", read_series(published, grain, metric, "standard", BASIS), colour)
        picture = line_picture(metric, title, f"{currency} {axis}", periods, [line], numbers(currency), height=2.4)
        pictures += [picture] if picture else []
    meanings = [Meaning(title, read_meaning(published, metric, "standard")) for metric, title, _, _ in COSTS]
    meanings += [Meaning(title, read_meaning(published, "ltv_to_cac", variant)) for variant, title in RATIOS]
    table = _ratios(published)
    notes = [] if pictures or table else ["No spending has been delivered yet, so there is no cost to show."]
    if table is None:
        notes.append("No year has both a lifetime value and spending to win customers, so there is no ratio.")
    return Section("economics", HEADING, tuple(meanings), tuple(pictures), (table,) if table else (), tuple(notes))


def _ratios(published: DuckDBPyConnection) -> Grid | None:
    found = {variant: read_series(published, "year", "ltv_to_cac", variant, BASIS) for variant, _ in RATIOS}
    held = [variant for variant, _ in RATIOS if any(value.value is not None for value in found[variant].values())]
    if not held:
        return None
    rows = tuple(
        (
            Cell(year.label),
            *(Cell(with_interval(v, decimals) if (v := found[variant].get(year.start)) else "-") for variant in held),
        )
        for year in read_periods(published, "year")
    )
    titles = dict(RATIOS)
    columns = (Column("year"), *(Column(titles[variant], is_number=True) for variant in held))
    return Grid("Lifetime value for each unit of money spent on winning a customer (LTV:CAC)", columns, rows)
