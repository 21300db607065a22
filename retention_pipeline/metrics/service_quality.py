"""How customers are served: tickets, complaints, answering times, reasons for leaving (section 8 of the definitions).

Belongs here: definitions and formulas over ``fct_ticket_period`` and ``fct_churn_reason_period``; a ticket belongs to
the period it was opened in. Not here: what customers say when asked (``feedback_scores``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.definition import (
    CALENDAR,
    ON_PURCHASE_WINDOW,
    PERIOD_RULE,
    PURCHASE_WINDOW,
    MetricDefinition,
)
from retention_pipeline.metrics.facts import Facts, as_dates
from retention_pipeline.metrics.intervals import WILSON, Floats, Interval, wilson
from retention_pipeline.metrics.rows import Cells, absent, assemble, count, together
from retention_pipeline.metrics.status import Bools, is_complete, smallest_group

_TICKET_RULE: Final = PERIOD_RULE + "; source_absent without the source tickets"
_ANSWERED_RULE: Final = _TICKET_RULE + "; a first answer given after the period still counts for the ticket"
_metric = partial(MetricDefinition, family="service_quality", source="A1, A4", maturity=_TICKET_RULE)
_tickets = partial(_metric, unit="tickets", is_additive=True)
_hours = partial(_metric, metric="first_response_time", unit="hours", maturity=_ANSWERED_RULE)

DEFINITIONS: Final = (
    _tickets(metric="tickets", meaning="Tickets opened in the period.", formula="count of tickets by day of opening"),
    _tickets(
        metric="complaints", meaning="Tickets opened in the period that are complaints.",
        formula="count of tickets of kind complaint by day of opening",
    ),
    _metric(
        metric="tickets_per_customer", unit="tickets_per_customer", bases=ON_PURCHASE_WINDOW,
        meaning="How many tickets a customer opens on average.",
        formula="tickets of known customers / customers active at the start or end, or ordering in the period",
    ),
    _metric(
        metric="complaint_rate", variant="customers", unit="fraction", bases=ON_PURCHASE_WINDOW, interval=WILSON,
        has_control_limits=True,
        meaning="Share of customers who complained; more than 1 where people without recent orders complain.",
        formula="customers who complained / customers active at the start or end, or ordering in the period; without"
        " interval above 1",
    ),
    _metric(
        metric="complaint_rate", variant="orders", unit="ratio",
        meaning="Complaints for each order in the period.",
        formula="complaints / valid orders; totals hold complaints and orders without a customer, segments neither",
    ),
    _hours(
        variant="p50", meaning="Half of the answered tickets had their first answer within so many hours.",
        formula="median of the hours from opening to first answer, tickets answered by as_of, interpolated",
    ),
    _hours(
        variant="p90", meaning="Nine in ten answered tickets had their first answer within so many hours.",
        formula="90th percentile of the hours from opening to first answer, tickets answered by as_of, interpolated",
    ),
    _metric(
        metric="sla_met_rate", unit="fraction", interval=WILSON, has_control_limits=True, maturity=_ANSWERED_RULE,
        meaning="Share of tickets whose first answer came within the promised time.",
        formula="tickets answered by the time promised / tickets answered, or due by the last day delivered, that carry"
        " a promise (their own, or sla_hours)",
    ),
    _metric(
        metric="churn_reason_share", unit="fraction", interval=WILSON, source="A1",
        meaning="Share of each reason among the customers who gave one for leaving; each counts with the last one.",
        formula="customers whose last reason in the period is this one / customers who gave a reason in the period",
        maturity=PERIOD_RULE + "; source_absent where no reason has been delivered",
    ),
)  # fmt: skip

_REASONS: Final = ("churn_reason_share.standard",)
_BY_ACTIVITY: Final = ("tickets_per_customer.standard", "complaint_rate.customers")
_BY_TICKET: Final = tuple(each.name for each in DEFINITIONS if each.name not in {*_REASONS, *_BY_ACTIVITY})
_JOIN: Final = ["calendar", "grain", "period_start", "segment_set", "segment_key"]
_BESIDE: Final = ["customers_active", "customers_ordering", "orders_count", "orders_count_guest"]


def compute(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> pd.DataFrame:
    """Metric rows of the family from ``fct_ticket_period``, ``fct_churn_reason_period`` and ``fct_period``."""
    periods = facts["fct_period"]
    parts = [_tickets_rows(facts, context), _reason_rows(facts["fct_churn_reason_period"], periods, context)]
    return together([row for part in parts for row in part])


def _tickets_rows(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> Iterator[pd.DataFrame]:
    periods, rows = facts["fct_period"], partial(assemble, definitions=DEFINITIONS, context=context, source="tickets")
    if "tickets" not in context.sources:
        for basis, names in ((CALENDAR, _BY_TICKET), (PURCHASE_WINDOW, _BY_ACTIVITY)):
            nobody = Facts.totals(periods, basis=basis)
            yield rows(nobody, absent(nobody, names))
        return
    beside = periods[periods["basis"] == PURCHASE_WINDOW][[*_JOIN, *_BESIDE]]
    dated = [each.assign(period_start=as_dates(each["period_start"])) for each in (facts["fct_ticket_period"], beside)]
    joined = dated[0].merge(dated[1], on=_JOIN, how="left", validate="one_to_one")
    by_ticket, by_activity = Facts.of(joined, basis=CALENDAR), Facts.of(joined, basis=PURCHASE_WINDOW)
    ends = by_ticket.frame["period_end"].to_numpy()
    ordered = is_complete(ends, context.settled_through("orders"))
    yield rows(by_ticket, [*_counts(by_ticket), *_answers(by_ticket), _per_order(by_ticket, ordered)])
    yield rows(by_activity, _per_customer(by_activity, ordered))


def _reason_rows(reasons: pd.DataFrame, periods: pd.DataFrame, context: MetricContext) -> Iterator[pd.DataFrame]:
    rows = partial(assemble, definitions=DEFINITIONS, context=context, source="churn_reasons")
    if reasons.empty or "churn_reasons" not in context.sources:
        nobody = Facts.totals(periods, basis=CALENDAR)
        yield rows(nobody, absent(nobody, _REASONS))
        return
    given = Facts.of(reasons, basis=CALENDAR)
    these, everybody = given["customers_count"], given["customers_with_reason"]
    share = partial(Cells, name=_REASONS[0], numerator=these, denominator=everybody, n=everybody)
    # Each reason is a group of customers, and a group of two is not shown.
    yield rows(given, [share(interval=wilson(these, everybody), people=these)])


def _counts(tickets: Facts) -> Iterator[Cells]:
    yield count("tickets.standard", tickets["tickets_count"], n=tickets["customers_with_ticket"])
    yield count("complaints.standard", tickets["complaints_count"], n=tickets["customers_with_complaint"])


def _answers(tickets: Facts) -> Iterator[Cells]:
    answered, asked = tickets["responses_count"], tickets["customers_with_ticket"]
    for variant in ("p50", "p90"):
        yield Cells(
            name=f"first_response_time.{variant}",
            numerator=tickets[f"response_hours_{variant}"],
            denominator=np.ones(len(tickets)),
            n=answered,
            people=smallest_group([answered, asked]),
            may_be_undefined=True,
        )
    met, decided = tickets["sla_met_count"], tickets["sla_decided_count"]
    yield Cells(
        name="sla_met_rate.standard",
        numerator=met,
        denominator=decided,
        n=decided,
        people=smallest_group([decided, asked]),
        interval=wilson(met, decided),
    )


def _per_order(tickets: Facts, ordered: Bools) -> Cells:
    # Tickets without a customer stand against orders without one; each guest order stands for a customer of its own.
    guests = tickets["orders_count_guest"]
    return Cells(
        name="complaint_rate.orders",
        numerator=tickets["complaints_count"],
        denominator=tickets["orders_count"] + guests,
        n=tickets["customers_ordering"] + guests,
        settled=ordered,
    )


def _per_customer(tickets: Facts, ordered: Bools) -> Iterator[Cells]:
    customers, complained = tickets["customers_active"], tickets["customers_with_complaint"]
    rate = partial(Cells, denominator=customers, n=customers, settled=ordered)
    yield rate(name="tickets_per_customer.standard", numerator=tickets["tickets_with_customer_count"])
    yield rate(name="complaint_rate.customers", numerator=complained, interval=_share(complained, customers))


def _share(part: Floats, whole: Floats) -> Interval:
    """Wilson interval where the part is one; people who are no longer customers may complain, too."""
    low, high = wilson(np.minimum(part, whole), whole)
    return np.where(part <= whole, low, np.nan), np.where(part <= whole, high, np.nan)
