"""What customers cost, what they bring for it, and when they have paid it back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.metrics.factories import MONTHS, cell, cohort_facts, compute, period_facts
from tests.metrics.more_facts import lifetime_facts, spend_facts

MAY = {"segment_key": "all", "period_start": pd.Timestamp(MONTHS[4]), "grain": "month"}
WINDOW = {**MAY, "basis": "purchase_window"}
YEAR = {"segment_key": "all", "grain": "year", "period_start": pd.Timestamp("2024-01-01"), "basis": "purchase_window"}


def facts(**changes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {
        "fct_spend_period": spend_facts(),
        "fct_period": period_facts(years=True),
        "fct_lifetime_period": lifetime_facts(),
        "fct_cohort_period": cohort_facts(),
        **changes,
    }


def economics(tables: dict[str, pd.DataFrame] | None = None, **changes: Any) -> pd.DataFrame:
    return compute("unit_economics", tables or facts(), **changes)


def may(spend: dict[str, float], customers: dict[str, float]) -> dict[str, pd.DataFrame]:
    """Facts with these totals of May."""
    tables = facts()
    for name, values in (("fct_spend_period", spend), ("fct_period", customers)):
        frame = tables[name]
        here = (frame["segment_set"] == "all") & (frame["period_start"] == MONTHS[4])
        for column, value in values.items():
            frame.loc[here, column] = value
    return tables


def test_costs_per_customer_and_how_many_times_as_much_winning_one_costs() -> None:
    rows = economics(
        may({"acquisition_spend": 1000, "retention_spend": 300}, {"customers_new": 20, "customers_retained": 60})
    )
    won = cell(rows, "customer_acquisition_cost.standard", **WINDOW)
    assert (won["value"], won["n"], won["currency"], won["status"]) == (50, 20, "EUR", "final")
    assert cell(rows, "retention_cost_per_customer.standard", **WINDOW)["value"] == 5
    ratio = cell(rows, "acquisition_to_retention_cost.standard", **WINDOW)
    assert (ratio["value"], ratio["unit"]) == (10, "ratio")
    assert ratio["numerator"] / ratio["denominator"] == 10


@pytest.mark.parametrize(
    ("kind", "lacking"),
    [
        ("acquisition", {"spend.acquisition", "customer_acquisition_cost.standard"}),
        ("retention", {"spend.retention", "retention_cost_per_customer.standard"}),
    ],
)
def test_spend_that_could_not_be_converted_is_not_nothing(kind: str, lacking: set[str]) -> None:
    rows = economics(may({f"{kind}_no_fx_rate_count": 1}, {}))
    here = rows[
        (rows["period_start"] == MAY["period_start"]) & (rows["segment_set"] == "all") & (rows["grain"] == "month")
    ]
    names = here["metric"].astype("str") + "." + here["variant"].astype("str")
    said = names[(here["status"] == "source_absent") & (here["metric"] != "payback_age")]
    assert set(said) == lacking | {"acquisition_to_retention_cost.standard"}
    assert here["value"][said.index].isna().all()


def test_worth_over_cost_and_payback_need_the_whole_cost_too() -> None:
    tables = facts()
    tables["fct_spend_period"]["acquisition_no_fx_rate_count"] = 1.0
    rows = economics(tables)
    rest_on_it = rows[rows["metric"].isin(["ltv_to_cac", "payback_age"])]
    assert len(rest_on_it) > 10
    assert set(rest_on_it["status"]) == {"source_absent"}


@pytest.mark.parametrize(
    ("customers", "undefined"),
    [
        ({"customers_new": 0, "customers_retained": 6}, "customer_acquisition_cost.standard"),
        ({"customers_new": 6, "customers_retained": 0}, "retention_cost_per_customer.standard"),
    ],
)
def test_money_spent_on_nobody_has_no_cost_per_customer(customers: dict[str, float], undefined: str) -> None:
    rows = economics(may({"acquisition_spend": 1000, "retention_spend": 300}, customers))
    assert cell(rows, undefined, **WINDOW)["status"] == "undefined"
    assert cell(rows, "acquisition_to_retention_cost.standard", **WINDOW)["status"] == "undefined"


def test_spend_is_published_by_channel_even_where_few_came_by_it() -> None:
    tables = facts()
    spend = economics(tables).query("metric == 'spend' and variant == 'acquisition'")
    assert set(spend["segment_set"]) == {"all", "country"}
    assert set(spend["status"]) == {"final", "provisional"}
    assert set(spend["n"]) == {0}
    assert spend["value"].sum() == tables["fct_spend_period"]["acquisition_spend"].sum()


def test_a_channel_nobody_came_by_has_spend_and_no_cost_per_customer() -> None:
    tables = facts()
    radio = tables["fct_spend_period"].query("segment_key == 'country 1'").assign(segment_key="radio")
    tables["fct_spend_period"] = pd.concat([tables["fct_spend_period"], radio], ignore_index=True)
    rows = economics(tables, min_cell_size=1)
    radio_may = {**WINDOW, "segment_key": "radio"}
    assert cell(rows, "customer_acquisition_cost.standard", **radio_may)["status"] == "undefined"
    assert cell(rows, "spend.acquisition", **{**radio_may, "basis": "calendar"})["value"] > 0


def test_worth_over_cost_is_the_lifespan_value_over_the_acquisition_cost_of_the_year() -> None:
    tables = facts()
    rows, values = economics(tables), compute("lifetime_value", tables)
    cost = cell(rows, "customer_acquisition_cost.standard", **YEAR)["value"]
    for variant, clv in (("revenue", "clv.lifespan_revenue"), ("margin", "clv.margin")):
        ratio, worth = cell(rows, f"ltv_to_cac.{variant}", **YEAR), cell(values, clv, **YEAR)
        assert ratio["value"] == pytest.approx(worth["value"] / cost)
        assert ratio["ci_low"] == pytest.approx(worth["ci_low"] / cost)
        assert ratio["ci_high"] == pytest.approx(worth["ci_high"] / cost)
        assert ratio["assumptions"] == worth["assumptions"]


def test_a_year_that_won_nobody_has_no_worth_over_cost() -> None:
    tables = facts()
    tables["fct_period"] = tables["fct_period"].assign(customers_new=0)
    row = cell(economics(tables), "ltv_to_cac.revenue", **YEAR)
    assert (row["status"], row["denominator"]) == ("undefined", 0)


def test_worth_by_margin_needs_a_cost_on_every_order() -> None:
    tables = facts()
    periods = tables["fct_period"]
    tables["fct_period"] = periods.assign(orders_costed=periods["orders_costed"] - 1)
    rows = economics(tables)
    assert set(rows.query("metric == 'ltv_to_cac' and variant == 'margin'")["status"]) == {"source_absent"}
    assert cell(rows, "ltv_to_cac.revenue", **YEAR)["status"] == "final"


def one_cohort(*, net: list[float], margin: list[float], costed: list[bool] | None = None) -> dict[str, pd.DataFrame]:
    """January's cohort of 10 customers who cost 100, by age."""
    cells = cohort_facts().query("cohort_start == @MONTHS[0] and segment_set == 'all'").sort_values("cohort_age")
    orders = np.arange(1, len(cells) + 1) * 10
    tables = facts()
    tables["fct_cohort_period"] = cells.assign(
        cohort_size=10,
        revenue_net_to_date=net,
        margin_to_date=margin,
        orders_count_to_date=orders,
        orders_costed_to_date=np.where(costed or [True] * len(cells), orders, orders - 1),
    )
    spend = tables["fct_spend_period"]
    spend.loc[(spend["period_start"] == MONTHS[0]) & (spend["segment_set"] == "all"), "acquisition_spend"] = 100.0
    return tables


