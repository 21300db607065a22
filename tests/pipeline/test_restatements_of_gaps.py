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


def test_a_gap_that_is_filled_and_the_first_customer_of_a_country(fresh_shop: ShopFolder) -> None:
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
    filled = story.nights["filled"].after
    # spending had finished the weeks whose costs were still provisional, contracts those whose orders had not come
    provisional = "metric = 'customer_acquisition_cost' and old_status = 'provisional'"
    assert causes(fresh_shop, filled, provisional)
    assert all("maturing" in text for text in causes(fresh_shop, filled, provisional))
    of_contracts = "metric = 'customers' and variant = 'ordering' and basis = 'subscription' and segment_set = 'all'"
    assert causes(fresh_shop, filled, of_contracts)
    assert all("late_order" in text for text in causes(fresh_shop, filled, of_contracts))

    def from_a_new_country(orders: Orders) -> None:
        orders.deliver("2023-05-01", [new_order("X1", STRANGER, "2023-05-01")])
        header = next((landing / "customers").glob("*.csv")).read_text(encoding="utf-8").splitlines()[0]
        record = (
            f"{STRANGER},Rui,Costa,rui@example.com,PT,organic_search,bronze,2023-05-01T09:00:00,2023-05-01T09:00:00"
        )
        (landing / "customers" / "customers_2023-05-01.csv").write_text(f"{header}\n{record}\n", encoding="utf-8")

    night = story.night("new country", from_a_new_country)
    assert_all_explained(story, "new country")
    with open_published(fresh_shop.settings.home) as published:
        rows = published.execute(
            "select distinct segment_key, causes, old_status is null from metric_restatements"
            " where version = ? and causes like '%segment%'",
            [night.after],
        ).fetchall()
    assert rows == [("PT", "segment", True)]
