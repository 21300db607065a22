"""The wide tables hold the same values as the long rows, in a layout that data can not change."""

from __future__ import annotations

import pandas as pd
import pytest

from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.metrics.registry import of_family
from retention_pipeline.metrics.wide import wide_columns, wide_table, widen
from tests.metrics.factories import compute
from tests.metrics.more_facts import all_facts

PARTS = {"value": "", "ci_low": "__low", "ci_high": "__high", "n": "__n", "status": "__status"}


def names(family: str) -> list[str]:
    return [column.name for column in wide_columns(family)]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_long_value_stands_in_its_column(family: str) -> None:
    rows = compute(family, all_facts(2), open_ended_cohorts=True)
    wide = widen(rows, family)
    keys = list(wide_table(family).key)
    assert list(wide.columns) == names(family)
    assert not wide.duplicated(keys).any()
    for definition in of_family(family):
        mine = rows[(rows["metric"] == definition.metric) & (rows["variant"] == definition.variant)]
        both = mine.merge(wide, on=keys, suffixes=("", "_wide"))
        assert len(both) == len(mine) > 0
        for part, suffix in PARTS.items():
            if (column := definition.column + suffix) in wide:
                assert both[part].astype("object").fillna("-").eq(both[column].astype("object").fillna("-")).all()
                assert wide[column].notna().sum() == mine[part].notna().sum()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_layout_does_not_depend_on_the_data(family: str) -> None:
    facts = all_facts(2)
    for changes in ({"sources": frozenset({"orders"})}, {"min_cell_size": 10_000}):
        assert list(widen(compute(family, facts, **changes), family).columns) == names(family)
    empty = {name: frame.iloc[:0] for name, frame in facts.items()}
    nothing = widen(compute(family, empty), family)
    assert (len(nothing), list(nothing.columns)) == (0, names(family))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_order_of_long_rows_does_not_matter(family: str) -> None:
    rows = compute(family, all_facts(2))
    shuffled = rows.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(widen(rows, family), widen(shuffled, family))


@pytest.mark.parametrize("family", FAMILIES)
def test_columns_are_named_once_and_explained(family: str) -> None:
    assert len(set(names(family))) == len(names(family))
    assert all(column.meaning.endswith(".") for column in wide_columns(family))
    assert set(wide_table(family).key) <= set(names(family))
    assert wide_table(family).grain.startswith("One row per ")


def test_headline_columns_have_the_names_readers_type() -> None:
    assert {
        "customer_retention_rate__set_based",
        "customer_retention_rate__set_based__low",
        "customer_retention_rate__set_based__status",
    } <= set(names("customer_retention"))
    assert "purchase_frequency" in names("buying_behaviour")
    assert "net_promoter_score__high" in names("feedback_scores")
    assert "cohort_age" in names("cohort_retention")
