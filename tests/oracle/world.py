"""The oracle's whole answer: three facts and all metric rows of one shop at one ``as_of``.

Belongs here: putting the parts together. Not here: a definition.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tests.oracle.cohort_facts import CohortFacts, cohort_facts
from tests.oracle.cohort_metrics import cohort_rows
from tests.oracle.feedback_facts import FeedbackFacts, feedback_facts
from tests.oracle.feedback_metrics import feedback_rows
from tests.oracle.order_metrics import order_rows
from tests.oracle.period_facts import PeriodFacts, period_facts
from tests.oracle.records import Records, Shop
from tests.oracle.rows import Row, Rows
from tests.oracle.state import State, state_at


@dataclass
class World:
    """What the pipeline should publish."""

    state: State
    periods: PeriodFacts
    cohorts: CohortFacts
    feedback: FeedbackFacts
    metrics: list[Row]


def compute(records: Records, shop: Shop, as_of: dt.date | None = None) -> World:
    """Everything, from the raw records; ``as_of`` defaults to the last known date of the orders."""
    state = state_at(records, shop, as_of or records.default_as_of())
    periods = period_facts(state)
    cohorts = cohort_facts(state)
    feedback = feedback_facts(state)
    rows = Rows(state)
    order_rows(periods, rows)
    cohort_rows(cohorts, rows)
    feedback_rows(feedback, rows)
    rows.suppress_small_cells()
    return World(state, periods, cohorts, feedback, rows.found)
