"""Lifetime values: the guides' example, horizons, intervals and missing costs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from retention_pipeline.metrics.lifespans import lifespans
from tests.metrics.factories import YEARS, cell, compute, keys, period_measures
from tests.metrics.more_facts import all_facts

YEAR = YEARS[0]
DAYS_PER_YEAR = 365.25


def shop(lives: dict[int, tuple[int, int]], **measures: float) -> dict[str, pd.DataFrame]:
    """One year of totals; everything not given is 0. ``lives``: days to (lapsed, active) customers."""
    nobody = dict.fromkeys(period_measures(np.random.default_rng(0), {}), 0.0)
    bases = [keys(YEAR, basis=basis, grain="year") | nobody | measures for basis in ("purchase_window", "calendar")]
    place = keys(YEAR, basis="purchase_window", grain="year")
    rows = [
        place | {"duration_days": days, "lapsed_count": lapsed, "active_count": active}
        for days, (lapsed, active) in lives.items()
    ]
    spent = dict.fromkeys(("acquisition_spend", "retention_spend", "retention_spend_to_date"), 0.0)
    spent |= {f"{kind}_no_fx_rate_count{end}": 0.0 for kind in ("acquisition", "retention") for end in ("", "_to_date")}
    spend = keys(YEAR, grain="year") | spent | {"acquisition_spend_to_date": 150 * 80.0}
    return {name: frame.iloc[:0] for name, frame in all_facts().items()} | {
        "fct_period": pd.DataFrame(bases),
        "fct_lifetime_period": pd.DataFrame(rows),
        "fct_spend_period": pd.DataFrame([spend]).drop(columns="basis"),
    }


def example(**changes: float) -> dict[str, pd.DataFrame]:
    """150 customers with 4 orders of 50 a year, 143 of them kept, who stay for exactly three years; margin 20 %."""
    three_years = round(3 * DAYS_PER_YEAR)
    measures: dict[str, Any] = {
        "customers_ordering": 150.0,
        "customers_start": 150.0,
        "customers_retained": 143.0,
        "customers_ever": 150.0,
        "orders_count": 600.0,
        "orders_costed": 600.0,
        "revenue_gross": 30_000.0,
        "revenue_gross_sq": 150 * 200.0**2,
        "revenue_net": 30_000.0,
        "margin": 6_000.0,
        "margin_sq": 150 * 40.0**2,
    }
    return shop({three_years: (10, 0)}, **measures | changes)


def clv(facts: dict[str, pd.DataFrame], variant: str, **changes: Any) -> Any:
    return cell(compute("lifetime_value", facts, **changes), f"clv.{variant}")


def test_the_example_of_the_guides() -> None:
    years = round(3 * DAYS_PER_YEAR) / DAYS_PER_YEAR
    facts = example()
    assert clv(facts, "next_year_revenue")["value"] == pytest.approx(190.666667)
    assert clv(facts, "lifespan_revenue")["value"] == pytest.approx(200 * years)
    assert round(clv(facts, "lifespan_revenue")["value"]) == 600
    assert round(clv(facts, "margin")["value"]) == 120
    # Historic revenue of 600 and a cost of 80 per customer: 520 without known costs of goods.
    historic = example(revenue_net=150 * 600.0, orders_costed=0.0)
    assert clv(historic, "net_of_cost")["value"] == pytest.approx(520)


def test_a_rate_is_never_used_as_a_percentage() -> None:
    value = clv(example(), "next_year_revenue")
    assert value["value"] < 200
    assert value["numerator"] / value["denominator"] == value["value"]
    assert value["denominator"] == 150


def test_every_row_states_horizon_discounting_and_margin_basis() -> None:
    facts = example()
    stated = {name: clv(facts, name)["assumptions"] for name in ("next_year_revenue", "lifespan_revenue", "margin")}
    assert stated == {
        "next_year_revenue": "horizon=1y; discount=none; margin=revenue",
        "lifespan_revenue": "horizon=5y; discount=none; margin=revenue",
        "margin": "horizon=5y; discount=none; margin=order_cost",
    }
    assert clv(facts, "net_of_cost")["assumptions"] == "horizon=to_date; discount=none; margin=order_cost"
    without_costs = example(orders_costed=599.0)
    assert clv(without_costs, "net_of_cost")["assumptions"] == "horizon=to_date; discount=none; margin=revenue"
    assert clv(without_costs, "net_of_cost")["value"] == pytest.approx(200 - 80)


def test_a_margin_needs_the_cost_of_every_order() -> None:
    assert clv(example(orders_costed=599.0), "margin")["status"] == "source_absent"
    assert clv(example(), "margin")["status"] == "final"


def test_without_spend_nothing_is_net_of_cost() -> None:
    row = clv(example(), "net_of_cost", sources=frozenset({"orders"}))
    assert (row["status"], row["segment_set"], row["grain"]) == ("source_absent", "all", "year")


def test_the_horizon_is_the_longest_lifespan_while_customers_still_stay() -> None:
    facts = example()
    facts["fct_lifetime_period"] = shop({100: (5, 5), 600: (0, 10)})["fct_lifetime_period"]
    years = cell(compute("lifetime_value", facts), "average_lifespan.years")
    assert years["assumptions"] == "horizon=1.64y"
    # 5 of 20 stay for 100 days, the others for at least 600.
    assert years["value"] == pytest.approx((100 + 0.75 * 500) / DAYS_PER_YEAR)
    assert years["ci_low"] < years["value"] < years["ci_high"] <= 600 / DAYS_PER_YEAR
    assert (years["n"], years["ci_method"]) == (20, "greenwood_restricted_mean")
    short = cell(compute("lifetime_value", facts, lifespan_horizon_years=1.0), "average_lifespan.years")
    assert short["assumptions"] == "horizon=1y"
    assert short["value"] == pytest.approx((100 + 0.75 * 265.25) / DAYS_PER_YEAR)


def test_the_interval_of_a_product_comes_from_both_factors() -> None:
    spread = example(revenue_gross_sq=150 * 200.0**2 + 150 * 3600.0)
    row = clv(spread, "next_year_revenue")
    rate, customers = 143 / 150, 150
    variance = rate**2 * (3600 / (customers - 1)) + 200**2 * rate * (1 - rate) / customers
    half = 1.959963985 * variance**0.5
    assert row["ci_low"] == pytest.approx(row["value"] - half)
    assert row["ci_high"] == pytest.approx(row["value"] + half)
    assert row["ci_method"] == "delta_independent_factors"


def test_without_customers_at_the_start_there_is_no_retention_and_no_value() -> None:
    row = clv(example(customers_start=0.0, customers_retained=0.0), "next_year_revenue")
    assert (row["status"], row["denominator"]) == ("undefined", 0)


def test_where_nobody_was_kept_the_value_is_0_and_has_no_interval() -> None:
    row = clv(example(customers_retained=0.0), "next_year_revenue")
    assert row["value"] == 0
    assert row[["ci_low", "ci_high", "ci_method"]].isna().all()


def test_earnings_to_date_add_up_over_the_years() -> None:
    first, second = example(), example()
    later = {"period_start": dt.date(2025, 1, 1), "period_end": dt.date(2026, 1, 1)}
    for name in ("fct_period", "fct_spend_period"):
        first[name] = pd.concat([first[name], second[name].assign(**later)], ignore_index=True)
    rows = compute("lifetime_value", first)
    year = cell(rows, "clv.net_of_cost", period_start="2025-01-01")
    assert year["numerator"] == pytest.approx(2 * 6_000 - 150 * 80)
    assert year["status"] == "provisional"


def test_a_channel_that_won_nobody_has_no_value_per_customer() -> None:
    facts = example()
    nobody = facts["fct_spend_period"].assign(segment_set="channel", segment_key="radio")
    facts["fct_spend_period"] = pd.concat([facts["fct_spend_period"], nobody], ignore_index=True)
    row = cell(compute("lifetime_value", facts), "clv.net_of_cost", segment_key="radio")
    assert (row["status"], row["denominator"]) == ("undefined", 0)


def test_the_worth_of_cohorts_is_that_of_their_own_family() -> None:
    facts = all_facts(4)
    mine = compute("lifetime_value", facts)
    theirs = compute("cohort_retention", facts)
    mine = mine[mine["variant"] == "cohort_to_date"].reset_index(drop=True)
    theirs = theirs[(theirs["metric"] == "cohort_value_to_date") & (theirs["variant"] == "net")].reset_index(drop=True)
    for column in ("value", "numerator", "denominator", "n", "cohort_age"):
        assert mine[column].equals(theirs[column])


def test_lifespans_of_each_segment_are_like_those_computed_alone() -> None:
    facts = all_facts(5)["fct_lifetime_period"]
    together = lifespans(facts, 1.5)
    for number in (0, 7, len(together) - 1):
        key = together.loc[number, ["basis", "period_start", "segment_set", "segment_key"]]
        alone = facts[(facts[list(key.index)] == key).all(axis="columns")]
        expected = lifespans(alone, 1.5).iloc[0]
        assert together.loc[number, "lifespan_years"] == pytest.approx(expected["lifespan_years"])
        assert together.loc[number, "lifespan_variance"] == pytest.approx(expected["lifespan_variance"])


def test_nothing_is_net_of_a_cost_that_is_not_known() -> None:
    facts = example()
    facts["fct_spend_period"]["retention_no_fx_rate_count_to_date"] = 1.0
    net = cell(compute("lifetime_value", facts), "clv.net_of_cost", grain="year")
    assert (net["status"], pd.isna(net["value"])) == ("source_absent", True)


@pytest.mark.parametrize(
    ("first", "status"),
    [
        (dt.date(YEAR.year - 1, 12, 31), "final"), (dt.date(YEAR.year, 1, 31), "final"),
        (dt.date(YEAR.year, 2, 1), "immature"), (dt.date(YEAR.year, 12, 31), "immature"), (None, "final"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("variant", ["next_year_revenue", "lifespan_revenue", "margin"])
def test_purchases_of_part_of_a_year_are_not_taken_for_a_years(
    variant: str, first: dt.date | None, status: str
) -> None:
    found = clv(example(), variant, first_order_date=first)
    assert (found["status"], pd.isna(found["value"])) == (status, status == "immature")
    assert found["assumptions"].startswith("horizon=")


def test_what_has_been_earned_so_far_is_known_in_the_first_year_too() -> None:
    first = dt.date(YEAR.year, 10, 1)
    assert clv(example(), "net_of_cost", first_order_date=first)["status"] == "final"
    years = cell(compute("lifetime_value", example(), first_order_date=first), "average_lifespan.years")
    assert years["status"] == "final"


def test_a_margin_that_is_not_known_is_absent_before_it_is_immature() -> None:
    found = clv(example(orders_costed=0.0), "margin", first_order_date=dt.date(YEAR.year, 10, 1))
    assert found["status"] == "source_absent"
