"""The oracle's survival curves, RFM groups and lifetime values against numbers worked out by hand."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.oracle.derived import GROUPS, rfm_group
from tests.oracle.records import Coverage, Order, Records, Rfm
from tests.oracle.service_facts import percentile
from tests.oracle.small_shops import SHOP, order, world
from tests.oracle.source_records import Spend, Subscription
from tests.oracle.state import state_at
from tests.oracle.survival import curve
from tests.oracle.world import compute

YEARLY = replace(SHOP, grains=("year",), cohort_grains=("year",), window_days=365, lifespan_years=Decimal(1))


def test_a_kaplan_meier_curve_by_hand() -> None:
    found = curve({1: (1, 0), 2: (1, 1), 3: (1, 0), 5: (0, 1)})
    survival = [step.survival for step in found.steps]
    assert survival == [Fraction(4, 5), Fraction(3, 5), Fraction(3, 10), Fraction(3, 10)]
    assert found.quantile(Fraction(1, 2)) is not None
    assert (found.quantile(Fraction(1, 2)) or (0,))[0] == 3
    assert found.quantile(Fraction(1, 5)) is None
    mean, half = found.restricted_mean(5)
    assert mean == pytest.approx(1 + 0.8 + 0.6 + 2 * 0.3)
    areas = ((2.0, 5, 1), (1.2, 4, 1), (0.6, 2, 1))
    assert half == pytest.approx(1.959964 * math.sqrt(sum(a * a * d / (n * (n - d)) for a, n, d in areas)), rel=1e-6)
    step = found.steps[1]
    spread = 1.959964 * math.sqrt(1 / 20 + 1 / 12) / abs(math.log(0.6))
    assert step.ci == pytest.approx((0.6 ** math.exp(spread), 0.6 ** math.exp(-spread)), rel=1e-6)


def test_the_next_years_revenue_is_order_value_times_orders_times_the_retained_share() -> None:
    def year(customer: int, first: int, number: int) -> list[Order]:
        days = ("-02-01", "-05-01", "-08-01", "-11-01")
        return [order(1000 * customer + 10 * number + n, f"c{customer}", f"{first}{day}", "50")
                for n, day in enumerate(days)]  # fmt: skip

    orders = [one for customer in range(150) for one in year(customer, 2023, 1)]
    orders += [one for customer in range(143) for one in year(customer, 2024, 2)]
    found = world(orders, "2024-12-31", replace(YEARLY, window_days=90))
    (row,) = [
        row
        for row in found.metrics
        if (row.metric, row.variant, row.place.basis) == ("clv", "next_year_revenue", "purchase_window")
        and row.place.period_start == dt.date(2024, 1, 1)
    ]
    assert row.value == pytest.approx(190.67, abs=0.005)
    assert row.assumptions == "horizon=1y; discount=none; margin=revenue"


@pytest.mark.parametrize(
    ("days_ago", "orders", "amount", "group"),
    [(5, 5, "100", "champions"), (5, 1, "1", "new_customers"), (15, 1, "1", "prospects"), (50, 5, "100", "cannot_lose"),
     (90, 1, "1", "lost"), (30, 3, "10", "need_attention")],
)  # fmt: skip
def test_rfm_groups(days_ago: int, orders: int, amount: str, group: str) -> None:
    cuts = (Decimal(10), Decimal(20), Decimal(40), Decimal(80))
    counts = (Decimal(1), Decimal(2), Decimal(3), Decimal(4))
    rfm = Rfm(1, "month", 365, cuts, counts, cuts)
    day = dt.date(2024, 6, 1) - dt.timedelta(days=days_ago)
    held = [order(number, "a", day.isoformat(), amount) for number in range(orders)]
    state = state_at(Records(held, coverage={"orders": Coverage()}), SHOP, dt.date(2024, 6, 1))
    assert rfm_group(state.purchases, dt.date(2024, 6, 1), rfm) == group
    assert len({name for row in GROUPS.values() for name in row}) == 11


def test_percentiles_lie_between_neighbours() -> None:
    assert percentile([Decimal(1), Decimal(2), Decimal(4)], Decimal("0.8")) == pytest.approx(3.2)
    assert percentile([], Decimal("0.5")) is None


def test_a_plan_change_on_one_day_is_one_spell_and_a_later_delivery_of_spend_replaces_the_earlier() -> None:
    def at(day: str) -> dt.datetime:
        return dt.datetime.fromisoformat(f"{day}T12:00:00")

    def contract(number: str, start: str, end: str | None, monthly: int) -> Subscription:
        ended = None if end is None else at(end)
        return Subscription(number, "a", at(start), ended, Decimal(monthly), None, None, at(start).date(), 1)

    def booked(day: str, amount: int, known: str) -> Spend:
        return Spend(at(day), "acquisition", "ads", Decimal(amount), None, at(known).date(), 1)

    shop = replace(SHOP, sources=frozenset({"orders", "subscriptions", "spend"}))
    through = {"orders": Coverage(history_through=dt.date(2024, 6, 30))}
    records = Records(
        [order(1, "a", "2024-05-02")],
        coverage={**through, "spend": Coverage(is_dated=True), "subscriptions": through["orders"]},
        subscriptions=[contract("1", "2024-05-01", "2024-06-15", 10), contract("2", "2024-06-15", None, 25)],
        spend=[booked("2024-06-01", 5, "2024-06-01"), booked("2024-06-01", 7, "2024-06-02"),
               booked("2024-06-01", 2, "2024-06-02")],
    )  # fmt: skip
    found = compute(records, shop, dt.date(2024, 6, 30))
    june = found.periods.cells[("subscription", "month", dt.date(2024, 6, 1), "all", "all")]
    counts = [june[f"customers_{name}"] for name in ("start", "retained", "lost", "new", "end")]
    assert counts == [1, 1, 0, 0, 1]
    money = [june[f"revenue_{name}"] // 10_000 for name in ("previous", "expansion", "churn", "current")]
    assert money == [10, 15, 0, 25]
    spent = found.facts["fct_spend_period"].rows[("month", dt.date(2024, 6, 1), "all", "all")]
    assert spent["acquisition_spend"] == 9
