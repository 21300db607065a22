"""Every change of a published number is in the ledger, with what it was, what it became and why (I6, T2, T5, T12)."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

import retention_pipeline
from retention_pipeline.cli.history import Wanted, show_restatements, show_settling
from retention_pipeline.cli.history_diff import show_diff
from retention_pipeline.core.causes import Cause
from retention_pipeline.core.errors import ConfigError, NothingPublishedError
from retention_pipeline.metrics import catalog, customer_retention
from retention_pipeline.metrics.registry import REGISTRY
from retention_pipeline.warehouse.ledger.settling import LAGS
from retention_pipeline.warehouse.read import open_published
from tests.pipeline.conftest import ID_KEY, ShopFolder
from tests.pipeline.restatement_story import (
    COMPARED,
    KEY,
    OPEN,
    Orders,
    Story,
    causes,
    changed,
    changed_cells,
    is_rolling,
    ledger_rows,
    new_order,
)

pytestmark = pytest.mark.long

CLOSED = f"coalesce(old_status not in {OPEN}, true) and coalesce(new_status not in {OPEN}, true)"
SETTLED = f"{CLOSED} and metric not in ('time_between_orders', 'reorder_rate', 'sla_met_rate')"
"""Cells that time alone does not move: neither open nor followed beyond their period."""
LATE_DAYS = {"2023-04-30": 1, "2023-04-28": 3, "2023-04-01": 30}


def late_by_1_3_and_30_days(orders: Orders) -> None:
    """All of a customer who had first ordered in April; so the customer moves to an earlier cohort by the last one."""
    customer = first_ordered_in(orders, "2023-04")
    late = [new_order(f"L{number}", customer, day) for number, day in enumerate([*LATE_DAYS, "2023-02-10"])]
    orders.deliver("2023-05-01", late)


def first_ordered_in(orders: Orders, month: str) -> str:
    firsts: dict[str, str] = {}
    for row in orders.latest().values():
        customer = row["customer_no"].strip()
        if customer:
            firsts[customer] = min(firsts.get(customer, "9"), row["placed_at"])
    return min(customer for customer, first in firsts.items() if first.startswith(month))


def late_by_400_days(orders: Orders) -> None:
    customer = orders.plain("2023-03")[0]["customer_no"]
    orders.deliver("2023-05-01", [new_order("L9", customer, "2022-03-27")])


def correction(orders: Orders) -> None:
    orders.deliver("2023-05-02", [changed(orders.plain("2023-03")[1], "2023-05-02", total="77.77")])


def cancellation(orders: Orders) -> None:
    orders.deliver("2023-05-03", [changed(orders.plain("2023-03")[2], "2023-05-03", state="annulled")])


def refund(orders: Orders) -> None:
    money_back = {"refunded": "9.99", "refunded_at": "2023-05-03T09:00:00"}
    orders.deliver("2023-05-04", [changed(orders.plain("2023-03")[3], "2023-05-04", **money_back)])


def customer_merge(orders: Orders) -> None:
    one, other = orders.plain("2023-02")[:2]
    assert one["customer_no"] != other["customer_no"]
    orders.deliver("2023-05-05", [changed(one, "2023-05-05", customer_no=other["customer_no"])])


def deletion_in_a_day_delivered_again(orders: Orders) -> None:
    once = [row for row in orders.plain("2023-03") if row["placed_at"] == row["changed_at"]]
    day = once[5]["placed_at"][:10]
    orders.drop(day, once[5]["order_no"])


def nothing(orders: Orders) -> None:
    pass


def a_mixed_night(orders: Orders) -> None:
    march, april = orders.plain("2023-03"), orders.plain("2023-04")
    orders.deliver(
        "2023-05-06",
        [
            new_order("M1", march[8]["customer_no"], "2023-04-20"),
            new_order("M2", march[9]["customer_no"], "2023-05-06"),
            changed(march[10], "2023-05-06", state="annulled"),
            changed(april[3], "2023-05-06", refunded="5.00", refunded_at="2023-05-05T09:00:00"),
            changed(april[4], "2023-05-06", total="33.33"),
        ],
    )


def an_empty_day(orders: Orders) -> None:
    orders.deliver("2023-05-07", [])


def a_plain_night(orders: Orders) -> None:
    orders.deliver("2023-05-08", [new_order("P1", orders.plain("2023-04")[0]["customer_no"], "2023-05-08")])


NIGHTS = (late_by_1_3_and_30_days, late_by_400_days, correction, cancellation, refund, customer_merge)


@pytest.fixture(scope="module")
def story(published_shop: ShopFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Fourteen runs on one shop; every version is kept."""
    shop = published_shop.copy(tmp_path_factory.mktemp("story") / "shop", with_home=True)
    text = shop.config.read_text(encoding="utf-8")
    shop.config.write_text(text.replace("keep_versions = 10", "keep_versions = 50"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETENTION_ID_KEY", ID_KEY)
        patch.setenv("RETENTION_RECEIVED_ON", "2026-01-01")
        yield _told(Story(shop), patch)


def _told(story: Story, patch: pytest.MonkeyPatch) -> Story:
    for night in NIGHTS:
        story.night(night.__name__, night)
    story.night("deletion", deletion_in_a_day_delivered_again)
    story.night("unchanged", nothing)
    story.night("mixed", a_mixed_night)
    raised = tuple(replace(each, version=2) for each in customer_retention.DEFINITIONS)
    others = [each for each in REGISTRY if each.family != "customer_retention"]
    patch.setattr(customer_retention, "DEFINITIONS", raised)
    patch.setattr(catalog, "REGISTRY", (*raised, *others))
    story.night("definition", an_empty_day)
    text = story.shop.config.read_text(encoding="utf-8")
    changed_window = text.replace("activity_window_days = 90", "activity_window_days = 60")
    story.shop.config.write_text(changed_window, encoding="utf-8")
    story.night("configuration", nothing)
    story.night("reenactment", nothing, as_of=dt.date(2023, 5, 2))
    story.night("plain", a_plain_night)
    return story


COMPARED_NIGHTS = (
    *(night.__name__ for night in NIGHTS), "deletion", "mixed", "definition", "configuration",
)  # fmt: skip


@pytest.mark.parametrize("name", COMPARED_NIGHTS)
def test_the_ledger_holds_exactly_the_cells_that_changed(story: Story, name: str) -> None:
    night = story.nights[name]
    expected = changed_cells(story.version(night.before), story.version(night.after))
    found = ledger_rows(story.shop, night.after)
    assert len(expected) > 10
    assert {cell: found.get(cell) for cell in expected} == expected, "recall"
    assert set(found) <= set(expected), "precision"


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("late_by_1_3_and_30_days", "late_order"),
        ("late_by_400_days", "late_order"),
        ("correction", "correction"),
        ("cancellation", "cancellation"),
        ("refund", "refund"),
        ("customer_merge", "customer_merge"),
        ("deletion", "deletion"),
        ("definition", "definition"),
        ("configuration", "configuration"),
    ],
)
def test_a_night_with_one_cause_names_it(story: Story, name: str, cause: str) -> None:
    night = story.nights[name]
    assert causes(story.shop, night.after, SETTLED) == {cause}
    everywhere = {each for text in causes(story.shop, night.after) for each in text.split(", ")}
    assert everywhere <= {cause, "maturing"}
    same_night = "as_of = previous_as_of"
    assert causes(story.shop, night.after, same_night) <= {cause}


