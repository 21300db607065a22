"""Counts what is true about surveys, memberships, support, reasons and spending of a simulated shop.

Belongs here: expected counts of these sources and the parameters they were drawn from. Not here: orders
(``truth_sales``), customers (``truth_people``).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from retention_pipeline.demo import answers as survey
from retention_pipeline.demo import budgets, complaints, leaving, members, population, tickets
from retention_pipeline.demo.answers import Answer
from retention_pipeline.demo.budgets import Spending
from retention_pipeline.demo.leaving import Reason
from retention_pipeline.demo.members import Contract
from retention_pipeline.demo.population import GUEST
from retention_pipeline.demo.rates import Rates
from retention_pipeline.demo.rhythm import DAY, Span, Stamps
from retention_pipeline.demo.tickets import Ticket
from retention_pipeline.demo.truth import Truth


def parameters() -> dict[str, Any]:
    """What the simulation drew these sources from, by name."""
    return {
        "complaint_share_of_orders": complaints.COMPLAINT_SHARE,
        "late_share_of_complaints": complaints.LATE_SHARE,
        "leaving_share_after_complaint": complaints.LEAVING_SHARE,
        "lifetime_factor_of_discount_codes": population.CODE_LIFETIME,
        "survey_response_rate": {kind: answered for kind, (_, answered) in survey.KINDS.items()},
        "late_share_of_answers": survey.LATE_ANSWER_SHARE,
        "member_share": members.MEMBER_SHARE,
        "member_mean_stay_days": members.MEAN_STAY_DAYS,
        "reason_share": leaving.REASONS,
        "cost_per_new_customer_cents": budgets.COST_PER_NEW_CUSTOMER,
        "sla_hours": tickets.SLA_HOURS,
    }


def count_answers(truth: Truth, answers: list[Answer], span: Span) -> None:
    """Add invitations and answers by survey; of several answers of a customer to one survey in a month one counts."""
    waves: dict[str, set[tuple[int, str]]] = {}
    sent: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    invited = Counter(answer.kind for answer in answers if answer.sent is not None)
    prompt = Counter(answer.kind for answer in answers if answer.is_prompt)
    truth.invitations_sent, truth.invitations_answered = dict(sorted(invited.items())), dict(sorted(prompt.items()))
    for answer in answers:
        if answer.is_lost or not answer.versions:
            continue
        sent[answer.kind] += 1
        wave = (answer.customer, f"{span.date(answer.submitted // DAY):%Y-%m}")
        seen = waves.setdefault(answer.kind, set())
        if answer.customer == GUEST or wave not in seen:
            counted[answer.kind] += 1
        seen.add(wave)
    truth.answers_sent, truth.answers_counted = dict(sorted(sent.items())), dict(sorted(counted.items()))


def count_members(truth: Truth, contracts: list[Contract], rates: Rates, span: Span) -> None:
    """Add contracts, and who is a member at the end of each month for how much."""
    truth.subscriptions = {
        "sent": len(contracts),
        "without_time": sum(contract.is_withdrawn for contract in contracts),
        "customers": len({contract.customer for contract in contracts}),
        "plan_changes": sum(contract.end is not None and contract.end.is_change for contract in contracts),
    }
    months = span.months()
    for number, month in enumerate(truth.months.values()):
        following = max(day for day, name in enumerate(months) if name == number) + 1
        running = [contract for contract in contracts if contract.is_running(following)]
        month.members_at_end = len({contract.customer for contract in running})
        month.recurring_at_end = sum(
            rates.converted(contract.cents, contract.currency, contract.started // DAY) or 0 for contract in running
        )


def count_tickets(truth: Truth, drawn: list[Ticket], stamps: Stamps) -> None:
    """Add tickets by kind, and how many were answered in time as far as that is decided when the span ends."""
    over = stamps.span.days * DAY
    allowed = dt.timedelta(hours=tickets.SLA_HOURS)
    counts: Counter[str] = Counter(dict.fromkeys((*tickets.TOPICS.values(), "with_customer", "answered"), 0))
    counts["sla_decided"] = counts["sla_met"] = 0
    for ticket in drawn:
        kind = tickets.TOPICS[ticket.topic]
        counts[kind] += 1
        counts["with_customer"] += ticket.customer != GUEST
        is_answered = ticket.answered is not None and ticket.answered < over
        counts["answered"] += is_answered
        due = stamps.instant(ticket.opened) + allowed
        is_met = is_answered and stamps.instant(ticket.answered or 0) <= due
        counts["sla_met"] += is_met
        counts["sla_decided"] += is_answered or due < stamps.instant(over)
        month = truth.months[f"{stamps.span.date(ticket.opened // DAY):%Y-%m}"]
        month.tickets += 1
        month.complaints += kind == "complaint"
    truth.tickets = dict(counts)


def count_reasons_and_spending(truth: Truth, reasons: list[Reason], bookings: list[Spending]) -> None:
    """Add the reasons by code and the money by kind and channel."""
    truth.churn_reasons = dict(sorted(Counter(reason.code for reason in reasons).items()))
    truth.spend = {kind: {} for kind in budgets.PURPOSES.values()}
    for booking in bookings:
        channels = truth.spend[budgets.PURPOSES[booking.purpose]]
        channels[booking.channel] = channels.get(booking.channel, 0) + booking.cents
