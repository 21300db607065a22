"""The facts of a random shop against the plain-Python oracle, on rows nastier than files can easily be.

Versions arrive late, out of order, with and without ``updated_at``; customers come as snapshots; weeks start on Sunday.
"""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt.support import Project, Rows
from tests.oracle.cohort_facts import COHORT_MONEY, COHORT_SQUARES, cohort_facts
from tests.oracle.feedback_facts import feedback_facts
from tests.oracle.period_facts import period_facts, scaled
from tests.oracle.records import MONEY_SCALE, SQUARE_SCALE, Answer, Coverage, Customer, Order, Records, Shop
from tests.oracle.state import State, state_at

START, DAYS = dt.date(2023, 10, 20), 150
AS_OF = START + dt.timedelta(days=DAYS - 10)
SHOP = Shop(
    timezone="America/New_York", currency="EUR", window_days=25, grains=("day", "week", "month", "year"),
    cohort_grains=("week", "month"), week_start="sunday", segments=("tier", "country"),
    excluded_statuses=("cancelled", "fraud"), minimum_amount=Decimal("1.5"), min_cell_size=5, open_ended_cohorts=False,
    derived_segments=("new_returning", "nps_group"),
)  # fmt: skip


def random_records(seed: int) -> Records:
    draw = random.Random(seed)
    people = [f"c{n:02d}" for n in range(30)]

    def moment() -> dt.datetime:
        return dt.datetime.combine(START, dt.time()) + dt.timedelta(seconds=draw.randrange(DAYS * 86_400))

    def versions(at: dt.datetime) -> list[tuple[dt.datetime | None, dt.date]]:
        known = [at.date() + dt.timedelta(days=draw.choice([0, 0, 1, 20])) for _ in range(draw.choice([1, 1, 2, 3]))]
        return [(draw.choice([None, at + dt.timedelta(hours=draw.randrange(4))]), day) for day in known]

    orders: list[Order] = []
    answers: list[Answer] = []
    customers: list[Customer] = []
    for n in range(260):
        at, customer = moment(), draw.choice([None, *people, *people[:8] * 3])
        for updated, known in versions(at):
            amount = Decimal(draw.randrange(0, 4000)) / 100
            status = draw.choice(["paid"] * 6 + ["refunded", "cancelled", "fraud", "other"])
            refund = amount / 2 if status == "refunded" else Decimal(0)
            orders.append(Order(f"o{n}", customer, at, updated, status, amount, refund, known, len(orders)))
    for n in range(120):
        at, customer = moment(), draw.choice([None, "stranger", *people[:12]])
        measure, low, high = draw.choice([("nps", 0, 10), ("csat", 1, 5), ("csat", 1, 7), ("thumbs", 0, 1)])
        wave = draw.choice([None, None, "w1"])
        for updated, known in versions(at):
            score, ends = Decimal(draw.randint(low, high)), (Decimal(low), Decimal(high))
            answers.append(Answer(f"f{n}", customer, at, measure, score, *ends, wave, updated, known, len(answers)))
    snapshot_days = tuple(START + dt.timedelta(days=40 * n) for n in range(4))
    for day in snapshot_days:
        for person in draw.sample(people, 24):
            updated = draw.choice([None, dt.datetime.combine(day, dt.time()) - dt.timedelta(days=draw.randrange(60))])
            tier = {"tier": draw.choice(["gold", "basic", " "]), "country": draw.choice(["DE", "PL", None])}
            customers.append(Customer(person, updated, tier, day, len(customers)))
    coverage = {
        "orders": Coverage(is_dated=True, is_daily=False),
        "feedback": Coverage(is_dated=True, is_daily=False),
        "customers": Coverage(dates=snapshot_days, is_dated=True, is_daily=False, is_snapshot=True),
    }
    return Records(orders=orders, customers=customers, feedback=answers, coverage=coverage)


def text(moment: dt.datetime | None) -> str | None:
    return None if moment is None else str(moment)


def as_rows(records: Records) -> Rows:
    rows = Rows()
    for day in records.coverage["customers"].dates:
        rows.deliver("customers", day.isoformat(), kind="snapshot")
    for order in records.orders:
        rows.order(
            order.order_id, order.customer_id, str(order.ordered_at), order.amount, refund=str(order.refund_amount),
            status=order.status, updated=text(order.updated_at), known=str(order.known_date),
        )  # fmt: skip
    for customer in records.customers:
        rows.customer(
            customer.customer_id, str(customer.known_date), updated=text(customer.updated_at), **customer.attributes
        )
    for answer in records.feedback or []:
        rows.answer(
            answer.feedback_id, answer.customer_id, str(answer.submitted_at), answer.measure, int(answer.score or 0),
            scale=(int(answer.scale_min), int(answer.scale_max)), wave=answer.wave, known=str(answer.known_date),
            updated=text(answer.updated_at),
        )  # fmt: skip
    return rows


@pytest.fixture(scope="module", params=[1, pytest.param(2, marks=pytest.mark.long)])
def both_sides(request: pytest.FixtureRequest, project: Project) -> tuple[State, duckdb.DuckDBPyConnection]:
    records = random_records(request.param)
    built = project.build(
        as_rows(records), as_of=AS_OF.isoformat(), timezone=SHOP.timezone, activity_window_days=SHOP.window_days,
        grains=SHOP.grains, cohort_grains=SHOP.cohort_grains, week_start=SHOP.week_start, segments=SHOP.segments,
        excluded_statuses=SHOP.excluded_statuses, minimum_amount=float(SHOP.minimum_amount),
        derived_segments=SHOP.derived_segments,
    )  # fmt: skip
    return state_at(records, SHOP, AS_OF), built


def cells_of(connection: duckdb.DuckDBPyConnection, table: str, keys: str) -> dict[Any, dict[str, Any]]:
    dates = "calendar, period_start, period_end" if table == "fct_cohort_period" else "calendar, period_end"
    cursor = connection.execute(f"select {keys}, * exclude ({keys}, {dates}) from marts.{table}")
    width = keys.count(",") + 1
    names = [column[0] for column in cursor.description or ()][width:]
    return {row[:width]: dict(zip(names, row[width:], strict=True)) for row in cursor.fetchall()}


def test_fct_period(both_sides: tuple[State, duckdb.DuckDBPyConnection]) -> None:
    state, built = both_sides
    expected = {
        key: {column: scaled(column, units) for column, units in cell.items()}
        for key, cell in period_facts(state).cells.items()
    }
    assert len(expected) > 1000
    assert cells_of(built, "fct_period", "basis, grain, period_start, segment_set, segment_key") == expected


def test_fct_cohort_period(both_sides: tuple[State, duckdb.DuckDBPyConnection]) -> None:
    state, built = both_sides

    def money(column: str, units: int) -> int | Decimal:
        scale = MONEY_SCALE if column in COHORT_MONEY else SQUARE_SCALE if column in COHORT_SQUARES else None
        return units if scale is None else Decimal(units) / scale

    expected = {
        key: {column: money(column, units) for column, units in cell.items()}
        for key, cell in cohort_facts(state).cells.items()
    }
    assert len(expected) > 200
    assert cells_of(built, "fct_cohort_period", "grain, cohort_start, cohort_age, segment_set, segment_key") == expected


def test_fct_feedback_period(both_sides: tuple[State, duckdb.DuckDBPyConnection]) -> None:
    state, built = both_sides
    keys = "grain, period_start, segment_set, segment_key, measure, scale_min, scale_max"
    expected = feedback_facts(state).cells
    assert len(expected) > 1000
    assert cells_of(built, "fct_feedback_period", keys) == expected
