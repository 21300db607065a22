"""Suppression across grains: what is hidden in a month is not told by the quarter."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_pipeline.metrics.facts import Facts
from retention_pipeline.metrics.intervals import Floats
from retention_pipeline.metrics.nesting import hide

MINIMUM = 5


def facts_of(months: list[list[int]], segment_set: str = "country", *, quarter: bool = True) -> tuple[Facts, Floats]:
    """Three months (and their quarter) of cells of these sizes; the sizes are the people, too."""
    starts = pd.date_range("2024-01-01", periods=4, freq="MS")
    rows = [
        ("month", starts[month], starts[month + 1], f"S{key}", size)
        for month, sizes in enumerate(months)
        for key, size in enumerate(sizes)
    ]
    sums = np.sum(months, axis=0)
    rows += [("quarter", starts[0], starts[3], f"S{key}", int(size)) for key, size in enumerate(sums)]
    frame = pd.DataFrame(rows, columns=["grain", "period_start", "period_end", "segment_key", "people"])
    facts = Facts.of(frame.assign(segment_set=segment_set, calendar="gregorian"), basis="calendar")
    return facts, facts["people"]


def hidden(months: list[list[int]], segment_set: str = "country") -> dict[str, list[bool]]:
    facts, people = facts_of(months, segment_set)
    shown = facts.frame.assign(hidden=hide(facts, np.arange(len(facts)), people, MINIMUM))
    return {
        f"{grain} {start:%m}": part["hidden"].tolist() for (grain, start), part in
        shown.sort_values("segment_key").groupby(["grain", "period_start"], observed=True)
    }  # fmt: skip


def test_what_a_month_hides_its_quarter_hides_too() -> None:
    found = hidden([[3, 40, 50], [30, 40, 50], [30, 40, 50]])
    assert found["month 01"] == found["quarter 01"] == [True, True, False]
    assert found["month 02"] == found["month 03"] == [False, False, False]


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    assert not any(any(each) for each in hidden([[30, 40], [0, 40], [30, 40]]).values())


def test_a_quarter_that_hides_takes_a_second_segment_with_it() -> None:
    found = hidden([[3], [30], [30]])
    assert found["month 01"] == [True]
    assert found["quarter 01"] == [True]


@pytest.mark.parametrize("segment_set", ["new_returning", "rfm", "nps_group", "orders_bucket", "order_number"])
def test_segments_that_each_period_decides_anew_are_left_alone(segment_set: str) -> None:
    found = hidden([[3, 40, 50], [30, 40, 50], [30, 40, 50]], segment_set)
    assert found["month 01"] == [True, True, False]
    assert found["quarter 01"] == [False, False, False]


def test_cohorts_pooled_at_an_age_are_not_the_sum_of_finer_cohorts() -> None:
    start = pd.Timestamp("2024-01-01")
    rows = [
        (grain, pd.Timestamp(end), age, key, people)
        for grain, end, age, sizes in (
            ("month", "2024-06-01", 0, [900, 500]), ("month", "2024-06-01", 4, [3, 90]),
            ("quarter", "2024-07-01", 0, [900, 500]), ("quarter", "2024-07-01", 1, [400, 200]),
        )
        for key, people in zip(["DE", "AT"], sizes, strict=True)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["grain", "period_end", "cohort_age", "segment_key", "people"])
    frame = frame.assign(period_start=start, segment_set="country", calendar="gregorian")
    facts = Facts.of(frame, basis="calendar")
    secret = facts.frame[hide(facts, np.arange(len(facts)), facts["people"], MINIMUM)]
    assert set(zip(secret["grain"], secret["cohort_age"], strict=True)) == {("month", 4)}


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 4).flatmap(lambda keys: st.lists(
    st.lists(st.integers(0, 12), min_size=keys, max_size=keys), min_size=3, max_size=3)))  # fmt: skip
def test_no_small_cell_follows_from_sums_over_segments_and_periods(months: list[list[int]]) -> None:
    """An attacker knows all totals and all shown cells, and that months add up to their quarter."""
    facts, people = facts_of(months)
    secret = hide(facts, np.arange(len(facts)), people, MINIMUM)
    frame = facts.frame.reset_index(drop=True)
    sums = [np.flatnonzero(facts.sets == number) for number in np.unique(facts.sets)]
    equations = [np.isin(np.arange(len(frame)), one).astype(float) for one in sums]
    for key in frame["segment_key"].unique():
        mine = (frame["segment_key"] == key).to_numpy()
        equations.append(np.where(mine, np.where(frame["grain"] == "quarter", -1.0, 1.0), 0.0))
    known = np.array(equations)[:, secret]
    if not known.size:
        return
    free = np.linalg.svd(known)[2][np.linalg.matrix_rank(known) :]
    told = (np.abs(free) < 1e-9).all(axis=0) if len(free) else np.ones(known.shape[1], dtype=bool)
    small = (people[secret] > 0) & (people[secret] < MINIMUM)
    whole = np.array([people[facts.sets == number].sum() for number in facts.sets[secret]]) < MINIMUM
    only = np.array([(people[facts.sets == number] > 0).sum() < 2 for number in facts.sets[secret]])
    assert not (told & small & ~whole & ~only).any()
