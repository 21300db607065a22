"""The grace period of ``final``: it delays statuses, and moves no value."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.metrics.families import FAMILIES
from tests.metrics.factories import cell, compute, compute_all
from tests.metrics.more_facts import all_facts

DAY = dt.timedelta(days=1)
THROUGH = dt.date(2025, 6, 10)
SOURCES = ("orders", "customers", "feedback", "subscriptions", "tickets", "churn_reasons", "spend")
KEY = [*METRIC_VALUES.key]


def delivered(seed: int, through: dt.date, grace: int = 0) -> pd.DataFrame:
    """Rows of every family of the same facts, had every source been delivered through this date."""
    return compute_all(
        all_facts(seed), data_through=dict.fromkeys(SOURCES, through), final_grace_days=grace, as_of=THROUGH
    )


@pytest.mark.parametrize(("grace", "status"), [(0, "final"), (10, "final"), (11, "provisional"), (365, "provisional")])
def test_may_is_final_while_its_last_day_lies_the_days_of_grace_back(grace: int, status: str) -> None:
    rows = compute("customer_retention", all_facts(3), final_grace_days=grace)
    may = {"basis": "purchase_window", "period_start": "2025-05-01", "segment_set": "all"}
    assert cell(rows, "customer_retention_rate.set_based", **may)["status"] == status


@pytest.mark.long
@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 120))
def test_grace_changes_final_to_provisional_and_nothing_else(seed: int, grace: int) -> None:
    without, within = delivered(seed, THROUGH), delivered(seed, THROUGH, grace)
    columns = [name for name in without if name != "status"]
    pd.testing.assert_frame_equal(without[columns], within[columns])
    differs = (without["status"].astype("str") != within["status"].astype("str")).to_numpy()
    assert set(without["status"][differs]) <= {"final"}
    assert set(within["status"][differs]) <= {"provisional"}


@pytest.mark.long
@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 120))
def test_final_with_grace_is_final_by_deliveries_that_many_days_shorter(seed: int, grace: int) -> None:
    """Where both have a value; what counts delivered periods has fewer of them in the shorter deliveries."""
    within, shorter = delivered(seed, THROUGH, grace), delivered(seed, THROUGH - grace * DAY)
    both = within.merge(shorter, on=KEY, suffixes=("", "_shorter"))
    both = both[both["value"].notna() & both["value_shorter"].notna()]
    same_period = (both["period_end"] == both["period_end_shorter"]).to_numpy()
    assert same_period.sum() > 1000
    statuses = both.loc[same_period, ["status", "status_shorter"]].astype("str")
    assert (statuses["status"] == statuses["status_shorter"]).all()


def test_every_family_waits() -> None:
    for family in FAMILIES:
        rows = compute(family, all_facts(3), final_grace_days=3650)
        assert set(rows["status"]) & {"provisional"}, family
        assert "final" not in set(rows["status"]), family
