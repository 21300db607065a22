"""``fct_feedback_period`` a second time.

Belongs here: counts and sums of answers per period, segment and scale. Not here: scores such as NPS.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from tests.oracle.calendars import periods
from tests.oracle.period_facts import ALL, first_day
from tests.oracle.state import CountedAnswer, State

FeedbackKey = tuple[str, dt.date, str, str, str, Decimal, Decimal]
"""grain, period_start, segment_set, segment_key, measure, scale_min, scale_max"""
FeedbackCell = dict[str, int | Decimal]


@dataclass
class FeedbackFacts:
    """Cells of ``fct_feedback_period`` and the scores behind them."""

    cells: dict[FeedbackKey, FeedbackCell] = field(default_factory=dict)
    scores: dict[FeedbackKey, list[Decimal]] = field(default_factory=dict)


def feedback_facts(state: State) -> FeedbackFacts:
    """Every cell of ``fct_feedback_period``: dense over periods and keys for each scale that was answered on."""
    facts = FeedbackFacts()
    first = first_day(state)
    if first is None:
        return facts
    scales = {(answer.measure, *answer.scale) for answer in state.answers}
    for grain in state.shop.grains:
        for start, end in periods(first, state.as_of, grain, state.shop.week_start):
            inside = [answer for answer in state.answers if start <= answer.day < end]
            for segment_set, keys in ({ALL: [ALL]} | state.segment_keys).items():
                groups = _grouped(state, inside, segment_set, start)
                for key in keys:
                    for measure, low, high in scales:
                        cell = (grain, start, segment_set, key, measure, low, high)
                        answers = groups.get((key, measure, low, high), [])
                        facts.cells[cell] = _cell(measure, high, answers)
                        facts.scores[cell] = [answer.score for answer in answers]
    return facts


def _grouped(
    state: State, answers: list[CountedAnswer], segment_set: str, day: dt.date
) -> dict[tuple[str, str, Decimal, Decimal], list[CountedAnswer]]:
    groups: dict[tuple[str, str, Decimal, Decimal], list[CountedAnswer]] = defaultdict(list)
    for answer in answers:
        if segment_set == ALL:
            key = ALL
        elif answer.customer_id is None:
            continue
        else:
            key = state.segment(segment_set, answer.customer_id, day)
        groups[(key, answer.measure, *answer.scale)].append(answer)
    return groups


def _cell(measure: str, scale_max: Decimal, answers: list[CountedAnswer]) -> FeedbackCell:
    scores = [answer.score for answer in answers]
    is_nps = measure == "nps"
    if measure == "csat":
        top = sum(score >= scale_max - 1 for score in scores)
    else:
        top = sum(score == 1 for score in scores) if measure == "thumbs" else 0
    return {
        "answers_count": len(scores),
        "promoters_count": sum(score >= 9 for score in scores) if is_nps else 0,
        "passives_count": sum(7 <= score < 9 for score in scores) if is_nps else 0,
        "detractors_count": sum(score < 7 for score in scores) if is_nps else 0,
        "top_box_count": top,
        "score_sum": sum(scores, Decimal(0)),
        "score_sq": sum((score * score for score in scores), Decimal(0)),
        "customers_count": len({answer.customer_id for answer in answers if answer.customer_id is not None}),
    }
