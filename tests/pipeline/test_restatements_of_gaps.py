"""Weeks that are filled in while other sources went on, and a segment's first member: all of it has a cause."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from retention_pipeline.warehouse.read import open_published
from tests.pipeline.conftest import ShopFolder
from tests.pipeline.restatement_story import Orders, Story, causes, changed_cells, ledger_rows, new_order

pytestmark = pytest.mark.long

GAP = [dt.date(2023, 2, 6) + dt.timedelta(days=number) for number in range(14)]
STRANGER = "9999999"


def assert_all_explained(story: Story, name: str) -> None:
    night = story.nights[name]
    expected = changed_cells(story.version(night.before), story.version(night.after))
    assert len(expected) > 100
    assert ledger_rows(story.shop, night.after) == expected
    assert "unexplained" not in causes(story.shop, night.after)
    assert "without a cause" not in night.printed


def test_a_gap_that_is_filled_and_a_customer_whom_nobody_knows(fresh_shop: ShopFolder) -> None:
    landing, aside = fresh_shop.folder / "landing", fresh_shop.folder / "aside"
    missing = [path for day in GAP for path in sorted(landing.glob(f"*/*_{day}.csv"))]
    assert len(missing) >= 3 * len(GAP)  # orders, customers and feedback

    def move(paths: list[Path], source: Path, to: Path) -> None:
        for path in paths:
            target = to / path.relative_to(landing)
            target.parent.mkdir(parents=True, exist_ok=True)
            (source / path.relative_to(landing)).rename(target)

    move(missing, landing, aside)
    story = Story(fresh_shop)
    story.night("first", lambda orders: None)
    story.night("filled", lambda orders: move(missing, aside, landing))
    assert_all_explained(story, "filled")
    # spending had finished the weeks: their cost moved by orders of days that orders had not come to
    spending = "metric in ('customer_acquisition_cost', 'payback_age')"
    assert {"maturing"} <= {each for text in causes(fresh_shop, story.nights["filled"].after, spending) for each in
                            text.split(", ")}  # fmt: skip
    contracts = "metric = 'customers' and variant = 'ordering' and basis = 'subscription' and old_status = 'final'"
    assert causes(fresh_shop, story.nights["filled"].after, contracts) <= {"late_order"}

    def from_a_stranger(orders: Orders) -> None:
        orders.deliver("2023-05-01", [new_order("X1", STRANGER, "2023-05-01")])

    night = story.night("stranger", from_a_stranger)
    assert_all_explained(story, "stranger")
    with open_published(fresh_shop.settings.home) as published:
        rows = published.execute(
            "select distinct segment_key, causes, old_status is null from metric_restatements"
            " where version = ? and causes like '%segment%'",
            [night.after],
        ).fetchall()
    assert rows == [("(unknown)", "segment", True)]
