"""Cohorts: where the triangle ends, what is open-ended, what adds up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.metrics.factories import MONTHS, cell, cohort_facts, compute


def rows_of(seed: int = 5, **changes: object) -> pd.DataFrame:
    return compute("cohort_retention", {"fct_cohort_period": cohort_facts(seed, largest=40)}, **changes)


def test_everybody_is_there_at_age_0() -> None:
    rows = rows_of()
    first = rows[(rows["metric"] == "cohort_retention") & (rows["variant"] == "on") & (rows["cohort_age"] == 0)]
    assert (first["value"].dropna() == 1.0).all()
    share = rows[(rows["metric"] == "cohort_revenue_retention") & (rows["cohort_age"] == 0)]
    assert (share["value"].dropna() == 1.0).all()


def test_the_next_age_of_each_cohort_is_immature_and_empty() -> None:
    facts = cohort_facts(5)
    rows = compute("cohort_retention", {"fct_cohort_period": facts})
    ahead = rows[(rows["variant"] == "on") & (rows["status"] == "immature")]
    cohorts = facts.groupby(["cohort_start", "segment_set", "segment_key"])["cohort_age"].max() + 1
    found = ahead.set_index(["cohort_start", "segment_set", "segment_key"])["cohort_age"]
    assert sorted(found) == sorted(cohorts)
    assert len(ahead) == len(cohorts)
    assert set(ahead["period_start"]) == {pd.Timestamp(2025, 7, 1)}
    assert set(ahead["period_end"]) == {pd.Timestamp(2025, 8, 1)}
    assert ahead[["numerator", "denominator", "value", "n"]].isna().to_numpy().all()


def test_on_or_after_is_immature_unless_open_ended_cohorts_are_wanted() -> None:
    closed = rows_of()
    closed = closed[closed["variant"] == "on_or_after"]
    assert set(closed["status"]) == {"immature"}
    assert closed[["numerator", "value", "ci_low"]].isna().to_numpy().all()
    opened = rows_of(open_ended_cohorts=True)
    opened = opened[opened["variant"] == "on_or_after"]
    assert len(opened) == len(closed)
    assert set(opened["status"]) <= {"provisional", "suppressed"}


def test_on_or_after_is_never_below_on() -> None:
    rows = rows_of(open_ended_cohorts=True)
    both = rows[(rows["metric"] == "cohort_retention") & rows["value"].notna()]
    wide = both.pivot_table(
        index=["cohort_start", "cohort_age", "segment_key"], columns="variant", values="value", observed=True
    )
    assert (wide["on_or_after"] >= wide["on"]).all()


def test_value_to_date_is_the_mean_over_the_whole_cohort_with_its_interval() -> None:
    facts = pd.DataFrame(cohort_facts(5, largest=40).query("segment_set == 'all' and cohort_age == 0").head(1))
    spent = np.array([10.0, 20.0, 30.0, 0.0])
    facts = facts.assign(
        cohort_size=4, customers_active=3, revenue_gross_to_date=spent.sum(), revenue_gross_to_date_sq=(spent**2).sum()
    )
    value = cell(compute("cohort_retention", {"fct_cohort_period": facts}), "cohort_value_to_date.gross")
    assert (value["value"], value["n"], value["ci_method"]) == (15.0, 4, "normal_mean")
    half = 1.959963985 * spent.std(ddof=1) / 2
    assert np.isclose(value["ci_low"], 15 - half)
    assert np.isclose(value["ci_high"], 15 + half)


def test_the_revenue_of_a_cohort_is_hidden_when_few_of_it_came_back() -> None:
    facts = cohort_facts(5, largest=40)
    facts["customers_active"] = np.where(facts["segment_key"] == "country 0", 2, 30)
    facts["cohort_size"] = 40
    rows = compute("cohort_retention", {"fct_cohort_period": facts})
    mine = rows[(rows["segment_key"] == "country 0") & (rows["cohort_start"] == pd.Timestamp(2025, 1, 1))]
    by_metric = mine[mine["cohort_age"] == 1].groupby("metric", observed=True)["status"].agg(set)
    assert by_metric["cohort_revenue"] == by_metric["cohort_orders"] == {"suppressed"}
    assert by_metric["cohort_retention"] == {"final", "immature"}


def test_pooled_rows_sum_the_cohorts_whose_period_of_that_age_is_delivered() -> None:
    facts = cohort_facts(5, largest=40)
    rows = compute("cohort_retention", {"fct_cohort_period": facts})
    pooled = rows[rows["variant"] == "pooled"]
    # May is the last month delivered in full, so the cohort of May has reached age 0 and that of June none.
    assert set(pooled["cohort_age"]) == set(range(5))
    assert pooled["cohort_start"].isna().all()
    assert set(pooled["period_start"]) == {pd.Timestamp(2025, 1, 1)}
    assert set(pooled["period_end"]) == {pd.Timestamp(2025, 6, 1)}
    assert set(pooled["status"]) <= {"final", "suppressed"}
    one = facts[(facts["segment_set"] == "all") & (facts["cohort_age"] == 2) & (facts["cohort_start"] < MONTHS[3])]
    found = cell(rows, "cohort_retention.pooled", cohort_age=2, segment_set="all")
    assert (found["numerator"], found["denominator"]) == (one["customers_active"].sum(), one["cohort_size"].sum())
    spent = cell(rows, "cohort_value_to_date.pooled_net", cohort_age=2, segment_set="all")
    assert np.isclose(spent["value"], one["revenue_net_to_date"].sum() / one["cohort_size"].sum())
    again = cell(rows, "cohort_revenue_retention.pooled", cohort_age=2, segment_set="all")
    assert np.isclose(again["value"], one["revenue_gross"].sum() / one["revenue_gross_first"].sum())


def test_nothing_is_pooled_before_a_period_is_delivered() -> None:
    facts = {"fct_cohort_period": cohort_facts(5)}
    rows = compute("cohort_retention", facts, data_through={"orders": None})
    assert not rows["variant"].isin(["pooled", "pooled_gross"]).any()


def test_a_margin_to_date_needs_the_cost_of_every_order_so_far() -> None:
    facts = cohort_facts(5, largest=40)
    facts["orders_costed_to_date"] -= (facts["cohort_age"] >= 2).astype(int)
    rows = compute("cohort_retention", {"fct_cohort_period": facts})
    margins = rows[(rows["metric"] == "cohort_value_to_date") & (rows["variant"] == "margin")]
    absent = margins["status"] == "source_absent"
    assert (absent == (margins["cohort_age"] >= 2)).all()
    in_period = rows[(rows["metric"] == "cohort_margin")]
    assert "source_absent" not in set(in_period["status"])
    pooled = rows[rows["variant"] == "pooled_margin"].set_index("cohort_age")["status"]
    assert set(pooled[1]) <= {"final", "suppressed"}
    assert set(pooled[2]) == {"source_absent"}
