"""Scores, their scales, and shops that do not ask."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from retention_pipeline.metrics.registry import of_family
from tests.metrics.factories import (
    MONTHS,
    cell,
    compute,
    feedback_facts,
    feedback_measures,
    keys,
    period_facts,
)  # fmt: skip
from tests.metrics.service_facts import service_facts


def answers(measure: str, low: int, high: int, scores: list[int], **more: object) -> pd.DataFrame:
    measures = feedback_measures(measure, high, np.array(scores, dtype=np.float64))
    row = keys(MONTHS[0]) | {"measure": measure, "scale_min": float(low), "scale_max": float(high)} | measures | more
    del row["basis"]
    return pd.DataFrame([row])


def scores(feedback: pd.DataFrame, **changes: object) -> pd.DataFrame:
    nothing_else = {name: service_facts()[name].iloc[:0] for name in ("fct_survey_period", "fct_nps_retention_period")}
    facts = {"fct_feedback_period": feedback, "fct_period": period_facts(), **nothing_else}
    return compute("feedback_scores", facts, **changes)


def outcomes(**changes: object) -> pd.DataFrame:
    """Rows about surveys and what follows an answer; nobody's answers are scored."""
    facts = {"fct_feedback_period": feedback_facts().iloc[:0], "fct_period": period_facts(), **service_facts(2)}
    return compute("feedback_scores", facts, **changes)


@pytest.mark.parametrize(("times", "half_width"), [(10, 0.1531), (1, 0.4841)])
def test_the_promoter_score_keeps_passives_in_the_denominator(times: int, half_width: float) -> None:
    rows = scores(answers("nps", 0, 10, [10, 10, 9, 9, 9, 8, 7, 7, 6, 0] * times))
    score = cell(rows, "net_promoter_score.standard")
    assert (score["value"], score["n"], score["denominator"]) == (pytest.approx(0.3), 10 * times, 10 * times)
    assert round((score["ci_high"] - score["ci_low"]) / 2, 4) == half_width
    assert score["basis"] == "scale_0_10"
    counts = [cell(rows, f"nps_answers.{group}")["value"] for group in ("promoters", "passives", "detractors")]
    assert counts == [5 * times, 3 * times, 2 * times]


def test_satisfaction_counts_the_two_best_grades_and_has_the_mean_beside_it() -> None:
    rows = scores(answers("csat", 1, 5, [5, 4, 4, 3, 1]))
    assert cell(rows, "customer_satisfaction.top_box")["value"] == 0.6
    assert cell(rows, "customer_satisfaction.mean")["value"] == pytest.approx(3.4)
    assert cell(rows, "customer_satisfaction.mean")["ci_high"] <= 5


def test_thumbs_and_effort_have_their_own_metrics() -> None:
    rows = scores(pd.concat([answers("thumbs", 0, 1, [1, 1, 0, 1]), answers("effort", 1, 7, [1, 2, 6])]))
    assert cell(rows, "customer_satisfaction.thumbs")["value"] == 0.75
    effort = cell(rows, "customer_effort.mean")
    assert (effort["value"], effort["basis"], effort["unit"]) == (3.0, "scale_1_7", "points")


def test_two_scales_of_one_measure_never_share_a_cell() -> None:
    rows = scores(pd.concat([answers("csat", 1, 5, [5, 5]), answers("csat", 1, 10, [1, 2, 10])]))
    assert cell(rows, "customer_satisfaction.top_box", basis="scale_1_5")["value"] == 1.0
    assert cell(rows, "customer_satisfaction.top_box", basis="scale_1_10")["denominator"] == 3


def test_two_measures_of_one_scale_are_counted_together_as_answers() -> None:
    rows = scores(pd.concat([answers("csat", 1, 5, [5, 5]), answers("effort", 1, 5, [1, 2, 3])]))
    assert cell(rows, "answers.standard", basis="scale_1_5")["value"] == 5


def test_broken_scale_ends_have_readable_names() -> None:
    rows = scores(answers("csat", 0, 5, [1, 2], scale_min=0.5))
    assert cell(rows, "customer_satisfaction.mean")["basis"] == "scale_0.5_5"


def test_without_a_feedback_source_every_metric_says_so_once_per_period() -> None:
    rows = scores(feedback_facts(), sources=frozenset({"orders"}), data_through={"orders": MONTHS[5]})
    assert set(rows["status"]) == {"source_absent"}
    assert set(rows["segment_set"]) == {"all"}
    per_metric = rows.groupby(["metric", "variant"], observed=True)["period_start"].agg(["size", "nunique"])
    assert (per_metric == len(MONTHS)).to_numpy().all()
    assert len(per_metric) == 11
    assert rows[["numerator", "denominator", "value", "n", "data_through"]].isna().to_numpy().all()


