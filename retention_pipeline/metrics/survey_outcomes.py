"""What becomes of a survey: whether it is answered, and whether those who answered it stay (section 8).

Belongs here: definitions and formulas over ``fct_survey_period`` and ``fct_nps_retention_period``; published in
the family ``feedback_scores``. Not here: the scores themselves (``feedback_scores``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from retention_pipeline.core.status import Status
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.definition import (
    ANY_SCALE,
    PURCHASE_WINDOW,
    SPELL_BASES,
    SUBSCRIPTION,
    MetricDefinition,
)
from retention_pipeline.metrics.facts import KEYS, Facts
from retention_pipeline.metrics.intervals import WILSON, wilson
from retention_pipeline.metrics.rows import Cells, absent, assemble, only_where
from retention_pipeline.metrics.status import Bools, is_complete

RESPONSE_RATE: Final = "survey_response_rate.standard"
RETENTION: Final = "retention_by_nps_group.standard"
UNKNOWN_SCALE: Final = "scale_unknown"
_SCALE: Final = ["scale_min", "scale_max"]
_metric = partial(MetricDefinition, family="feedback_scores", unit="fraction", interval=WILSON)

DEFINITIONS: Final = (
    _metric(
        metric="survey_response_rate", bases=(ANY_SCALE,), has_control_limits=True, source="survey convention",
        meaning="Share of surveys sent in the period that were answered in time, all questions of a scale together.",
        formula="surveys answered within response_window_days of the day they were sent / surveys sent",
        maturity="immature until response_window_days after the period have been delivered, final then; source_absent "
        "where the shop does not deliver when surveys were sent",
    ),
    _metric(
        metric="retention_by_nps_group", bases=SPELL_BASES, source="A4",
        meaning="Share of active promoters, passives and detractors who are active again or still one activity window "
        "after their answer.",
        formula="customers active activity_window_days + 1 days after their answer, among those active the day after it"
        " / customers active the day after their answer; of each customer the last answer of the period",
        maturity="immature until activity_window_days after the period have been delivered, final then; source_absent "
        "where no customer has answered the recommendation question",
    ),
)  # fmt: skip


def response_rates(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> pd.DataFrame:
    """Metric rows of the response rate, one per scale, period and segment; from ``fct_survey_period``."""
    sent = facts["fct_survey_period"]
    if sent.empty or "feedback" not in context.sources:
        nobody = Facts.totals(facts["fct_period"], basis=UNKNOWN_SCALE)
        return assemble(nobody, absent(nobody, [RESPONSE_RATE]), DEFINITIONS, context, source="feedback")
    named = on_scales(sent)
    by = [key for key in KEYS if key in named]
    # One person may have been asked two questions; the greater count is the cautious one where privacy is decided.
    how = {"sent_count": "sum", "answered_count": "sum", "customers_count": "max", "is_closed": "min"}
    surveys = Facts.of(named.groupby(by, observed=True, as_index=False).agg(how))
    answered, asked = surveys["answered_count"], surveys["sent_count"]
    rate = Cells(
        name=RESPONSE_RATE,
        numerator=answered,
        denominator=asked,
        n=asked,
        interval=wilson(answered, asked),
        people=surveys["customers_count"],
        settled=_watched(surveys, context.response_window_days, context, "feedback"),
    )
    cells = only_where(rate, surveys["is_closed"] == 1, Status.IMMATURE)
    return assemble(surveys, cells, DEFINITIONS, context, source="feedback")


def retention_by_group(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> pd.DataFrame:
    """Metric rows of the retention by group of answers, one per basis and period; from ``fct_nps_retention_period``."""
    followed = facts["fct_nps_retention_period"]
    if followed.empty or "feedback" not in context.sources:
        nobody = Facts.totals(facts["fct_period"], basis=PURCHASE_WINDOW)
        return assemble(nobody, absent(nobody, [RETENTION]), DEFINITIONS, context, source="feedback")
    groups = Facts.of(followed)
    active, kept = groups["customers_active_at_answer"], groups["customers_retained"]
    window = context.activity_window_days
    by_orders, by_subscriptions = (_watched(groups, window, context, name) for name in ("orders", "subscriptions"))
    rate = Cells(
        name=RETENTION,
        numerator=kept,
        denominator=active,
        n=active,
        interval=wilson(kept, active),
        settled=np.where(groups.frame["basis"] == SUBSCRIPTION, by_subscriptions, by_orders),
    )
    cells = only_where(rate, groups["is_mature"] == 1, Status.IMMATURE)
    return assemble(groups, cells, DEFINITIONS, context, source="feedback")


def _watched(facts: Facts, days: int, context: MetricContext, source: str) -> Bools:
    """Whether the deliveries of so many days after each period are final."""
    ends = facts.frame["period_end"] + pd.Timedelta(days=days)
    return is_complete(ends.to_numpy(), context.settled_through(source))


def on_scales(answers: pd.DataFrame) -> pd.DataFrame:
    """The facts with the scale of their answers as basis."""
    scales = answers[_SCALE].drop_duplicates()
    names = [f"scale_{_plain(low)}_{_plain(high)}" for low, high in scales.itertuples(index=False)]
    return answers.merge(scales.assign(basis=names), on=_SCALE)


def _plain(number: float) -> str:
    return f"{float(number):.2f}".rstrip("0").rstrip(".")
