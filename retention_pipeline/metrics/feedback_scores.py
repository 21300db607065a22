"""What customers say: recommendation, satisfaction, effort (section 8 of the metric definitions).

Belongs here: definitions and formulas over ``fct_feedback_period``; the basis is the scale of the answers, so that two
scales never share a cell. Not here: which answer of a customer counts (dbt), whether surveys are answered and customers
stay (``survey_outcomes``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import pandas as pd

from retention_pipeline.core.status import Status
from retention_pipeline.metrics import survey_outcomes
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.definition import ANSWER_RULE, ANY_SCALE, CALENDAR, MetricDefinition
from retention_pipeline.metrics.facts import KEYS, TOTAL, Facts
from retention_pipeline.metrics.intervals import NORMAL_MEAN, NPS, WILSON, Floats, normal_mean, nps, wilson, within
from retention_pipeline.metrics.rows import Cells, assemble, count, together, without_value
from retention_pipeline.metrics.survey_outcomes import UNKNOWN_SCALE, on_scales

_metric = partial(MetricDefinition, family="feedback_scores", maturity=ANSWER_RULE, bases=(ANY_SCALE,))
_nps = partial(_metric, bases=("scale_0_10",), source="Reichheld 2003; A4")
_answers = partial(_nps, metric="nps_answers", unit="answers", is_additive=True)
_satisfaction = partial(_metric, metric="customer_satisfaction")

DEFINITIONS: Final = (
    _nps(
        metric="net_promoter_score", unit="fraction", interval=NPS,
        meaning="Share of customers who would recommend you minus the share who would not, from -1 to 1.",
        formula="(answers of 9 or 10 - answers of 0 to 6) / all answers, those of 7 or 8 included",
    ),
    _answers(variant="promoters", meaning="Answers of 9 or 10.", formula="count of answers of 9 or 10"),
    _answers(variant="passives", meaning="Answers of 7 or 8.", formula="count of answers of 7 or 8"),
    _answers(variant="detractors", meaning="Answers of 0 to 6.", formula="count of answers of 0 to 6"),
    _satisfaction(
        variant="top_box", unit="fraction", interval=WILSON, has_control_limits=True, source="CSAT convention",
        meaning="Share of answers in the two best grades of the scale.",
        formula="answers of the second highest point of the scale or more (4 and more of 5) / answers",
    ),
    _satisfaction(
        variant="mean", unit="points", interval=NORMAL_MEAN, source="CSAT convention",
        meaning="Average grade, in points of its own scale.", formula="sum of scores / answers",
    ),
    _satisfaction(
        variant="thumbs", unit="fraction", interval=WILSON, has_control_limits=True, source="A1", bases=("scale_0_1",),
        meaning="Share of thumbs that point up.", formula="thumbs up / thumbs",
    ),
    _metric(
        metric="customer_effort", variant="mean", unit="points", interval=NORMAL_MEAN, source="Dixon et al. 2010",
        meaning="Average effort customers report, in points of its own scale.", formula="sum of scores / answers",
    ),
    _metric(
        metric="answers", unit="answers", is_additive=True, source="counted",
        meaning="Answers that count: the latest per customer and survey wave, all questions of this scale together.",
        formula="count of counted answers",
    ),
    *survey_outcomes.DEFINITIONS,
)  # fmt: skip

_EVERY: Final = "every"
_METRICS_OF: Final = {
    "nps": ("net_promoter_score.standard", "nps_answers.promoters", "nps_answers.passives", "nps_answers.detractors"),
    "csat": ("customer_satisfaction.top_box", "customer_satisfaction.mean"),
    "thumbs": ("customer_satisfaction.thumbs",),
    "effort": ("customer_effort.mean",),
    _EVERY: ("answers.standard",),
}
_SCALE_OF: Final = {"nps": "scale_0_10", "thumbs": "scale_0_1"}
_SUMMED: Final = {"answers_count": "sum", "customers_count": "max"}


def compute(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> pd.DataFrame:
    """Metric rows of the family from ``fct_feedback_period``, ``fct_survey_period`` and ``fct_nps_retention_period``.

    A measure nobody has answered, and every measure of a shop without a feedback source, gets one ``source_absent`` row
    per metric and period of ``fct_period``, for totals.
    """
    answered = facts["fct_feedback_period"]
    answered = answered if "feedback" in context.sources else answered.iloc[:0]
    missing = sorted(set(_METRICS_OF) - {_EVERY} - set(answered["measure"]))
    if answered.empty:
        missing.append(_EVERY)
    parts = [_with_sums(answered)] if len(answered) else []
    parts += [_absent(facts["fct_period"], measure) for measure in missing]
    feedback = Facts.of(pd.concat(parts, ignore_index=True))
    scores = assemble(feedback, _cells(feedback, missing), DEFINITIONS, context, source="feedback")
    outcomes = (survey_outcomes.response_rates, survey_outcomes.retention_by_group)
    return together([scores, *(rows(facts, context) for rows in outcomes)])


def _with_sums(answered: pd.DataFrame) -> pd.DataFrame:
    """The facts with their scale as basis, and a measure ``every`` that adds up all measures of one scale."""
    named = on_scales(answered)
    by = [key for key in KEYS if key in named]
    # One person may have answered two questions; the greater count is the cautious one where privacy is decided.
    together = named.groupby(by, observed=True, as_index=False).agg(_SUMMED).assign(measure=_EVERY)
    return pd.concat([named, together], ignore_index=True)


def _absent(periods: pd.DataFrame, measure: str) -> pd.DataFrame:
    """One row per period for a measure without answers."""
    totals = periods[(periods["basis"] == CALENDAR) & (periods["segment_set"] == TOTAL)]
    keys = [key for key in KEYS if key in totals]
    return totals[keys].assign(basis=_SCALE_OF.get(measure, UNKNOWN_SCALE), measure=measure)


def _cells(feedback: Facts, missing: list[str]) -> Iterator[Cells]:
    measure = feedback.frame["measure"]
    where = {name: (measure == name).to_numpy(dtype=bool) for name in _METRICS_OF}
    for absent in missing:
        for name in _METRICS_OF[absent]:
            yield without_value(name, Status.SOURCE_ABSENT, where[absent])
    for answered in sorted(set(_METRICS_OF) - set(missing)):
        # People are protected, not answers; answers without a customer belong to totals, which are never hidden.
        people = feedback["customers_count"]
        for one in _answered(feedback, answered):
            yield replace(one, where=where[answered], people=people)


def _answered(feedback: Facts, measure: str) -> Iterator[Cells]:
    """Cells of one measure; meaningful in its own rows."""
    answers = feedback["answers_count"]
    if measure == _EVERY:
        yield count("answers.standard", answers)
        return
    share = partial(Cells, denominator=answers, n=answers)
    top, total = feedback["top_box_count"], feedback["score_sum"]
    if measure == "nps":
        yield from _recommendation(feedback, answers)
    elif measure == "thumbs":
        yield share(name="customer_satisfaction.thumbs", numerator=top, interval=wilson(top, answers))
    else:
        mean = normal_mean(answers, total, feedback["score_sq"])
        interval = within(mean, feedback["scale_min"], feedback["scale_max"])
        name = "customer_satisfaction.mean" if measure == "csat" else "customer_effort.mean"
        yield share(name=name, numerator=total, interval=interval)
    if measure == "csat":
        yield share(name="customer_satisfaction.top_box", numerator=top, interval=wilson(top, answers))


def _recommendation(feedback: Facts, answers: Floats) -> Iterator[Cells]:
    counts = {group: feedback[f"{group}_count"] for group in ("promoters", "passives", "detractors")}
    yield Cells(
        name="net_promoter_score.standard",
        numerator=counts["promoters"] - counts["detractors"],
        denominator=answers,
        n=answers,
        interval=nps(*counts.values()),
    )
    for group, values in counts.items():
        yield count(f"nps_answers.{group}", values)
