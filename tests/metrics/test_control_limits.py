"""Control limits: worked by hand, against the oracle, and what they never look at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_pipeline.core.periods import Grain, period_end
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.metrics.control_limits import CONTROL_LIMITS, WARNINGS_SHOWN, control_limits, warnings_of
from retention_pipeline.metrics.intervals import WILSON
from retention_pipeline.metrics.registry import REGISTRY
from tests.oracle.control_table import JUDGED, LONGEST, judge

Share = tuple[int, int]
WITHOUT_LIMITS = {
    "cohort_retention.on": "a cohort's first period is judged by no period before it",
    "cohort_retention.on_or_after": "a cohort, too, and never final",
    "cohort_retention.pooled": "one row per age: there is no order of periods",
    "orders_per_customer_share.in_period": "shares of groups, no total",
    "orders_per_customer_share.lifetime": "shares of groups, no total",
    "rfm_group_share.standard": "shares of groups, no total",
    "churn_reason_share.standard": "shares of groups, no total",
    "retention_by_nps_group.standard": "shares of groups, no total",
    "repeat_customer_rate.lifetime": "counts the same customers in every period: its periods are not independent",
}
"""Shares with a binomial interval that are not judged, and why."""


def values(shares: Sequence[Share], grain: Grain = "month", **others: Any) -> pd.DataFrame:
    """Final totals of the set-based retention rate, one per period from 2020 on."""
    following = accumulate(shares, lambda start, _: period_end(start, grain), initial=dt.date(2020, 1, 6))
    starts = [*following][:-1]
    row = {
        "metric": "customer_retention_rate", "variant": "set_based", "basis": "purchase_window", "grain": grain,
        "calendar": "gregorian", "segment_set": "all", "segment_key": "all", "status": "final", **others,
    }  # fmt: skip
    rows = [
        {**row, "period_start": start, "period_end": period_end(start, grain), "numerator": count, "denominator": cases}
        for start, (count, cases) in zip(starts, shares, strict=True)
    ]
    frame = pd.DataFrame(rows).reindex(columns=list(METRIC_VALUES.column_names))
    return frame.astype(dict.fromkeys(("period_start", "period_end"), "datetime64[us]"))


def judged(shares: Sequence[Share], grain: Grain = "month", sigmas: float = 3.0, floor: float = 0.01) -> pd.DataFrame:
    return control_limits(values(shares, grain), sigmas=sigmas, floor=floor)


def last(shares: Sequence[Share], **others: Any) -> dict[str, Any]:
    return {str(name): value for name, value in judged(shares, **others).iloc[-1].items()}


def test_steady_periods_worked_by_hand() -> None:
    # 80 and 84 of 100 in turn: centre 656 / 800 = 0.82, deviation sqrt(0.82 * 0.18 / 100) = 0.0384187.
    # Neighbours lie 0.04 / 0.0384187 = 1.04116 deviations apart, / 1.128 = 0.923: no more than binomial, so 1.
    # Limits 0.82 -+ 3 * 0.0384187 = 0.704744 and 0.935256.
    row = last([(80, 100), (84, 100)] * 4 + [(70, 100)])
    assert row["center"] == pytest.approx(0.82, abs=1e-12)
    assert row["overdispersion"] == 1.0
    assert (row["lower_limit"], row["upper_limit"]) == pytest.approx((0.704744, 0.935256), abs=1e-6)
    assert (row["value"], row["n"], row["baseline_periods"], row["verdict"]) == (0.7, 100, 8, "below")
    assert last([(80, 100), (84, 100)] * 4 + [(71, 100)])["verdict"] == "in_control"
    assert last([(80, 100), (84, 100)] * 4 + [(94, 100)])["verdict"] == "above"


def test_restless_periods_worked_by_hand() -> None:
    # 76 and 88 in turn: the same centre, but neighbours lie 0.12 / 0.0384187 = 3.12348 apart, / 1.128 = 2.76904.
    # Limits 0.82 -+ 3 * 2.76904 * 0.0384187 = 0.500851 and, cut, 1. What was below above is in control here.
    row = last([(76, 100), (88, 100)] * 4 + [(70, 100)])
    assert row["center"] == pytest.approx(0.82, abs=1e-12)
    assert row["overdispersion"] == pytest.approx(2.769043, abs=1e-5)
    assert row["lower_limit"] == pytest.approx(0.500851, abs=1e-5)
    assert (row["upper_limit"], row["verdict"]) == (1.0, "in_control")


def test_one_point_is_the_least_that_is_called_outside() -> None:
    steady = [(82_000, 100_000)] * 8
    assert last([*steady, (81_001, 100_000)])["verdict"] == "in_control"
    assert last([*steady, (81_000, 100_000)])["verdict"] == "below"
    assert last([*steady, (81_001, 100_000)], floor=0.0)["verdict"] == "below"


@pytest.mark.parametrize(("before", "share"), [(7, (50, 100)), (12, (15, 29))], ids=["seven periods", "29 cases"])
def test_too_little_is_insufficient(before: int, share: Share) -> None:
    row = judged([(50, 100)] * before + [share]).iloc[-1]
    assert row["verdict"] == "insufficient"
    assert row[["center", "lower_limit", "upper_limit", "overdispersion"]].isna().all()
    assert last([(50, 100)] * (before + 1) + [(15, 30)])["verdict"] == "in_control"


def test_hardly_any_case_expected_is_insufficient_at_either_end() -> None:
    assert last([(4, 100)] * 8 + [(60, 100)])["verdict"] == "insufficient"
    assert last([(96, 100)] * 8 + [(40, 100)])["verdict"] == "insufficient"
    assert last([(5, 100)] * 8 + [(60, 100)])["verdict"] == "above"
    assert last([(0, 100)] * 8 + [(60, 100)])["verdict"] == "insufficient"


def test_weeks_look_back_half_a_year_and_months_a_year() -> None:
    shares = [(50, 100)] * 30
    assert judged(shares, "week")["baseline_periods"].tolist() == [*range(26), 26, 26, 26, 26]
    assert judged(shares, "month")["baseline_periods"].tolist() == [*range(12), *[12] * 18]
    assert judged(shares, "day").empty


counts = st.integers(1, 400).flatmap(lambda cases: st.tuples(st.integers(0, cases), st.just(cases)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(counts, min_size=1, max_size=40),
    st.sampled_from(["week", "month", "quarter", "year"]),
    st.sampled_from([(Fraction(3), Fraction(1, 100)), (Fraction(1), Fraction(1, 5)), (Fraction(2), Fraction(0))]),
)
def test_every_cell_is_the_oracles(shares: list[Share], grain: Grain, limits: tuple[Fraction, Fraction]) -> None:
    found = judged(shares, grain, *map(float, limits))
    for place, share in enumerate(shares):
        expected = judge(shares[max(0, place - LONGEST[grain]) : place], share, *limits)
        row = found.iloc[place]
        for name, value in expected.items():
            if isinstance(value, float):
                assert row[name] == pytest.approx(value, rel=1e-9), name
            else:
                assert (pd.isna(row[name]) and value is None) or row[name] == value, name


@settings(max_examples=30, deadline=None)
@given(st.lists(counts, min_size=10, max_size=40), st.integers(1, 9), counts)
def test_later_periods_change_nothing_and_a_period_does_not_judge_itself(
    shares: list[Share], later: int, other: Share
) -> None:
    columns = ["center", "lower_limit", "upper_limit", "overdispersion", "verdict"]
    whole, known = judged(shares), judged(shares[:-later])
    pd.testing.assert_frame_equal(whole[columns][:-later], known[columns])
    itself = judged([*shares[:-1], (other[0], other[1])])
    if "insufficient" not in {whole["verdict"].iloc[-1], itself["verdict"].iloc[-1]}:
        kept = ["center", "overdispersion"]
        pd.testing.assert_series_equal(whole[kept].iloc[-1], itself[kept].iloc[-1])


def test_only_final_totals_of_judged_metrics_count_in_any_order() -> None:
    steady = values([(50, 100)] * 12)
    open_one = steady.iloc[-1:].assign(status="provisional", period_start=pd.Timestamp(2022, 1, 1))
    segment = steady.assign(segment_set="country", segment_key="DE", numerator=1)
    other = steady.assign(metric="revenue_churn", variant="net", numerator=1)
    cohort = steady.assign(cohort_start=steady["period_start"], cohort_age=1, numerator=1)
    everything = pd.concat([segment, open_one, steady, other, cohort]).sample(frac=1, random_state=1)
    found = control_limits(everything, sigmas=3.0, floor=0.01)
    pd.testing.assert_frame_equal(found, control_limits(steady, sigmas=3.0, floor=0.01))
    assert len(found) == 12
    assert found["is_latest"].tolist() == [False] * 11 + [True]


def test_without_rows_the_table_has_its_columns() -> None:
    found = control_limits(values([]), sigmas=3.0, floor=0.01)
    assert (len(found), tuple(found.columns)) == (0, CONTROL_LIMITS.column_names)


def test_shares_of_cases_have_limits_and_the_others_their_reason() -> None:
    assert {each.name for each in REGISTRY if each.has_control_limits} == {".".join(pair) for pair in JUDGED}
    wilson = {each.name for each in REGISTRY if each.interval == WILSON and each.unit == "fraction"}
    assert wilson == {each.name for each in REGISTRY if each.has_control_limits} | set(WITHOUT_LIMITS)


def test_a_run_warns_of_the_latest_periods_outside_and_only_of_a_handful() -> None:
    fell = judged([(820, 1000)] * 12 + [(700, 1000)])
    sentence = "month from 2021-01-01: 70.0 % lies below its control limits, 78.4 % to 85.6 %"
    assert warnings_of(fell) == [f"customer_retention_rate.set_based (purchase_window), {sentence}"]
    assert warnings_of(judged([(820, 1000)] * 12 + [(700, 1000), (815, 1000)])) == []
    assert warnings_of(judged([(820, 1000)] * 13)) == []
    many = pd.concat([fell] * (WARNINGS_SHOWN + 3))
    assert len(warnings_of(many)) == WARNINGS_SHOWN + 1
    assert warnings_of(many)[-1] == "and 3 more outside; see the table control_limits"


def test_neighbours_set_the_spread_so_that_a_drift_does_not_hide_itself() -> None:
    drift = [(900 - 10 * step, 1000) for step in range(12)]
    assert last([*drift, (700, 1000)])["overdispersion"] == 1.0
    assert last([*drift[::2], *drift[1::2], (700, 1000)])["overdispersion"] > 1.0
    assert last([*drift, (700, 1000)])["verdict"] == "below"
