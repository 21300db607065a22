"""Proposed cut points: fifths where values allow, ascending always, and what is printed can be read back."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention_pipeline.config import Rfm
from retention_pipeline.metrics.rfm import as_toml, propose


def test_customers_who_differ_are_cut_into_fifths() -> None:
    values = np.arange(1.0, 101.0)
    cuts = propose(values, values, values)
    assert cuts.recency_days == (20, 40, 60, 80)
    scores = np.searchsorted(cuts.frequency, values, side="left") + 1
    assert np.bincount(scores)[1:].tolist() == [20, 20, 20, 20, 20]


def test_who_did_not_order_lately_has_no_say_in_frequency_and_money() -> None:
    frequency = np.array([0.0] * 90 + [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    cuts = propose(np.arange(100.0), frequency, frequency * 10)
    assert cuts.frequency == (2, 4, 6, 8)
    assert cuts.monetary == (20, 40, 60, 80)


def test_without_recent_orders_there_is_nothing_to_propose() -> None:
    with pytest.raises(ValueError, match="nobody"):
        propose(np.ones(3), np.zeros(3), np.zeros(3))


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 12), st.integers(-500, 9_999_999)), min_size=1))
def test_the_section_is_always_valid(customers: list[tuple[int, int, int]]) -> None:
    recency, frequency, cents = (np.array(column, dtype=np.float64) for column in zip(*customers, strict=True))
    if not (frequency > 0).any():
        return
    section = as_toml(propose(recency, frequency, cents / 100), version=3, grain="quarter")
    assert Rfm.model_validate(tomllib.loads(section)["rfm"]).version == 3
