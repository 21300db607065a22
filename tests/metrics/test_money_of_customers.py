"""Refunds, margins, uplift, concentration and exchange rates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from retention_pipeline.metrics.concentration import buckets
from tests.metrics.factories import MONTHS, cell, compute, keys, period_measures
from tests.metrics.more_facts import all_facts


def empty() -> dict[str, pd.DataFrame]:
    return {name: frame.iloc[:0] for name, frame in all_facts().items()}


def month(basis: str = "calendar", segment: tuple[str, str] = ("all", "all"), **measures: float) -> pd.DataFrame:
    nobody = dict.fromkeys(period_measures(np.random.default_rng(0), {}), 0.0)
    return pd.DataFrame([keys(MONTHS[0], basis=basis, segment=segment) | nobody | measures])


def test_refunds_stand_on_the_day_of_the_order_and_on_the_day_they_were_paid() -> None:
    sums: dict[str, Any] = {
        "revenue_gross": 500.0,
        "revenue_net": 480.0,
        "customers_ordering": 9.0,
        "customers_refunded": 6.0,
    }
    refunds: dict[str, Any] = {"refunds_by_order_date": 20.0, "refunds_by_refund_date": 35.0}
    guests: dict[str, Any] = {
        "orders_count_guest": 3.0,
        "refunds_by_order_date_guest": 4.0,
        "refunds_by_refund_date_guest": 5.0,
    }
    rows = compute("buying_behaviour", empty() | {"fct_period": month(**sums, **refunds, **guests)})
    names = ("order_date", "refund_date", "guest_order_date", "guest_refund_date")
    assert [cell(rows, f"refunds.{name}")["value"] for name in names] == [20, 35, 4, 5]
    assert [cell(rows, f"refunds.{name}")["n"] for name in names] == [9, 6, 3, 3]
    assert cell(rows, "revenue.net_by_refund_date")["value"] == 465


def test_refunds_of_few_customers_in_a_month_without_orders_are_hidden() -> None:
    quiet = month(segment=("country", "LT"), customers_refunded=2.0, refunds_by_refund_date=7.0)
    busy = month(segment=("country", "PL"), customers_ordering=90.0, revenue_gross=900.0)
    rows = compute("buying_behaviour", empty() | {"fct_period": pd.concat([quiet, busy])})
    assert cell(rows, "revenue.net_by_refund_date", segment_key="LT")["status"] == "suppressed"
    assert cell(rows, "refunds.refund_date", segment_key="LT")["status"] == "suppressed"


@pytest.mark.parametrize(("costed", "status"), [(10.0, "final"), (9.0, "source_absent"), (0.0, "source_absent")])
def test_a_margin_needs_the_cost_of_every_order(costed: float, status: str) -> None:
    sums: dict[str, Any] = {"customers_ordering": 9.0, "orders_count": 10.0, "revenue_net": 400.0, "margin": 80.0}
    rows = compute("buying_behaviour", empty() | {"fct_period": month(orders_costed=costed, **sums)})
    margin, rate = cell(rows, "margin.standard"), cell(rows, "margin_rate.standard")
    assert (margin["status"], rate["status"]) == (status, status)
    if status == "final":
        assert (margin["value"], rate["value"]) == (80, 0.2)
    else:
        assert margin[["value", "numerator", "n"]].isna().all()


def test_a_month_without_orders_has_no_margin_where_costs_are_unknown() -> None:
    rows = compute("buying_behaviour", empty() | {"fct_period": month()})
    assert cell(rows, "margin.standard")["status"] == "source_absent"


def test_the_uplift_compares_orders_of_returning_and_new_customers() -> None:
    returning, new = np.array([[2, 120.0], [1, 80.0]]), np.array([[1, 40.0], [2, 60.0], [1, 20.0]])
    everybody = np.concatenate([returning, new])
    orders, revenue = everybody.T
    old_orders, old_revenue = returning.T
    facts = month(
        customers_ordering=5.0, customers_returning=2.0,
        orders_count=orders.sum(), revenue_gross=revenue.sum(), orders_sq=orders @ orders,
        revenue_gross_sq=revenue @ revenue, orders_x_revenue_gross=orders @ revenue,
        orders_count_returning=old_orders.sum(), revenue_gross_returning=old_revenue.sum(),
        orders_count_returning_sq=old_orders @ old_orders, revenue_gross_returning_sq=old_revenue @ old_revenue,
        orders_x_revenue_gross_returning=old_orders @ old_revenue,
    )  # fmt: skip
    uplift = cell(compute("buying_behaviour", empty() | {"fct_period": facts}), "order_value_uplift.returning")
    was, now = 30.0, 200 / 3
    assert uplift["value"] == pytest.approx(now / was - 1)
    assert (uplift["numerator"], uplift["denominator"]) == pytest.approx((now - was, was))

    def variance(group: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> float:
        value = group[:, 1].sum() / group[:, 0].sum()
        residuals = group[:, 1] - value * group[:, 0]
        return float(len(group) / (len(group) - 1) * residuals @ residuals / group[:, 0].sum() ** 2)

    half = 1.959963985 * (now / was) * (variance(returning) / now**2 + variance(new) / was**2) ** 0.5
    assert uplift["ci_high"] == pytest.approx(uplift["value"] + half)
    assert uplift["ci_low"] == pytest.approx(max(uplift["value"] - half, -1))


def test_without_new_customers_there_is_nothing_to_compare_with() -> None:
    facts = month(
        customers_ordering=5.0, customers_returning=5.0, orders_count=6.0, orders_count_returning=6.0,
        revenue_gross=60.0, revenue_gross_returning=60.0,
    )  # fmt: skip
    uplift = cell(compute("buying_behaviour", empty() | {"fct_period": facts}), "order_value_uplift.returning")
    assert (uplift["status"], uplift["denominator"]) == ("undefined", 0)


def concentrated(**changes: object) -> dict[str, pd.DataFrame]:
    row = {
        "customers_count": 10, "top_count": 2.0, "is_margin": False, "is_next_complete": True,
        "next_value_top": 80.0, "next_value_existing": 100.0, "next_value_total": 160.0,
        "existing_sq": 3300.0, "top_sq": 3200.0, "top_x_existing": 3200.0,
    }  # fmt: skip
    place = keys(MONTHS[0])
    del place["basis"]
    return empty() | {"fct_concentration_period": pd.DataFrame([place | row | changes])}


def test_concentration_is_the_share_of_the_best_fifth_in_the_next_period() -> None:
    rows = compute("buying_behaviour", concentrated())
    of_all = cell(rows, "revenue_concentration.top20")
    of_existing = cell(rows, "revenue_concentration.top20_of_existing")
    assert (of_all["value"], of_existing["value"]) == (0.5, 0.8)
    assert pd.isna(of_all["ci_low"])
    residuals = 3200 - 2 * 0.8 * 3200 + 0.8**2 * 3300
    assert of_existing["ci_low"] == pytest.approx(0.8 - 1.959963985 * (10 / 9 * residuals) ** 0.5 / 100)
    assert of_existing["ci_high"] <= 1
    assert {of_all["assumptions"], of_existing["assumptions"]} == {"margin=revenue"}


def test_concentration_waits_for_the_next_period_and_says_what_it_is_measured_in() -> None:
    rows = compute("buying_behaviour", concentrated(is_next_complete=False, is_margin=True))
    row = cell(rows, "revenue_concentration.top20")
    assert (row["status"], row["assumptions"]) == ("immature", "margin=order_cost")
    assert row[["value", "numerator", "denominator"]].isna().all()


def test_shares_of_order_buckets_add_up_and_protect_the_few() -> None:
    place = keys(MONTHS[0])
    del place["basis"]
    counts = {"1": 60, "2": 25, "3": 10, "4": 3, "5+": 2}
    distribution = pd.DataFrame(
        [
            place | {"orders_bucket": name, "customers_in_period": size, "customers_to_date": size * 10}
            for name, size in counts.items()
        ]
    )
    elsewhere = distribution.assign(segment_set="country", segment_key="LT")
    facts = empty() | {"fct_orders_distribution": pd.concat([distribution, elsewhere], ignore_index=True)}
    assert len(buckets(facts["fct_orders_distribution"])) == len(counts)
    rows = compute("buying_behaviour", facts)
    shares = rows[rows["variant"] == "in_period"].set_index("segment_key")
    assert set(shares["segment_set"]) == {"orders_bucket"}
    assert shares.loc[["1", "2", "3"], "value"].tolist() == [0.6, 0.25, 0.1]
    assert set(shares.loc[["4", "5+"], "status"]) == {"suppressed"}
    ever = rows[rows["variant"] == "lifetime"]
    assert ever["value"].sum() == pytest.approx(1)
    assert set(ever["n"]) == {1000}


def test_moving_rates_stand_in_the_bridge_and_not_in_its_movements() -> None:
    facts = month(
        customers_revenue_previous=9.0, customers_start=9.0, customers_retained=8.0, customers_lost=1.0,
        customers_end=10.0, customers_active=11.0, customers_new=2.0,
        revenue_previous=1000.0, revenue_new=50.0, revenue_churn=100.0, revenue_fx=-30.0, revenue_current=920.0,
        revenue_gross=920.0, revenue_retained_gross=850.0, revenue_retained_net=870.0,
        revenue_previous_constant=1000.0, revenue_retained_gross_constant=900.0, revenue_retained_net_constant=900.0,
    )  # fmt: skip
    rows = compute("revenue_retention", empty() | {"fct_period": facts})
    assert cell(rows, "revenue_bridge.fx")["value"] == -30
    assert cell(rows, "revenue_bridge.current")["value"] == 920
    assert cell(rows, "revenue_retention.gross")["value"] == 0.85
    assert cell(rows, "revenue_retention.gross_constant")["value"] == 0.9
    assert pd.isna(cell(rows, "revenue_retention.net_constant")["ci_low"])


def test_recurring_revenue_is_a_basis_of_its_own() -> None:
    subscribed = month(
        "subscription", customers_revenue_previous=10.0, customers_end=10.0, customers_retained=10.0,
        customers_active=10.0, revenue_previous=100.0, revenue_current=110.0, revenue_expansion=10.0,
        revenue_retained_gross=100.0, revenue_retained_net=110.0, revenue_previous_constant=100.0,
        revenue_retained_gross_constant=100.0, revenue_retained_net_constant=110.0,
    )  # fmt: skip
    rows = compute("revenue_retention", empty() | {"fct_period": subscribed})
    assert set(rows["basis"]) == {"subscription"}
    assert cell(rows, "revenue_retention.net")["value"] == pytest.approx(1.1)
    assert cell(rows, "revenue_bridge.current")["n"] == 10
