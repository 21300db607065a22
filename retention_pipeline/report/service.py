"""How customers are served: answering times, promises kept, tickets.

Belongs here: lines over time. Not here: what customers say when asked (``over_time``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retention_pipeline.report.canvas import BLUE, ORANGE
from retention_pipeline.report.lines import SHARE, Line, Scale, line_picture, numbers
from retention_pipeline.report.published import Period, read_meaning, read_series
from retention_pipeline.report.section import Meaning, Section

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from retention_pipeline.core.periods import Grain

HEADING = "How customers are served"
SERVICE: tuple[tuple[str, str, str, str, Scale, tuple[tuple[str, str, str], ...]], ...] = (
    ("first_response_time", "Time to the first answer", "hours", "calendar", numbers("hours"),
     (("p50", "median", BLUE), ("p90", "90th percentile", ORANGE))),
    ("sla_met_rate", "Answered as promised", "share of tickets", "calendar", SHARE, (("standard", "", BLUE),)),
    ("tickets_per_customer", "Tickets per customer", "tickets", "purchase_window", numbers("tickets"),
     (("standard", "", BLUE),)),
)  # fmt: skip
"""Metric, title, axis, basis, scale; its variants with label and colour."""


def service_section(
    published: DuckDBPyConnection, grain: Grain, periods: Sequence[Period], *, is_configured: bool
) -> Section:
    """One figure per measure; in words what cannot be shown."""
    if not is_configured:
        return Section("service", HEADING, notes=("The tickets source is not configured: no service to show.",))
    meanings, pictures, missing = [], [], []
    for metric, title, axis, basis, scale, variants in SERVICE:
        lines = [
            Line(label, read_series(published, grain, metric, variant, basis), colour)
            for variant, label, colour in variants
        ]
        picture = line_picture(metric, f"{title} by {grain}", axis, periods, lines, scale, height=2.5)
        if picture is None:
            missing.append(f"{title}: no {grain} has a ticket that tells.")
            continue
        pictures.append(picture)
        meanings += [
            Meaning(f"{title}{', ' if label else ''}{label}", read_meaning(published, metric, variant))
            for variant, label, _ in variants
        ]
    return Section("service", HEADING, tuple(meanings), tuple(pictures), notes=tuple(missing))
