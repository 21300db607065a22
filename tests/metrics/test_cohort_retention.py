"""Cohorts: where the triangle ends, what is open-ended, what adds up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.metrics.factories import cell, cohort_facts, compute


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