def test_a_measure_nobody_answered_is_absent_and_the_others_are_not() -> None:
    rows = scores(answers("csat", 1, 5, [5, 4, 4, 3, 1]))
    names = rows["metric"].astype("str") + "." + rows["variant"].astype("str")
    statuses = rows["status"].groupby(names)
    answered = {"customer_satisfaction.top_box", "customer_satisfaction.mean", "answers.standard"}
    assert {name: set(found) for name, found in statuses} == {
        definition.name: {"final" if definition.name in answered else "source_absent"}
        for definition in of_family("feedback_scores")
    }


def test_many_answers_of_few_customers_of_a_segment_are_hidden() -> None:
    facts = answers("csat", 1, 5, [5] * 9, segment_set="country", segment_key="fi", customers_count=2.0)
    rows = scores(facts)
    assert cell(rows, "customer_satisfaction.top_box")["status"] == "suppressed"
    assert cell(rows, "answers.standard")["status"] == "suppressed"


def test_customers_who_answered_two_questions_are_not_counted_twice() -> None:
    segment = {"segment_set": "country", "segment_key": "fi", "customers_count": 3.0}
    both = [answers("csat", 1, 5, [5] * 4, **segment), answers("effort", 1, 5, [1] * 4, **segment)]
    assert cell(scores(pd.concat(both)), "answers.standard")["status"] == "suppressed"


def test_promoters_passives_and_detractors_make_all_answers() -> None:
    rows = scores(feedback_facts(4, largest=60))
    shown = rows[rows["segment_set"] == "all"]
    parts = shown[shown["metric"] == "nps_answers"].groupby("period_start")["value"].sum()
    score = shown[shown["metric"] == "net_promoter_score"].set_index("period_start")["denominator"]
    assert (parts == score.reindex(parts.index)).all()


def test_the_response_rate_adds_up_the_questions_of_one_scale_and_waits_until_nobody_can_answer_in_time() -> None:
    facts = service_facts(2)["fct_survey_period"]
    here = facts[(facts["period_start"] == MONTHS[0]) & (facts["segment_set"] == "all") & (facts["scale_max"] == 5)]
    row = cell(
        outcomes(), "survey_response_rate.standard", basis="scale_1_5", period_start=pd.Timestamp(MONTHS[0]),
        segment_key="all",
    )  # fmt: skip
    assert len(here) == 2
    assert (row["numerator"], row["denominator"]) == (here["answered_count"].sum(), here["sent_count"].sum())
    assert (row["status"], row["ci_method"]) == ("final", "wilson")
    rates = outcomes().query("metric == 'survey_response_rate'")
    assert set(rates.loc[rates["period_start"] > pd.Timestamp(MONTHS[2]), "status"]) == {"immature"}
    assert "immature" not in set(rates.loc[rates["period_start"] <= pd.Timestamp(MONTHS[2]), "status"])


def test_a_segment_with_many_surveys_of_few_customers_is_hidden() -> None:
    surveys = service_facts(2)["fct_survey_period"].query("measure == 'nps' and segment_key == 'country 0'").iloc[:1]
    facts = {
        "fct_feedback_period": feedback_facts().iloc[:0],
        "fct_period": period_facts(),
        **service_facts(),
        "fct_survey_period": surveys.assign(sent_count=40, answered_count=20, customers_count=3),
    }
    rows = compute("feedback_scores", facts)
    assert cell(rows, "survey_response_rate.standard")["status"] == "suppressed"


def test_promoters_are_followed_for_a_window_before_anything_is_said_about_them() -> None:
    rows = outcomes(min_cell_size=1)
    place = {"basis": "subscription", "segment_key": "promoter"}
    facts = service_facts(2)["fct_nps_retention_period"].query("basis == 'subscription' and segment_key == 'promoter'")
    january = cell(rows, "retention_by_nps_group.standard", period_start=pd.Timestamp(MONTHS[0]), **place)
    assert (january["numerator"], january["denominator"], january["n"]) == (
        facts["customers_retained"].iloc[0],
        facts["customers_active_at_answer"].iloc[0],
        facts["customers_active_at_answer"].iloc[0],
    )
    march = cell(rows, "retention_by_nps_group.standard", period_start=pd.Timestamp(MONTHS[2]), **place)
    assert march["status"] == "immature"
    assert np.isnan(march["value"])
