"""Shares of RFM groups at the end of a period."""

from __future__ import annotations

import pandas as pd

from retention_pipeline.metrics.customer_segments import GROUPS
from tests.metrics.factories import MONTHS, cell, compute, keys, period_facts


def moves(counts: dict[tuple[str, str], int]) -> dict[str, pd.DataFrame]:
    place = {
        name: value for name, value in keys(MONTHS[0]).items() if name not in {"basis", "segment_set", "segment_key"}
    }
    rows = [
        place | {"from_group": origin, "to_group": target, "customers_count": count}
        for (origin, target), count in counts.items()
    ]
    return {"fct_rfm_transition": pd.DataFrame(rows), "fct_period": period_facts(periods=2)}


def test_a_group_is_everybody_who_ended_in_it_wherever_they_came_from() -> None:
    facts = moves({("(no orders)", "new_customers"): 20, ("loyal", "loyal"): 50, ("champions", "loyal"): 30})
    rows = compute("customer_segments", facts)
    assert cell(rows, "rfm_group_share.standard", segment_key="loyal")["value"] == 0.8
    new = cell(rows, "rfm_group_share.standard", segment_key="new_customers")
    assert (new["value"], new["n"], new["segment_set"], new["ci_method"]) == (0.2, 100, "rfm", "wilson")


def test_a_group_nobody_is_in_has_a_share_of_0() -> None:
    rows = compute("customer_segments", moves({("loyal", "loyal"): 50}))
    assert set(rows["segment_key"]) == set(GROUPS)
    assert len(rows) == len(GROUPS) == 11
    assert cell(rows, "rfm_group_share.standard", segment_key="lost")["value"] == 0


def test_few_people_in_a_group_are_protected() -> None:
    rows = compute("customer_segments", moves({("loyal", "loyal"): 50, ("loyal", "lost"): 3, ("loyal", "at_risk"): 9}))
    hidden = set(rows.loc[rows["status"] == "suppressed", "segment_key"])
    assert hidden == {"lost", "at_risk"}


def test_without_cut_points_every_period_says_that_the_source_is_absent() -> None:
    facts = moves({("loyal", "loyal"): 50})
    rows = compute("customer_segments", facts | {"fct_rfm_transition": facts["fct_rfm_transition"].iloc[:0]})
    assert set(rows["status"]) == {"source_absent"}
    assert len(rows) == 2
    assert set(rows["segment_set"]) == {"all"}