def test_a_cohort_has_paid_back_in_the_first_period_at_whose_end_it_has_brought_in_its_cost() -> None:
    rows = economics(one_cohort(net=[40, 90, 100, 120, 130, 140], margin=[10, 20, 30, 99.99, 100.01, 110]))
    net, margin = cell(rows, "payback_age.net"), cell(rows, "payback_age.margin")
    assert (net["value"], margin["value"], net["unit"], net["n"]) == (2, 4, "periods", 10)
    assert (net["cohort_start"], net["period_start"], net["status"]) == (
        pd.Timestamp(MONTHS[0]),
        pd.Timestamp(MONTHS[0]),
        "final",
    )
    assert pd.isna(net["cohort_age"])


def test_a_cohort_that_has_not_paid_back_may_still() -> None:
    # it gets there in June, of which days are still to come
    rows = economics(one_cohort(net=[1, 2, 3, 4, 5, 200], margin=[1, 2, 3, 4, 5, 200]))
    assert [cell(rows, f"payback_age.{variant}")["status"] for variant in ("net", "margin")] == ["immature"] * 2


def test_payback_by_margin_needs_the_costs_of_the_orders_until_then() -> None:
    early = economics(one_cohort(net=[1] * 6, margin=[150] * 6, costed=[True, *[False] * 5]))
    assert cell(early, "payback_age.margin")["value"] == 0
    never = economics(one_cohort(net=[1] * 6, margin=[50] * 6, costed=[True, *[False] * 5]))
    assert cell(never, "payback_age.margin")["status"] == "source_absent"
    assert cell(never, "payback_age.net")["status"] == "immature"


