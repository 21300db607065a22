"""Waiting times: what they rest on, when they are final, whom they protect."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from retention_pipeline.metrics.order_gap_survival import ORDER_GAP_SURVIVAL, survival_rows
from tests.metrics.factories import MONTHS, cell, compute, context, keys, period_facts
from tests.metrics.more_facts import order_gap_facts

Waits = dict[int, tuple[int, int]]


def facts(waits: Waits, start: dt.date = MONTHS[0], **changes: object) -> dict[str, pd.DataFrame]:
    """Waits of one period's totals: days to (followed, censored)."""
    place = keys(start) | changes
    rows = [
        place | {"gap_days": days, "followed_count": followed, "censored_count": censored}
        for days, (followed, censored) in waits.items()
    ]
    return {"fct_order_gap_period": pd.DataFrame(rows).drop(columns="basis"), "fct_period": period_facts()}


def test_waits_still_going_on_make_the_median_longer() -> None:
    patient = facts({10: (4, 0), 20: (2, 3), 60: (3, 0)})
    hasty = facts({10: (4, 0), 20: (2, 0), 60: (3, 0)})
    name = "time_between_orders.median"
    assert cell(compute("order_gaps", patient), name)["value"] == 20
    # The three who still wait are not thrown away: after 20 days six of twelve still wait.
    assert cell(compute("order_gaps", facts({10: (4, 0), 20: (1, 4), 60: (3, 0)})), name)["value"] == 60
    assert cell(compute("order_gaps", hasty), name)["value"] == 20


def test_a_quantile_not_reached_is_immature() -> None:
    rows = compute("order_gaps", facts({10: (4, 0), 20: (2, 6)}))
    median, later = cell(rows, "time_between_orders.median"), cell(rows, "time_between_orders.p80")
    assert (median["value"], later["status"]) == (20, "immature")
    assert later[["value", "numerator", "n", "ci_low"]].isna().all()


def test_a_value_is_final_once_every_order_has_been_followed_that_long() -> None:
    waits: Waits = {10: (4, 0), 20: (2, 0), 100: (3, 1)}
    rows = compute("order_gaps", facts(waits, MONTHS[0]))
    # January's last order has been followed for 130 days by 10 June, May's for ten.
    assert cell(rows, "time_between_orders.median")["status"] == "final"
    assert cell(rows, "reorder_rate.within_window")["status"] == "final"
    later = compute("order_gaps", facts(waits, MONTHS[4]))
    assert cell(later, "time_between_orders.median")["status"] == "provisional"
    assert cell(later, "reorder_rate.within_window")["status"] == "provisional"
    unknown = compute("order_gaps", facts(waits), data_through={"orders": None})
    assert cell(unknown, "time_between_orders.median")["status"] == "provisional"


def test_the_reorder_rate_is_the_share_followed_within_the_window() -> None:
    rows = compute("order_gaps", facts({10: (4, 0), 90: (2, 0), 91: (2, 2)}), activity_window_days=90)
    rate = cell(rows, "reorder_rate.within_window")
    assert rate["value"] == pytest.approx(0.6)
    assert 0 < rate["ci_low"] < 0.6 < rate["ci_high"] < 1
    assert (rate["assumptions"], rate["ci_method"], rate["n"]) == ("horizon=90d", "kaplan_meier_log_log", 10)
    early = cell(compute("order_gaps", facts({10: (4, 3)}), activity_window_days=90), "reorder_rate.within_window")
    assert early["status"] == "immature"


def test_a_mean_counts_a_wait_for_a_year_at_most() -> None:
    waits: Waits = {10: (5, 0), 365: (0, 2), 500: (3, 0)}
    mean = cell(compute("order_gaps", facts(waits)), "time_between_orders.restricted_mean")
    assert mean["value"] == pytest.approx(0.5 * 10 + 0.5 * 365)
    assert (mean["assumptions"], mean["unit"]) == ("horizon=365d", "days")
    assert mean["status"] == "provisional"
    short = compute("order_gaps", facts({10: (5, 0), 300: (2, 3)}))
    assert cell(short, "time_between_orders.restricted_mean")["status"] == "immature"
    everybody_came_back = compute("order_gaps", facts({10: (5, 0), 300: (5, 0)}))
    mean = cell(everybody_came_back, "time_between_orders.restricted_mean")
    assert mean["value"] == pytest.approx(155)


def test_a_segment_of_few_customers_is_hidden_however_many_orders_they_placed() -> None:
    both = facts({10: (40, 2)}, grain="all", period_end=dt.date(2025, 6, 11))
    totals = both["fct_order_gap_period"]
    few = totals.assign(segment_set="country", segment_key="LT")
    many = few.assign(segment_key="PL", censored_count=30)
    numbers = totals.assign(segment_set="order_number", segment_key="1")
    both["fct_order_gap_period"] = pd.concat([totals, few, many, numbers], ignore_index=True)
    rows = compute("order_gaps", both)
    rows = rows[rows["variant"] == "median"].set_index("segment_key")
    assert rows.loc[["LT", "PL"], "status"].tolist() == ["suppressed"] * 2
    assert rows.loc[["all", "1"], "value"].tolist() == [10, 10]
    curves = survival_rows(both, context())
    assert set(curves["segment_key"]) == {"all", "1"}


def test_in_a_period_those_who_ordered_are_the_ones_protected() -> None:
    one = facts({10: (40, 20)})
    one["fct_order_gap_period"] = pd.concat(
        [
            one["fct_order_gap_period"].assign(segment_set="country", segment_key=f"country {number}")
            for number in (0, 1)
        ]
    )
    ordering = one["fct_period"]
    ordering.loc[ordering["segment_key"] == "country 0", "customers_ordering"] = 4
    rows = compute("order_gaps", one)
    assert set(rows.loc[rows["variant"] == "median", "status"]) == {"suppressed"}


def test_the_published_curves_are_those_of_the_whole_history() -> None:
    given = {"fct_order_gap_period": order_gap_facts(2), "fct_period": period_facts()}
    curves = survival_rows(given, context())
    assert tuple(curves.columns) == ORDER_GAP_SURVIVAL.column_names
    assert not curves.duplicated(list(ORDER_GAP_SURVIVAL.key)).any()
    total = curves[curves["segment_set"] == "all"]
    whole = given["fct_order_gap_period"].query("grain == 'all' and segment_set == 'all'")
    assert total["followed"].sum() == whole["followed_count"].sum()
    assert total["at_risk"].iloc[0] == whole["followed_count"].sum() + whole["censored_count"].sum()
    assert np.all(np.diff(total["survival"]) <= 0)
    assert set(curves["segment_set"]) == {"all", "country", "order_number"}
    nothing = survival_rows({"fct_order_gap_period": order_gap_facts(2).iloc[:0]}, context())
    assert (len(nothing), tuple(nothing.columns)) == (0, ORDER_GAP_SURVIVAL.column_names)