def test_nothing_stays_unexplained(story: Story) -> None:
    for night in story.nights.values():
        assert "without a cause" not in night.printed, night.name
        assert "unexplained" not in causes(story.shop, night.after)


@pytest.mark.parametrize("day", [*LATE_DAYS, "2023-02-10"])
def test_a_late_order_reaches_the_periods_of_its_day(story: Story, day: str) -> None:
    version = story.nights["late_by_1_3_and_30_days"].after
    with open_published(story.shop.settings.home, version) as published:
        grains = published.execute(
            "select distinct grain from metric_restatements where version = ? and metric = 'orders'"
            " and segment_set = 'all' and period_start <= ?::date and period_end > ?::date and new_value > old_value",
            [version, day, day],
        ).fetchall()
    finished = {"week"} | ({"month"} if day < "2023-05" else set())
    assert {grain for (grain,) in grains} >= finished


def test_a_first_order_that_moves_restates_both_cohorts(story: Story) -> None:
    version = story.nights["late_by_1_3_and_30_days"].after
    with open_published(story.shop.settings.home, version) as published:
        sizes = published.execute(
            "select distinct cohort_start, new_denominator - old_denominator from metric_restatements"
            " where version = ? and metric = 'cohort_retention' and variant = 'on' and grain = 'month'"
            " and segment_set = 'all' and new_denominator <> old_denominator order by 1",
            [version],
        ).fetchall()
    assert [(str(start), int(moved)) for start, moved in sizes] == [("2023-02-01", 1), ("2023-04-01", -1)]


def test_the_deliveries_behind_a_change_are_named(story: Story) -> None:
    version = story.nights["refund"].after
    with open_published(story.shop.settings.home, version) as published:
        rows = published.execute(
            "select distinct deliveries.source, deliveries.business_date, ledger.deliveries_count"
            " from (select unnest(delivery_ids) as delivery_id, deliveries_count from metric_restatements"
            "     where version = ? and causes = 'refund') as ledger"
            " inner join _deliveries as deliveries using (delivery_id)",
            [version],
        ).fetchall()
    assert rows == [("orders", dt.date(2023, 5, 4), 1)]


