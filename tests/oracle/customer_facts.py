"""Facts about single customers: ``fct_customer_period`` and ``customer_scores``.

Belongs here: every column of both. Not here: anything counted over customers.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from tests.oracle.activity import Spell, Spending, is_active, spells_by_basis
from tests.oracle.answers import CountedAnswer
from tests.oracle.calendars import DAY
from tests.oracle.derived import nps_group, orders_of, rfm_group
from tests.oracle.fact import Fact, Row
from tests.oracle.period_facts import Members, PeriodFacts
from tests.oracle.records import MONEY_SCALE
from tests.oracle.service_facts import percentile
from tests.oracle.state import Purchase, State

FOUR_FIFTHS, HALF = Decimal("0.8"), Decimal("0.5")
YEAR = dt.timedelta(days=365)


def _money(units: int) -> Decimal:
    return Decimal(units) / MONEY_SCALE


def customer_period_facts(state: State, facts: PeriodFacts) -> Fact:
    """Every row of ``fct_customer_period``."""
    fact = Fact("fct_customer_period", ("basis", "grain", "period_start", "customer_id"))
    orders = orders_of(state)
    spells = spells_by_basis(state).get("subscription", {})
    for (basis, grain, start), members in facts.members.items():
        end = min(facts.ends[(grain, start)], state.as_of + DAY)
        for customer in members.start | members.end | members.present:
            row = _flags(members, customer)
            if basis == "subscription":
                row |= _subscribed(members, customer) | {
                    "orders_before": sum(begun < start for begun, _ in spells[customer])
                }
            else:
                bought = Spending()
                for order in orders[customer]:
                    if start <= order.day < end:
                        bought.add(order)
                row |= _ordered(members, customer, bought) | {
                    "orders_before": sum(order.day < start for order in orders[customer])
                }
            fact.rows[(basis, grain, start, customer)] = row
    return fact


def _flags(members: Members, customer: str) -> Row:
    at_start, at_end, is_new = (customer in held for held in (members.start, members.end, members.new))
    return {
        "is_active_start": at_start,
        "is_active_end": at_end,
        "is_new": is_new,
        "is_retained": at_start and at_end,
        "is_lost": at_start and not at_end,
        "is_reactivated": at_end and not at_start and not is_new,
        "is_new_kept": is_new and at_end,
        "is_new_lost": is_new and not at_end,
    }


def _subscribed(members: Members, customer: str) -> Row:
    now, before = members.now.get(customer, (0, 0)), members.before.get(customer, (0, 0))
    return {
        "is_ordering": False,
        "orders_count": 0,
        "revenue_gross": _money(now[0]),
        "revenue_net": _money(0),
        "revenue_gross_constant": _money(now[1]),
        "previous_revenue_gross": _money(before[0]),
        "previous_revenue_gross_constant": _money(before[1]),
    }


def _ordered(members: Members, customer: str, bought: Spending) -> Row:
    before = members.before.get(customer, (0, 0))
    return {
        "is_ordering": bought.orders > 0,
        "orders_count": bought.orders,
        "revenue_gross": _money(bought.gross),
        "revenue_net": _money(bought.net),
        "revenue_gross_constant": _money(bought.constant),
        "previous_revenue_gross": _money(before[0]),
        "previous_revenue_gross_constant": _money(before[1]),
    }


@dataclass
class _Shop:
    """What the scores of single customers are held against."""

    state: State
    typical_gap: Decimal | None
    spells: dict[str, dict[str, list[Spell]]]
    answers: dict[str, CountedAnswer]


def customer_scores(state: State) -> Fact:
    """Every row of ``customer_scores``."""
    fact = Fact("customer_scores", ("customer_id",))
    orders = orders_of(state)
    every_gap = [gap for held in orders.values() for gap in _gaps(held)]
    answers = {
        str(answer.customer_id): answer
        for answer in state.answers  # in the order they were submitted
        if answer.measure == "nps" and answer.customer_id is not None
    }
    shop = _Shop(state, _percentile(every_gap), spells_by_basis(state), answers)
    for customer in orders.keys() | {one.customer_id for one in state.subscriptions}:
        fact.rows[(customer,)] = _score(shop, customer, orders.get(customer, []))
    return fact


def _gaps(orders: list[Purchase]) -> list[Decimal]:
    days = sorted({order.day for order in orders})
    return [Decimal((after - before).days) for before, after in pairwise(days)]


def _percentile(gaps: list[Decimal], share: Decimal = FOUR_FIFTHS) -> Decimal | None:
    found = percentile(gaps, share)
    return None if found is None else Decimal(str(found)).quantize(Decimal("0.0001"))


def _score(shop: _Shop, customer: str, orders: list[Purchase]) -> Row:
    state, rfm, gaps = shop.state, shop.state.shop.rfm, _gaps(orders)
    year = [order for order in orders if order.day > state.as_of - YEAR]
    has_rhythm = len(gaps) >= 3
    expected = _percentile(gaps) if has_rhythm else shop.typical_gap
    recency = (state.as_of - orders[-1].day).days if orders else None
    held = shop.spells.get("subscription", {}).get(customer) or shop.spells["purchase_window"].get(customer, [])
    is_alive = is_active(held, state.as_of + DAY)
    reason = _reason(shop, customer, is_alive=is_alive, recency=recency, expected=expected, has_rhythm=has_rhythm)
    is_at_risk = reason not in {None, "lapsed"}
    answer = shop.answers.get(customer)
    margins = [order.margin for order in orders]
    value_year = _money(sum(order.net for order in year))
    return {
        "first_order_date": orders[0].day if orders else None,
        "last_order_date": orders[-1].day if orders else None,
        "orders_count": len(orders),
        "recency_days": recency,
        "frequency_year": len(year),
        "value_year": value_year,
        "revenue_net": _money(sum(order.net for order in orders)),
        "margin": None if not orders or None in margins else _money(sum(margin or 0 for margin in margins)),
        "rfm_group": rfm_group(orders, state.as_of + DAY, rfm) if rfm and orders else None,
        "rfm_version": rfm.version if rfm and orders else None,
        "spell_state": "active" if is_alive else "lapsed",
        "typical_gap_days": _percentile(gaps, HALF) if len(gaps) >= 2 else None,
        "expected_gap_days": expected,
        "is_at_risk": is_at_risk,
        "at_risk_reason": reason,
        "value_at_stake": value_year if is_at_risk else Decimal(0),
        "last_nps_group": None if answer is None else nps_group(answer.score),
        "last_nps_date": None if answer is None else answer.day,
        "as_of": state.as_of,
    }


def _reason(
    shop: _Shop, customer: str, *, is_alive: bool, recency: int | None, expected: Decimal | None, has_rhythm: bool
) -> str | None:
    if not is_alive:
        return "lapsed"
    if recency is None or expected is None:
        return None
    if recency > expected:
        return "overdue" if has_rhythm else "overdue_for_the_shop"
    answer = shop.answers.get(customer)
    if answer is None or nps_group(answer.score) != "detractor":
        return None
    return "unhappy" if (shop.state.as_of - answer.day).days <= shop.state.shop.window_days else None
