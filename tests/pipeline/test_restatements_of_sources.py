"""Restatements by sources other than orders: a snapshot without a record, answers and spending that arrive late."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.conftest import ShopFolder
from tests.pipeline.restatement_story import Orders, Story, add_line, causes, changed_cells, ledger_rows

pytestmark = pytest.mark.long


def assert_exact(story: Story, name: str, expected_causes: set[str]) -> None:
    night = story.nights[name]
    expected = changed_cells(story.version(night.before), story.version(night.after))
    assert len(expected) > 5
    assert ledger_rows(story.shop, night.after) == expected
    assert causes(story.shop, night.after) == expected_causes


def write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(lines), encoding="utf-8")


def customer_without_answer(landing: Path, orders: Orders) -> str:
    """Of several answers of a customer only the latest of a wave counts."""
    answers = "".join(path.read_text(encoding="utf-8") for path in (landing / "feedback").glob("*.csv"))
    return min(row["customer_no"] for row in orders.plain("2023-03") if f",{row['customer_no']}," not in answers)


def test_what_other_sources_restate(fresh_shop: ShopFolder) -> None:
    landing = fresh_shop.folder / "landing"
    text = fresh_shop.config.read_text(encoding="utf-8")
    head = 'path = "landing/subscriptions/subscriptions_{date}.csv"\n'
    assert head in text
    fresh_shop.config.write_text(text.replace(head, head + 'kind = "snapshot"\n'), encoding="utf-8")
    story = Story(fresh_shop)
    story.night("first", lambda orders: None)

    snapshot = sorted((landing / "subscriptions").glob("*.csv"))[-1]
    lines = snapshot.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(("M50006,", "M50012,"))]
    assert len(kept) == len(lines) - 2
    story.night("snapshot", lambda orders: write(snapshot, kept))
    assert_exact(story, "snapshot", {"deletion"})

    silent = customer_without_answer(landing, story.orders)
    answer = f"F99999,{silent},,recommend,9,2023-04-10T09:00:00,2023-04-10T10:00:00,2023-04-10T10:00:00,"
    story.night("answer", lambda orders: add_line(landing / "feedback" / "feedback_2023-04-10.csv", answer))
    assert_exact(story, "answer", {"late_record"})

    booking = "2023-02-14,ads,paid_search,123.45"
    story.night("spend", lambda orders: add_line(landing / "spend" / "spend.csv", booking))
    assert_exact(story, "spend", {"late_record"})