def test_an_unchanged_run_and_a_reenactment_restate_nothing(story: Story) -> None:
    assert story.nights["unchanged"].before == story.nights["unchanged"].after
    version = story.nights["reenactment"].after
    with open_published(story.shop.settings.home, version) as published:
        rows = published.execute(
            "select compared_with, is_reenactment from _versions where version = ?", [version]
        ).fetchall()
        known = published.execute("select max(as_of), count(*) from metric_restatements").fetchall()[0]
    assert rows == [(None, True)]
    assert known[0] == dt.date(2023, 5, 2)
    assert known[1] > 0


def test_the_night_after_a_reenactment_follows_the_main_line(story: Story) -> None:
    night = story.nights["plain"]
    last = story.nights["configuration"].after
    with open_published(story.shop.settings.home) as published:
        assert published.execute("select compared_with from _versions where version = ?", [night.after]).fetchall() == [
            (last,)
        ]
        memory = published.execute("select distinct version from metric_restatements").fetchall()
    expected = changed_cells(story.version(last), story.version(night.after))
    assert ledger_rows(story.shop, night.after) == expected
    assert {version for (version,) in memory} >= {story.nights[name].after for name in COMPARED_NIGHTS}


def as_seen(rows: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    key = len(KEY)
    return {row[:key]: row[key : key + len(COMPARED)] for row in rows}


def test_what_was_known_at_a_date_comes_back_exactly(story: Story) -> None:
    with open_published(story.shop.settings.home) as published:
        line = published.execute("select as_of, version from _versions where not is_reenactment").fetchall()
    last_of_date = dict(sorted(line, key=lambda row: (row[0], int(row[1][1:]))))
    assert len(last_of_date) >= 7
    columns = ", ".join((*KEY, *COMPARED))
    for as_of, version in last_of_date.items():
        relation = retention_pipeline.as_known_at(story.shop.settings.home_dir, as_of)
        found = as_seen(relation.project(columns).fetchall())
        expected = story.version(version).finished()
        assert len(expected) > 1000
        assert found == expected, f"as of {as_of}"
    later = retention_pipeline.as_known_at(story.shop.settings.home_dir, "2030-01-01")
    assert as_seen(later.project(columns).fetchall()) == story.version(story.shop.version() or "").finished()


def test_before_the_first_version_nothing_was_known(story: Story) -> None:
    with pytest.raises(NothingPublishedError, match="nothing had been published for 2023-01-02"):
        retention_pipeline.as_known_at(story.shop.settings.home_dir, dt.date(2023, 1, 2))
    with pytest.raises(NothingPublishedError, match="does not remember what was seen"):
        retention_pipeline.as_known_at(
            story.shop.settings.home_dir, dt.date(2023, 5, 2), version=story.nights["reenactment"].after
        )


def test_the_macro_works_in_the_file_alone(story: Story, tmp_path: Path) -> None:
    file = story.shop.settings.home.current_link / "retention.duckdb"
    query = "select count(*), any_value(seen_as_of) from as_known_at(date '2023-05-03')"
    with duckdb.connect(str(file), read_only=True) as connection:
        direct = connection.execute(query).fetchall()
    with duckdb.connect() as connection:
        connection.execute(f"attach '{file}' as shop (read_only)")
        connection.execute("use shop")
        assert connection.execute(query).fetchall() == direct
    assert direct[0][0] > 1000
    assert direct[0][1] == dt.date(2023, 5, 3)


def test_both_definitions_stay_readable(story: Story) -> None:
    def versions_of(version: str) -> set[int]:
        with open_published(story.shop.settings.home, version) as published:
            rows = published.execute(
                "select distinct definition_version from metric_values where metric = 'customer_retention_rate'"
            ).fetchall()
        return {number for (number,) in rows}

    night = story.nights["definition"]
    assert versions_of(night.before) == {1}
    assert versions_of(night.after) == {2}
    with open_published(story.shop.settings.home, night.after) as published:
        families = published.execute(
            "select distinct old_definition_version, new_definition_version from metric_restatements where version = ?"
            " and causes like '%definition%'",
            [night.after],
        ).fetchall()
    assert families == [(1, 2)]


def test_the_settling_table_is_what_the_ledger_says(story: Story) -> None:
    """Counted again in Python from the versions themselves."""
    with open_published(story.shop.settings.home) as published:
        line = published.execute(
            "select as_of, version from _versions where not is_reenactment order by 1, 2"
        ).fetchall()
        rows = published.execute(
            "select grain, lag_days, cells_count, moved_count, suggested_grace_days from period_settling"
            " where metric = 'revenue' and variant = 'net'"
        ).fetchall()
        moves = published.execute(
            f"select {', '.join(KEY)}, as_of, causes from metric_restatements where metric = 'revenue'"
            " and variant = 'net'"
        ).fetchall()
    first, last = line[0][0], line[-1][0]
    current = [cell for cell in story.version(line[-1][1]).cells if cell[:2] == ("revenue", "net")]
    by_delivery = [row for row in moves if not set(row[-1].split(", ")) <= {"definition", "configuration", "maturing"}]
    assert rows
    for grain, lag, cells, moved, _ in rows:
        after = dt.timedelta(days=lag)
        observed = [c for c in current if c[3] == grain and not is_rolling(c) and first <= c[-1] + after <= last]
        late = {row[:-2] for row in by_delivery if row[-2] - row[len(KEY) - 1] > after}
        assert cells == len(observed)
        assert moved == len(late & set(observed))
    assert {lag for _, lag, *_ in rows} <= set(LAGS)
    assert sum(moved for *_, moved, _ in rows) > 0


def test_every_row_says_how_far_the_declared_sources_had_been_delivered(story: Story) -> None:
    """`_metric_sources` and `_coverage` give back `data_through` of each metric row."""
    night = story.nights["mixed"]
    with open_published(story.shop.settings.home, night.after) as published:
        rows = published.execute(
            "with declared as (select metric, variant, basis, min(coverage.data_through) as data_through"
            "     from _metric_sources join _coverage as coverage using (source)"
            "     where is_completing and coverage.version = ? group by all)"
            " select distinct metric, variant, basis, found.data_through, declared.data_through"
            " from metric_values as found left join declared using (metric, variant, basis)"
            " where found.data_through is distinct from declared.data_through",
            [night.after],
        ).fetchall()
        different = published.execute(
            "select count(distinct data_through) from _coverage where version = ?", [night.after]
        ).fetchall()
    assert rows == []
    assert different[0][0] >= 3


def printed(show: Any, *arguments: Any, **named: Any) -> str:
    text = io.StringIO()
    show(*arguments, Console(file=text, width=160), **named)
    return text.getvalue()


def test_the_command_shows_totals_and_the_largest_changes(story: Story) -> None:
    settings = story.shop.settings
    everything = printed(show_restatements, settings, Wanted(), form="table")
    assert {"late_order", "refund", "deletion", "configuration"} <= set(everything.split())
    refunds = printed(
        show_restatements, settings, Wanted("revenue.net", dt.date(2023, 5, 4), Cause.REFUND), form="table"
    )
    assert "revenue.net" in refunds
    assert "customer_merge" not in refunds
    nothing_there = printed(show_restatements, settings, Wanted(period=dt.date(2029, 1, 1)), form="table")
    assert "nothing that was published before has changed" in nothing_there
    with pytest.raises(ConfigError, match=r"there is no metric 'revenues'\n.*did you mean revenue"):
        show_restatements(settings, Wanted("revenues"), Console(), form="table")


def test_the_command_writes_all_rows_for_other_programs(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    show_restatements(story.shop.settings, Wanted("revenue.net", cause=Cause.REFUND), Console(), form="json")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows
    assert all(row["metric"] == "revenue" and "refund" in row["causes"] for row in rows)
    show_settling(story.shop.settings, "revenue", Console(), form="csv")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("metric,variant,grain,lag_days,")
    assert len(lines) > 10


def test_the_command_shows_how_long_periods_move(story: Story) -> None:
    shown = printed(show_settling, story.shop.settings, None, form="table")
    assert "revenue.net" in printed(show_settling, story.shop.settings, "revenue", form="table")
    assert "grace" in shown


def test_two_versions_side_by_side(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    night = story.nights["refund"]
    shown = printed(show_diff, story.shop.settings, night.before, night.after, form="table")
    assert "tables that differ" in shown
    assert "fct_period" in shown
    assert "refund" in shown
    show_diff(story.shop.settings, night.before, night.after, Console(), form="csv")
    lines = capsys.readouterr().out.splitlines()
    old, new = story.version(night.before).cells, story.version(night.after).cells
    differing = {cell for cell in {*old, *new} if old.get(cell) != new.get(cell)}
    assert len(lines) == len(differing) + 1
    over_two = printed(show_diff, story.shop.settings, story.nights["cancellation"].before, night.after, form="table")
    assert "of finished periods, by cause (2 steps, each cell once per step)" in over_two
    assert {"cancellation", "refund"} <= set(over_two.split())
    astray = printed(show_diff, story.shop.settings, night.before, story.nights["reenactment"].after, form="table")
    assert "no causes: one of the versions is a re-enactment" in astray
    with pytest.raises(NothingPublishedError, match="no version 'v999999'"):
        show_diff(story.shop.settings, night.before, "v999999", Console(), form="table")
