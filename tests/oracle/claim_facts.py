"""``fct_claim_evidence`` a second time: lists of observations, from which sums follow.

Belongs here: who is observed, what explains and what comes out. Not here: what it says about a claim (``claims``).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from tests.oracle.activity import Shoppers, is_active
from tests.oracle.answers import CountedAnswer
from tests.oracle.buyer_facts import as_decimal
from tests.oracle.calendars import DAY
from tests.oracle.derived import orders_of
from tests.oracle.fact import Fact
from tests.oracle.records import MONEY_SCALE
from tests.oracle.service_facts import percentile
from tests.oracle.source_state import OpenedTicket
from tests.oracle.state import Purchase, State

Observation = tuple[str, bool, Decimal, Decimal]
"""evidence, is_treated, what explains, the outcome"""
YEAR = 365 * DAY
SURVEY_SPAN = 30 * DAY
NOTHING = Decimal(0)


def claim_facts(state: State) -> Fact:
    """Every row of ``fct_claim_evidence``: the arms in which anybody was observed."""
    fact = Fact("fct_claim_evidence", ("evidence", "is_treated"))
    for evidence, is_treated, x, y in observations(state):
        row = fact.rows.setdefault((evidence, is_treated), {"observations_count": 0} | dict.fromkeys(SUMS, NOTHING))
        row["observations_count"] += 1
        for column, amount in zip(SUMS, (x, y, x * x, x * y, y * y), strict=True):
            row[column] += amount
    return fact


SUMS = ("x_sum", "y_sum", "x_sq", "x_y", "y_sq")


def observations(state: State) -> Iterator[Observation]:
    """Every observation."""
    people, orders = Shoppers(state.purchases), orders_of(state)
    spells = people.spells(state.shop.window_days)
    yield from _order_values(orders)
    yield from _tenures(state, people, orders)
    yield from _reorders(state, people, orders)
    if any(ticket.customer_id is not None for ticket in state.tickets):
        yield from _ticket_windows(state, people)
    yield from _answers(state)
    yield from _tier_rises(state, orders)
    scores = {one.customer_id: one.score for one in state.answers if one.measure == "nps"}  # the last one stays
    for customer, days in people.days.items():
        if len(set(days)) >= 2 and customer in scores and is_active(spells[customer], state.as_of + DAY):
            yield "retained_not_promoting", True, NOTHING, Decimal(scores[customer] < 9)


def _order_values(orders: dict[str, list[Purchase]]) -> Iterator[Observation]:
    for held in orders.values():
        if len(held) >= 2:
            steps = [Fraction(after.gross - before.gross) for before, after in pairwise(held)]
            yield "order_value_steps", True, NOTHING, as_decimal(sum(steps, Fraction()) / len(steps), MONEY_SCALE, 4)


def _tenures(state: State, people: Shoppers, orders: dict[str, list[Purchase]]) -> Iterator[Observation]:
    start = state.as_of + DAY - YEAR
    for customer in people.active_at(start, state.shop.window_days):
        held = orders[customer]
        since = sum(order.net for order in held if order.day >= start)
        yield "tenure_and_revenue", True, Decimal((start - held[0].day).days), Decimal(since) / MONEY_SCALE


def _reorders(state: State, people: Shoppers, orders: dict[str, list[Purchase]]) -> Iterator[Observation]:
    window = state.shop.window_days * DAY
    for customer, held in people.days.items():
        days = sorted(set(held))
        for index, day in enumerate(days):
            is_first = index == 0
            if day + window > state.as_of or (not is_first and day - days[index - 1] <= window):
                continue
            has_reordered = Decimal(index + 1 < len(days) and days[index + 1] - day <= window)
            yield "reactivated", not is_first, NOTHING, has_reordered
            known = [one.is_discounted for one in orders[customer] if one.day == day and one.is_discounted is not None]
            if is_first and known:
                yield "discount_acquired", any(known), NOTHING, has_reordered


def _ticket_windows(state: State, people: Shoppers) -> Iterator[Observation]:
    span, window = state.shop.window_days, state.shop.window_days * DAY
    hours = [ticket.response_hours for ticket in state.tickets if ticket.response_hours is not None]
    median = percentile(hours, Decimal("0.5"))
    opened: dict[str, list[OpenedTicket]] = defaultdict(list)
    for ticket in state.tickets:
        if ticket.customer_id is not None:
            opened[ticket.customer_id].append(ticket)
    first = min(people.by_day, default=state.as_of)
    start = state.as_of + DAY - window
    while start > first:
        left = people.active_at(start + window, span)
        for customer in people.active_at(start, span):
            before = [ticket for ticket in opened[customer] if start - window <= ticket.day < start]
            is_lost = Decimal(customer not in left)
            yield "frequent_tickets", len(before) >= 2, NOTHING, is_lost
            waits = [ticket.response_hours for ticket in before if ticket.response_hours is not None]
            if waits and median is not None:
                yield "slow_answers", float(sum(waits) / len(waits)) > median, NOTHING, is_lost
        start -= window


def _answers(state: State) -> Iterator[Observation]:
    for answer in state.answers:
        if answer.measure == "csat" and answer.customer_id is not None:
            before = [ticket for ticket in state.tickets if _is_about(answer, ticket) and ticket.is_sla_met is not None]
            last = max(before, key=lambda ticket: (ticket.opened_at, ticket.ticket_id), default=None)
            if last is not None:
                is_kept = last.is_sla_met is True
                yield "kept_promise", is_kept, NOTHING, Decimal(answer.score >= answer.scale[1] - 1)


def _is_about(answer: CountedAnswer, ticket: OpenedTicket) -> bool:
    return ticket.customer_id == answer.customer_id and ticket.day <= answer.day <= ticket.day + SURVEY_SPAN


def _tier_rises(state: State, orders: dict[str, list[Purchase]]) -> Iterator[Observation]:
    tiers, window = state.shop.loyalty_tiers, state.shop.window_days * DAY
    histories = state.attributes[state.shop.loyalty_segment] if state.shop.loyalty_segment else {}
    for customer, history in histories.items():
        held = [(day, tiers.index(tier)) for day, tier in history if tier in tiers]
        rises: list[dt.date] = [day for (_, lower), (day, tier) in pairwise(held) if tier > lower]
        days = [order.day for order in orders.get(customer, [])]
        # Nobody can have ordered in a window before being a customer; the order that earned the tier says nothing.
        if rises and days and days[0] < rises[0] - window and rises[0] + window <= state.as_of:
            after = sum(rises[0] < day <= rises[0] + window for day in days)
            before = sum(rises[0] - window <= day < rises[0] for day in days)
            yield "tier_rises", True, NOTHING, Decimal(after - before)
