"""Tickets, surveys and reasons for leaving, per period.

Belongs here: ``fct_ticket_period``, ``fct_survey_period``, ``fct_churn_reason_period``, ``fct_nps_retention_period``.
Not here: answers themselves (``feedback_facts``), rates.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal

from tests.oracle.activity import is_active, spells_by_basis
from tests.oracle.answers import CountedAnswer, Invitation
from tests.oracle.calendars import DAY
from tests.oracle.derived import nps_group
from tests.oracle.fact import Fact, Row, periods_of, segment_sets
from tests.oracle.period_facts import ALL, Labels
from tests.oracle.source_state import OpenedTicket
from tests.oracle.state import State

NPS_GROUPS = ("detractor", "passive", "promoter")
SOURCE_OF_BASIS = {"purchase_window": "orders", "calendar": "orders", "subscription": "subscriptions"}


def percentile(values: list[Decimal], share: Decimal) -> float | None:
    """The percentile with linear interpolation between neighbours."""
    if not values:
        return None
    held = sorted(values)
    position = share * (len(held) - 1)
    below = int(position)
    above = min(below + 1, len(held) - 1)
    return float(held[below] + (held[above] - held[below]) * (position - below))


def ticket_facts(state: State) -> Fact:
    """Every row of ``fct_ticket_period``: dense once tickets are delivered."""
    fact = Fact("fct_ticket_period", ("grain", "period_start", "segment_set", "segment_key"))
    if "tickets" not in state.shop.sources:
        return fact
    for period in periods_of(state, state.shop.grains):
        inside = [ticket for ticket in state.tickets if period.start <= ticket.day < period.end]
        for segment_set, keys in segment_sets(state, derived=True).items():
            label = Labels(state, segment_set, period.start)
            groups: dict[str, list[OpenedTicket]] = defaultdict(list)
            for ticket in inside:
                if segment_set == ALL:
                    groups[ALL].append(ticket)
                elif ticket.customer_id is not None:
                    groups[label[ticket.customer_id]].append(ticket)
            for key in keys:
                fact.rows[(period.grain, period.start, segment_set, key)] = _tickets(groups.get(key, []))
    return fact


def _tickets(tickets: list[OpenedTicket]) -> Row:
    complaints = [ticket for ticket in tickets if ticket.kind == "complaint"]
    hours = [ticket.response_hours for ticket in tickets if ticket.response_hours is not None]
    return {
        "tickets_count": len(tickets),
        "complaints_count": len(complaints),
        "tickets_with_customer_count": sum(ticket.customer_id is not None for ticket in tickets),
        "customers_with_ticket": len({ticket.customer_id for ticket in tickets} - {None}),
        "customers_with_complaint": len({ticket.customer_id for ticket in complaints} - {None}),
        "responses_count": len(hours),
        "response_hours_p50": percentile(hours, Decimal("0.5")),
        "response_hours_p90": percentile(hours, Decimal("0.9")),
        "sla_decided_count": sum(ticket.is_sla_met is not None for ticket in tickets),
        "sla_met_count": sum(ticket.is_sla_met is True for ticket in tickets),
    }


def survey_facts(state: State) -> Fact:
    """Every row of ``fct_survey_period``: dense over the scales that anybody was ever asked on."""
    names = ("grain", "period_start", "segment_set", "segment_key", "measure", "scale_min", "scale_max")
    fact = Fact("fct_survey_period", names)
    scales = {(invitation.measure, *invitation.scale) for invitation in state.invitations}
    window, through = state.shop.response_window_days, state.data_through.get("feedback")
    for period in periods_of(state, state.shop.grains):
        is_closed = through is not None and through >= period.end + (window - 1) * DAY
        inside = [invitation for invitation in state.invitations if period.start <= invitation.day < period.end]
        for segment_set, keys in segment_sets(state, derived=True).items():
            label = Labels(state, segment_set, period.start)
            groups: dict[tuple[object, ...], list[Invitation]] = defaultdict(list)
            for invitation in inside:
                if segment_set == ALL or invitation.customer_id is not None:
                    key = label[invitation.customer_id or ""]
                    groups[(key, invitation.measure, *invitation.scale)].append(invitation)
            for key in keys:
                for scale in scales:
                    row = _survey(groups.get((key, *scale), []), window)
                    fact.rows[(period.grain, period.start, segment_set, key, *scale)] = row | {"is_closed": is_closed}
    return fact


def _survey(asked: list[Invitation], window: int) -> Row:
    waits = [(one.answered - one.day).days for one in asked if one.answered is not None]
    return {
        "sent_count": len(asked),
        "answered_count": sum(0 <= days <= window for days in waits),
        "customers_count": len({one.customer_id for one in asked} - {None}),
    }


def churn_reason_facts(state: State) -> Fact:
    """Every row of ``fct_churn_reason_period``: dense over the reasons that anybody ever gave."""
    fact = Fact("fct_churn_reason_period", ("grain", "period_start", "segment_set", "segment_key"))
    reasons = sorted({leaver.reason for leaver in state.leavers})
    for period in periods_of(state, state.shop.grains):
        last: dict[str, tuple[dt.date, str]] = {}
        for leaver in state.leavers:
            if period.start <= leaver.day < period.end:
                found = (leaver.day, leaver.reason)
                last[leaver.customer_id] = max(found, last.get(leaver.customer_id, found))
        counts = Counter(reason for _, reason in last.values())
        for reason in reasons:
            row: Row = {"customers_count": counts[reason], "customers_with_reason": len(last)}
            fact.rows[(period.grain, period.start, "churn_reason", reason)] = row
    return fact


def nps_retention_facts(state: State) -> Fact:
    """Every row of ``fct_nps_retention_period``: dense over the three groups once anybody answered."""
    fact = Fact("fct_nps_retention_period", ("basis", "grain", "period_start", "segment_set", "segment_key"))
    answers = [one for one in state.answers if one.measure == "nps" and one.customer_id is not None]
    if not answers:
        return fact
    window = state.shop.window_days * DAY
    for basis, spells in spells_by_basis(state).items():
        through = state.data_through.get(SOURCE_OF_BASIS[basis])
        for period in periods_of(state, state.shop.grains):
            last: dict[str, CountedAnswer] = {}
            for answer in answers:  # in the order they were submitted
                if period.start <= answer.day < period.end:
                    last[str(answer.customer_id)] = answer
            base: Counter[str] = Counter()
            kept: Counter[str] = Counter()
            for customer, answer in last.items():
                held = spells.get(customer, [])
                if is_active(held, answer.day + DAY):
                    base[nps_group(answer.score)] += 1
                    kept[nps_group(answer.score)] += is_active(held, answer.day + DAY + window)
            is_mature = through is not None and through >= period.end - DAY + window
            for group in NPS_GROUPS:
                row: Row = {"customers_active_at_answer": base[group], "customers_retained": kept[group]}
                key = (basis, period.grain, period.start, "nps_group", group)
                fact.rows[key] = {**row, "is_mature": is_mature}
    return fact
