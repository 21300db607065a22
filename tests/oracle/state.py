"""What was known at ``as_of``: last versions, purchases, counted answers, attributes.

Belongs here: the as-of rule, validity of an order, the wave rule, segments over time.
Not here: periods and what is counted in them.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

from tests.oracle.records import Answer, Coverage, Customer, Order, Records, Shop, to_units

UNKNOWN = "(unknown)"
V = TypeVar("V", Order, Customer, Answer)


BEGINNING_OF_TIME = dt.datetime.min  # noqa: DTZ901 - the oracle's instants are naive UTC, as they are stored


def version_order(row: Order | Customer | Answer) -> tuple[bool, dt.datetime, dt.date, int]:
    """The order in which versions replace each other: a row without ``updated_at`` comes first."""
    return (row.updated_at is not None, row.updated_at or BEGINNING_OF_TIME, row.known_date, row.line)


def known_rows(rows: list[V], coverage: Coverage, as_of: dt.date) -> list[V]:
    """Rows that count at ``as_of``: all known ones, or those of the latest snapshot."""
    known = [row for row in rows if row.known_date <= as_of]
    if coverage.is_snapshot and coverage.is_dated:
        taken = [day for day in coverage.dates if day <= as_of]
        return [row for row in known if row.known_date == max(taken)]
    return known


def last_versions(rows: list[V], key: Callable[[V], str]) -> list[V]:
    """The last version of each key."""
    last: dict[str, V] = {}
    for row in rows:
        held = last.get(key(row))
        if held is None or version_order(row) > version_order(held):
            last[key(row)] = row
    return list(last.values())


@dataclass(frozen=True, slots=True)
class Purchase:
    """A valid order on its business date; money in ten-thousandths."""

    customer_id: str | None
    day: dt.date
    gross: int
    net: int


@dataclass(frozen=True, slots=True)
class CountedAnswer:
    """An answer that counts, on its business date."""

    customer_id: str | None
    day: dt.date
    measure: str
    score: Decimal
    scale: tuple[Decimal, Decimal]


@dataclass
class State:
    """Everything known at ``as_of``."""

    shop: Shop
    as_of: dt.date
    data_through: dict[str, dt.date | None]
    purchases: list[Purchase]
    answers: list[CountedAnswer]
    has_feedback: bool
    attributes: dict[str, dict[str, list[tuple[dt.date, str]]]]
    """Segment set -> customer -> (from, value), ascending; the first entry reaches back to the beginning."""
    excluded: dict[str, int] = field(default_factory=dict)

    def segment(self, segment_set: str, customer: str, day: dt.date) -> str:
        """The value of a customer's attribute as known on ``day``."""
        history = self.attributes[segment_set].get(customer)
        if history is None:
            return UNKNOWN
        if len(history) == 1:
            return history[0][1]
        return history[bisect_right(history, day, key=lambda entry: entry[0]) - 1][1]

    @cached_property
    def segment_keys(self) -> dict[str, list[str]]:
        """Every known key of each segment set."""
        people = {row.customer_id for row in self.purchases} | {row.customer_id for row in self.answers}
        people.discard(None)
        keys = {}
        for name, histories in self.attributes.items():
            found = {value for history in histories.values() for _, value in history}
            if people - histories.keys():
                found.add(UNKNOWN)
            keys[name] = sorted(found)
        return keys


def state_at(records: Records, shop: Shop, as_of: dt.date) -> State:
    """The state of the shop as known on ``as_of``."""
    excluded: dict[str, int] = defaultdict(int)
    return State(
        shop=shop,
        as_of=as_of,
        data_through={name: coverage.data_through(as_of) for name, coverage in records.coverage.items()},
        purchases=_purchases(records, shop, as_of, excluded),
        answers=_counted_answers(records, shop, as_of),
        has_feedback=records.feedback is not None,
        attributes={name: _attribute_histories(records, name, as_of) for name in shop.segments},
        excluded=excluded,
    )


def _purchases(records: Records, shop: Shop, as_of: dt.date, excluded: dict[str, int]) -> list[Purchase]:
    found = []
    for order in last_versions(known_rows(records.orders, records.coverage["orders"], as_of), lambda row: row.order_id):
        day = shop.business_date(order.ordered_at)
        if order.status in shop.excluded_statuses:
            excluded[f"status_{order.status}"] += 1
        elif order.amount <= shop.minimum_amount:
            excluded["non_positive_amount"] += 1
        elif day > as_of:
            excluded["after_as_of"] += 1
        else:
            gross = to_units(order.amount)
            found.append(Purchase(order.customer_id, day, gross, gross - to_units(order.refund_amount)))
    return found


def _counted_answers(records: Records, shop: Shop, as_of: dt.date) -> list[CountedAnswer]:
    if records.feedback is None:
        return []
    counted: list[Answer] = []
    waves: dict[Any, Answer] = {}
    rows = known_rows(records.feedback, records.coverage["feedback"], as_of)
    for answer in last_versions(rows, lambda row: row.feedback_id):
        day = shop.business_date(answer.submitted_at)
        if day > as_of:
            continue
        if answer.customer_id is None:
            counted.append(answer)
            continue
        wave = answer.wave or f"{day:%Y-%m}"
        key = (answer.customer_id, answer.measure, answer.scale_min, answer.scale_max, wave)
        held = waves.get(key)
        if held is None or _answer_order(answer) > _answer_order(held):
            waves[key] = answer
    counted.extend(waves.values())
    return [
        CountedAnswer(
            answer.customer_id,
            shop.business_date(answer.submitted_at),
            answer.measure,
            answer.score,
            (answer.scale_min, answer.scale_max),
        )
        for answer in counted
    ]


def _answer_order(answer: Answer) -> tuple[dt.datetime, tuple[bool, dt.datetime, dt.date], str]:
    return (answer.submitted_at, version_order(answer)[:3], answer.feedback_id)


def _attribute_histories(records: Records, name: str, as_of: dt.date) -> dict[str, list[tuple[dt.date, str]]]:
    coverage = records.coverage.get("customers", Coverage())
    versions: dict[str, list[Customer]] = defaultdict(list)
    for row in records.customers:
        if row.known_date <= as_of:
            versions[row.customer_id].append(row)
    histories = {}
    for customer, rows in versions.items():
        history: list[tuple[dt.date, str]] = []
        for day in sorted({row.known_date for row in rows}):
            if coverage.is_snapshot and coverage.is_dated:
                state = [row for row in rows if row.known_date == day]
            else:
                state = [row for row in rows if row.known_date <= day]
            value = (max(state, key=version_order).attributes.get(name) or "").strip() or UNKNOWN
            if not history or history[-1][1] != value:
                history.append((day if history else dt.date.min, value))
        histories[customer] = history
    return histories
