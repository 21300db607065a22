"""Rates and scores over time: retention, NPS, customer satisfaction.

Belongs here: which lines are drawn. Not here: how (``lines``), what the page says around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retention_pipeline.report.canvas import BLUE, ORANGE
from retention_pipeline.report.lines import SCORE, SHARE, Line, line_picture
from retention_pipeline.report.published import Period, read_bases, read_meaning, read_series
from retention_pipeline.report.section import Meaning, Section

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from retention_pipeline.core.periods import Grain

FEEDBACK_HEADING = "What customers say"

BASES = (("purchase_window", "buyers", BLUE), ("subscription", "subscribers", ORANGE))
"""Basis, who is counted on it, colour."""
FEEDBACK = (
    ("net_promoter_score", "standard", "Net promoter score", "score, -100 to 100", SCORE),
    ("customer_satisfaction", "top_box", "Satisfied customers (CSAT)", "share of answers", SHARE),
    ("customer_satisfaction", "thumbs", "Thumbs up", "share of answers", SHARE),
)
"""Metric, variant, title, axis, scale."""


def retention_section(published: DuckDBPyConnection, grain: Grain, periods: Sequence[Period]) -> Section:
    """The retention rate with its 95 % band; that of subscribers beside that of buyers where there are any."""
    metric, variant = "customer_retention_rate", "set_based"
    lines = [
        Line(label, read_series(published, grain, metric, variant, basis), colour) for basis, label, colour in BASES
    ]
    title = f"Customer retention rate by {grain}"
    picture = line_picture("retention", title, "customers retained", periods, lines, SHARE)
    values = [value for line in lines for value in line.values.values() if value.value is not None]
    notes = []
    if picture is None:
        notes.append("No period has begun with an active customer yet, so there is no rate to show.")
    elif any(value.is_open for value in values):
        notes.append("An open period has had less time to lose customers: compare complete periods only.")
    if lines[1].values:
        notes.append("Buyers are active for a while after each order, subscribers as long as a subscription runs.")
    meaning = Meaning("", read_meaning(published, metric, variant))
    return Section("retention", "Retention rate", (meaning,), (picture,) if picture else (), notes=tuple(notes))


def feedback_section(
    published: DuckDBPyConnection, grain: Grain, periods: Sequence[Period], *, is_configured: bool
) -> Section:
    """Scores from surveys, one figure per score and scale; in words what is not delivered."""
    if not is_configured:
        return Section(
            "feedback", FEEDBACK_HEADING, notes=("The feedback source is not configured: no score to show.",)
        )
    meanings, pictures, missing = [], [], []
    for metric, variant, title, axis, scale in FEEDBACK:
        bases = read_bases(published, grain, metric, variant)
        for basis in bases:
            answers = basis.removeprefix("scale_").replace("_", " to ")
            named = title if variant == "thumbs" else f"{title}, answers from {answers}"
            line = Line("", read_series(published, grain, metric, variant, basis))
            picture = line_picture(f"{metric}-{variant}-{basis}", named, axis, periods, [line], scale, height=2.5)
            pictures += [picture] if picture else []
        if bases:
            meanings.append(Meaning(title, read_meaning(published, metric, variant)))
        else:
            missing.append(title)
    notes = tuple(f"{title}: no such survey is configured, or nobody has answered it yet." for title in missing)
    return Section("feedback", FEEDBACK_HEADING, tuple(meanings), tuple(pictures), notes=notes)
