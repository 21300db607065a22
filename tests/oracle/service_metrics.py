"""Metric rows of service and of what follows from answers: tickets, response rates, reasons, retention by NPS group.

Belongs here: section 8 of the definitions over ``service_facts``. Not here: scores (``feedback_metrics``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.oracle import intervals
from tests.oracle.calendars import DAY, end_of
from tests.oracle.fact import Fact, Row, periods_of
from tests.oracle.feedback_metrics import ANY_SCALE, basis_of
from tests.oracle.period_facts import Cell, PeriodFacts
from tests.oracle.rows import Place, Rows, smallest
from tests.oracle.service_facts import SOURCE_OF_BASIS

TICKET_METRICS = (
    "tickets.standard", "complaints.standard", "tickets_per_customer.standard", "complaint_rate.customers",
    "complaint_rate.orders", "first_response_time.p50", "first_response_time.p90", "sla_met_rate.standard",
)  # fmt: skip


def absent_rows(rows: Rows, names: tuple[str, ...], source: str, grains: tuple[str, ...] | None = None) -> None:
    """One row per period that says that the source is not there."""
    for period in periods_of(rows.state, grains or rows.state.shop.grains):
        for name in names:
            place = Place(ANY_SCALE, period.grain, period.start, period.end)
            rows.add_without_value(name, place, "source_absent", source=source)


def ticket_rows(fact: Fact, facts: PeriodFacts, rows: Rows) -> None:
    """Every metric row of tickets."""
    if "tickets" not in rows.state.shop.sources:
        absent_rows(rows, TICKET_METRICS, "tickets")
        return
    for (grain, start, segment_set, segment_key), row in fact.rows.items():
        end = facts.ends[(grain, start)]
        place = Place("calendar", grain, start, end, segment_set, segment_key)
        cell = facts.cells[("purchase_window", grain, start, segment_set, segment_key)]
        _tickets(rows, place, row, cell)


def _tickets(rows: Rows, place: Place, row: Row, cell: Cell) -> None:
    behind: dict[str, Any] = {"source": "tickets"}
    tickets, complaints, guests = row["tickets_count"], row["complaints_count"], cell["orders_count_guest"]
    complaining, active = row["customers_with_complaint"], cell["customers_active"]
    rows.add("tickets.standard", place, tickets, n=row["customers_with_ticket"], **behind)
    rows.add("complaints.standard", place, complaints, n=complaining, **behind)
    # Complaints and orders without a customer are in the totals; each guest order stands for a customer of its own.
    orders, n = cell["orders_count"] + guests, cell["customers_ordering"] + guests
    rows.add("complaint_rate.orders", place, complaints, orders, n=n, also="orders", **behind)
    # Who is active is a matter of the purchase window, so these two stand on its basis.
    windowed = replace(place, basis="purchase_window")
    per_customer = row["tickets_with_customer_count"]
    rows.add("tickets_per_customer.standard", windowed, per_customer, active, n=active, also="orders", **behind)
    ci = intervals.wilson(complaining, active) if complaining <= active else None
    rows.add("complaint_rate.customers", windowed, complaining, active, n=active, ci=ci, also="orders", **behind)
    asked, responses = row["customers_with_ticket"], row["responses_count"]
    behind["people"] = smallest(asked, responses)
    for name in ("p50", "p90"):
        value = row[f"response_hours_{name}"]
        if value is None:
            rows.add_undefined(f"first_response_time.{name}", place, source="tickets", people=behind["people"])
        else:
            rows.add_estimate(f"first_response_time.{name}", place, value, 1, n=responses, **behind)
    met, decided = row["sla_met_count"], row["sla_decided_count"]
    behind["people"] = smallest(asked, decided)
    rows.add("sla_met_rate.standard", place, met, decided, n=decided, ci=intervals.wilson(met, decided), **behind)


def churn_reason_rows(fact: Fact, rows: Rows) -> None:
    """The share of each reason among the leavers who gave one."""
    name = "churn_reason_share.standard"
    if "churn_reasons" not in rows.state.shop.sources or not fact.rows:
        absent_rows(rows, (name,), "churn_reasons")
        return
    for (grain, start, segment_set, segment_key), row in fact.rows.items():
        end = end_of(start, grain, rows.state.shop.week_start)
        place = Place("calendar", grain, start, end, segment_set, segment_key)
        count, n = row["customers_count"], row["customers_with_reason"]
        ci = intervals.wilson(count, n)
        rows.add(name, place, count, n, n=n, ci=ci, people=count, source="churn_reasons")


def survey_rows(fact: Fact, rows: Rows) -> None:
    """Answered of sent; immature until the window of the last invitation has closed."""
    name = "survey_response_rate.standard"
    if not fact.rows:
        absent_rows(rows, (name,), "feedback")
        return
    for (grain, start, segment_set, segment_key, _, low, high), row in fact.rows.items():
        end = end_of(start, grain, rows.state.shop.week_start)
        place = Place(basis_of(low, high), grain, start, end, segment_set, segment_key)
        if not row["is_closed"]:
            rows.add_without_value(name, place, "immature", source="feedback")
            continue
        answered, sent = row["answered_count"], row["sent_count"]
        behind: dict[str, Any] = {"source": "feedback", "people": row["customers_count"]}
        behind["is_settled"] = rows.is_final(end + rows.state.shop.response_window_days * DAY, "feedback")
        rows.add(name, place, answered, sent, n=sent, ci=intervals.wilson(answered, sent), **behind)


def nps_retention_rows(fact: Fact, rows: Rows) -> None:
    """Retention over the next window of promoters, passives and detractors."""
    name = "retention_by_nps_group.standard"
    if not fact.rows:
        absent_rows(rows, (name,), "feedback")
        return
    for (basis, grain, start, segment_set, segment_key), row in fact.rows.items():
        end = end_of(start, grain, rows.state.shop.week_start)
        place = Place(basis, grain, start, end, segment_set, segment_key)
        if not row["is_mature"]:
            rows.add_without_value(name, place, "immature", source="feedback")
            continue
        kept, base = row["customers_retained"], row["customers_active_at_answer"]
        behind: dict[str, Any] = {"source": "feedback", "ci": intervals.wilson(kept, base)}
        behind["is_settled"] = rows.is_final(end + rows.state.shop.window_days * DAY, SOURCE_OF_BASIS[basis])
        rows.add(name, place, kept, base, n=base, **behind)
