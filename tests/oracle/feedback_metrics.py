"""Metric rows of feedback.

Belongs here: section 8 of the definitions over the cells of ``feedback_facts``. Not here: orders.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from tests.oracle import intervals
from tests.oracle.calendars import end_of, periods
from tests.oracle.feedback_facts import FeedbackCell, FeedbackFacts, FeedbackKey
from tests.oracle.period_facts import first_day
from tests.oracle.rows import Place, Rows

ANY_SCALE = "*"
"""Basis of a row without a source: which scale it would have had is not defined."""
FEEDBACK_METRICS = (
    "net_promoter_score.standard", "nps_answers.promoters", "nps_answers.passives", "nps_answers.detractors",
    "customer_satisfaction.top_box", "customer_satisfaction.mean", "customer_satisfaction.thumbs",
    "customer_effort.mean", "answers.standard",
)  # fmt: skip


def feedback_rows(facts: FeedbackFacts, rows: Rows) -> None:
    """Every metric row that comes from ``fct_feedback_period``, or says that there is no such source."""
    state = rows.state
    for key, cell in facts.cells.items():
        grain, start, segment_set, segment_key, _, low, high = key
        end = end_of(start, grain, state.shop.week_start)
        place = Place(basis_of(low, high), grain, start, end, segment_set, segment_key)
        _answers(rows, place, key, cell, facts.scores[key])
    found = {f"{row.metric}.{row.variant}" for row in rows.found}
    _absent(rows, [name for name in FEEDBACK_METRICS if name not in found])


def basis_of(low: Decimal, high: Decimal) -> str:
    """The basis of a row: the scale of the answers."""
    return f"scale_{low.normalize():f}_{high.normalize():f}"


def _answers(rows: Rows, place: Place, key: FeedbackKey, cell: FeedbackCell, scores: list[Decimal]) -> None:
    *_, measure, low, high = key
    n, top = len(scores), int(cell["top_box_count"])
    total = cell["score_sum"]
    behind: dict[str, Any] = {"source": "feedback", "people": int(cell["customers_count"])}
    rows.add("answers.standard", place, n, n=n, **behind)
    if measure == "nps":
        up, down = int(cell["promoters_count"]), int(cell["detractors_count"])
        interval = intervals.net_promoter(up, down, n)
        rows.add("net_promoter_score.standard", place, up - down, n, n=n, ci=interval, **behind)
        for name in ("promoters", "passives", "detractors"):
            count = int(cell[f"{name}_count"])
            rows.add(f"nps_answers.{name}", place, count, n=count, **behind)
    elif measure == "thumbs":
        interval = intervals.wilson(top, n)
        rows.add("customer_satisfaction.thumbs", place, top, n, n=n, ci=interval, **behind)
    else:
        spread = intervals.within(intervals.mean([float(score) for score in scores]), float(low), float(high))
        if measure == "effort":
            rows.add("customer_effort.mean", place, total, n, n=n, ci=spread, **behind)
        else:
            interval = intervals.wilson(top, n)
            rows.add("customer_satisfaction.top_box", place, top, n, n=n, ci=interval, **behind)
            rows.add("customer_satisfaction.mean", place, total, n, n=n, ci=spread, **behind)


def _absent(rows: Rows, names: list[str]) -> None:
    """What nobody was ever asked (or no source is configured for) is absent, period by period."""
    state = rows.state
    first: dt.date | None = first_day(state)
    if first is None:
        return
    for grain in state.shop.grains:
        for start, end in periods(first, state.as_of, grain, state.shop.week_start):
            for name in names:
                place = Place(ANY_SCALE, grain, start, end)
                rows.add_without_value(name, place, "source_absent", source="feedback")