def test_every_cohort_has_one_row_per_segment_that_spend_is_known_for() -> None:
    rows = economics().query("metric == 'payback_age' and variant == 'net'")
    assert len(rows) == len(MONTHS) * (1 + 3)
    assert not rows.duplicated(["cohort_start", "segment_key"]).any()


def test_a_cost_is_final_when_both_its_money_and_its_customers_have_been_delivered() -> None:
    rows = economics(data_through={"spend": MONTHS[5], "orders": MONTHS[4], "subscriptions": MONTHS[5]})
    statuses = {
        basis: cell(rows, "customer_acquisition_cost.standard", **{**MAY, "basis": basis})["status"]
        for basis in ("purchase_window", "subscription")
    }
    assert statuses == {"purchase_window": "provisional", "subscription": "final"}


def test_a_shop_without_spend_says_so_once_per_period() -> None:
    nothing = spend_facts().iloc[:0]
    rows = economics(facts(fct_spend_period=nothing), sources=frozenset({"orders"}))
    assert set(rows["status"]) == {"source_absent"}
    assert set(rows["segment_set"]) == {"all"}
    per_metric = rows.groupby(["metric", "variant", "grain"], observed=True)["period_start"].agg(["size", "nunique"])
    assert (per_metric["size"] == per_metric["nunique"]).all()
    assert set(rows.query("metric == 'ltv_to_cac'")["grain"]) == {"year"}
    assert rows.groupby(["metric", "variant"], observed=True).ngroups == 9


def test_a_shop_without_years_and_cohorts_has_the_other_metrics() -> None:
    tables = facts(fct_cohort_period=cohort_facts().iloc[:0], fct_lifetime_period=lifetime_facts().iloc[:0])
    for name in ("fct_spend_period", "fct_period"):
        tables[name] = tables[name].query("grain == 'month'")
    assert set(economics(tables)["metric"]) == {
        "spend", "customer_acquisition_cost", "retention_cost_per_customer", "acquisition_to_retention_cost",
    }  # fmt: skip


def test_a_worth_that_is_not_known_yet_is_compared_with_no_cost() -> None:
    rows = economics(first_order_date=dt.date(2024, 10, 1))
    assert cell(rows, "ltv_to_cac.revenue", **YEAR)["status"] == "immature"
    assert cell(rows, "customer_acquisition_cost.standard", **YEAR)["status"] == "final"
