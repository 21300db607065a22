"""The oracle's whole answer: every fact and all metric rows of one shop at one ``as_of``.

Belongs here: putting the parts together. Not here: a definition.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tests.oracle.benchmark_table import benchmark_table
from tests.oracle.buyer_facts import concentration_facts, distribution_facts, rfm_facts
from tests.oracle.claim_facts import claim_facts
from tests.oracle.claims import claims_table
from tests.oracle.cohort_facts import CohortFacts, cohort_facts
from tests.oracle.cohort_metrics import cohort_rows
from tests.oracle.control_facts import control_facts
from tests.oracle.control_table import control_table
from tests.oracle.customer_facts import customer_period_facts, customer_scores
from tests.oracle.economics_metrics import economics_rows
from tests.oracle.fact import Fact
from tests.oracle.feedback_facts import FeedbackFacts, feedback_facts
from tests.oracle.feedback_metrics import feedback_rows
from tests.oracle.lifetime_metrics import lifetime_rows
from tests.oracle.order_metrics import order_rows
from tests.oracle.period_facts import PeriodFacts, period_facts
from tests.oracle.pooled_metrics import pooled_rows
from tests.oracle.reconciliation import reconciliation_table
from tests.oracle.records import Records, Shop
from tests.oracle.rows import Row, Rows
from tests.oracle.service_facts import churn_reason_facts, nps_retention_facts, survey_facts, ticket_facts
from tests.oracle.service_metrics import churn_reason_rows, nps_retention_rows, survey_rows, ticket_rows
from tests.oracle.spend_facts import spend_facts
from tests.oracle.spread_metrics import concentration_rows, distribution_rows, rfm_rows
from tests.oracle.state import State, state_at
from tests.oracle.waiting_facts import lifetime_facts, order_gap_facts
from tests.oracle.waiting_metrics import survival_table, waiting_rows

FACTS = (order_gap_facts, lifetime_facts, distribution_facts, concentration_facts, rfm_facts, ticket_facts,
         survey_facts, churn_reason_facts, nps_retention_facts, spend_facts, claim_facts, control_facts)  # fmt: skip


@dataclass
class World:
    """What the pipeline should publish."""

    state: State
    periods: PeriodFacts
    cohorts: CohortFacts
    feedback: FeedbackFacts
    facts: dict[str, Fact]
    """The further facts by the name of their table."""
    metrics: list[Row]

    def customer_tables(self) -> list[Fact]:
        """Tables about single customers, by their own ids; large, so only on demand."""
        return [customer_period_facts(self.state, self.periods), customer_scores(self.state)]


def compute(records: Records, shop: Shop, as_of: dt.date | None = None) -> World:
    """Everything, from the raw records; ``as_of`` defaults to the last known date of the orders."""
    state = state_at(records, shop, as_of or records.default_as_of())
    periods, cohorts, feedback = period_facts(state), cohort_facts(state), feedback_facts(state)
    facts = {fact.name: fact for fact in (make(state) for make in FACTS)}
    rows = Rows(state)
    order_rows(periods, rows)
    cohort_rows(cohorts, rows)
    pooled_rows(cohorts, rows)
    feedback_rows(feedback, rows)
    waiting_rows(facts["fct_order_gap_period"], periods, rows)
    concentration_rows(facts["fct_concentration_period"], rows)
    distribution_rows(facts["fct_orders_distribution"], rows)
    rfm_rows(facts["fct_rfm_transition"], rows)
    ticket_rows(facts["fct_ticket_period"], periods, rows)
    survey_rows(facts["fct_survey_period"], rows)
    churn_reason_rows(facts["fct_churn_reason_period"], rows)
    nps_retention_rows(facts["fct_nps_retention_period"], rows)
    spend = facts["fct_spend_period"]
    values = lifetime_rows(periods, facts["fct_lifetime_period"], cohorts, spend, rows)
    economics_rows(spend, periods, cohorts, values, rows)
    facts["order_gap_survival"] = survival_table(facts["fct_order_gap_period"], state)
    rows.suppress_small_cells()
    world = World(state, periods, cohorts, feedback, facts, rows.found)
    for table in (claims_table(world), benchmark_table(world), control_table(world), reconciliation_table(world)):
        facts[table.name] = table
    return world
