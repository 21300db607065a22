"""Completeness, precedence of statuses, suppression of small cells."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_pipeline.core.status import Status
from retention_pipeline.metrics.status import STATUSES, decide, is_complete, suppressed

MARCH_END = np.array(["2025-04-01"], dtype="datetime64[us]")


def hide(sizes: list[int], minimum: int = 5) -> list[bool]:
    """What is hidden in a single set of cells of these sizes."""
    people = np.array(sizes, dtype=np.float64)
    order = np.arange(len(sizes))
    return [bool(one) for one in suppressed(people, np.zeros(len(sizes), dtype=np.int64), order, minimum)]


@pytest.mark.parametrize(
    ("through", "complete"),
    [(dt.date(2025, 3, 30), False), (dt.date(2025, 3, 31), True), (dt.date(2025, 4, 1), True), (None, False)],
)
def test_a_period_is_complete_once_its_last_day_has_been_delivered(through: dt.date | None, complete: bool) -> None:
    assert is_complete(MARCH_END, through).tolist() == [complete]


def test_suppressed_outranks_undefined_and_undefined_outranks_completeness() -> None:
    yes, no = np.array([True]), np.array([False])
    assert STATUSES[decide(complete=yes, defined=no, hidden=yes)[0]] is Status.SUPPRESSED
    assert STATUSES[decide(complete=yes, defined=no, hidden=no)[0]] is Status.UNDEFINED
    assert STATUSES[decide(complete=yes, defined=yes, hidden=no)[0]] is Status.FINAL
    assert STATUSES[decide(complete=no, defined=yes, hidden=no)[0]] is Status.PROVISIONAL


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ([50, 60, 0], [False, False, False]),
        ([4, 50, 60], [True, True, False]),
        ([4, 60, 50, 0], [True, False, True, False]),
        ([4, 4, 50], [True, True, False]),
        ([1, 1, 50, 60], [True, True, True, False]),
        ([3, 0, 0], [True, True, True]),
        ([5, 0, 9], [False, False, False]),
        ([2], [True]),
        ([0, 0], [False, False]),
        ([], []),
    ],
)
def test_small_cells_take_as_many_neighbours_with_them_as_it_needs(sizes: list[int], hidden: list[bool]) -> None:
    assert hide(sizes) == hidden


def test_of_two_equal_neighbours_the_first_in_order_is_hidden() -> None:
    people, sets = np.array([50.0, 3.0, 50.0]), np.zeros(3, dtype=np.int64)
    assert suppressed(people, sets, np.array([2, 0, 1]), 5).tolist() == [False, True, True]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=30), st.integers(1, 8))
def test_what_is_hidden_can_not_be_had_by_subtraction(cells: list[tuple[int, int]], minimum: int) -> None:
    sets = np.array([number for number, _ in cells], dtype=np.int64)
    people = np.array([size for _, size in cells], dtype=np.float64)
    hidden = suppressed(people, sets, np.arange(len(cells)), minimum)
    assert not (~hidden & (people > 0) & (people < minimum)).any()
    for number in set(sets.tolist()):
        mine, mine_hidden = people[sets == number], people[(sets == number) & hidden]
        small = (mine > 0) & (mine < minimum)
        if not small.any():
            assert not len(mine_hidden)
        elif len(mine) > 1:
            assert len(mine_hidden) >= 2
            # What total minus shown cells reveals is a group that may be shown, or the total itself.
            assert mine_hidden.sum() >= minimum or len(mine_hidden) == len(mine)


@given(st.lists(st.integers(0, 12), max_size=12), st.randoms())
def test_the_order_of_rows_does_not_decide_what_is_hidden(sizes: list[int], random: object) -> None:
    people = np.array(sizes, dtype=np.float64)
    order, sets = np.arange(len(sizes)), np.zeros(len(sizes), dtype=np.int64)
    shuffled = np.random.default_rng(hash(random) % 2**32).permutation(len(sizes))
    straight = suppressed(people, sets, order, 5)
    assert suppressed(people[shuffled], sets, order[shuffled], 5).tolist() == straight[shuffled].tolist()
