"""What counts as an incident."""

from __future__ import annotations

import datetime as dt

import pytest

from retention_pipeline.alerts.incident import Incident, Kind
from retention_pipeline.alerts.observe import observe
from retention_pipeline.alerts.rules import Findings, find_incidents
from retention_pipeline.config import Settings
from retention_pipeline.warehouse.lock import writer_lock
from tests.alerts.conftest import NOW
from tests.alerts.home import Shop, limits


def found(settings: Settings, moment: dt.datetime = NOW) -> Findings:
    return find_incidents(observe(settings, moment, thorough=True), (), settings.alerts)


def kinds(settings: Settings, moment: dt.datetime = NOW) -> list[Kind]:
    return [incident.kind for incident in found(settings, moment).incidents]


def only(settings: Settings, moment: dt.datetime = NOW) -> Incident:
    (incident,) = found(settings, moment).incidents
    return incident


def test_a_healthy_shop_has_no_incident(settings: Settings) -> None:
    assert kinds(settings) == []


@pytest.mark.parametrize(("days", "is_stale"), [(1, True), (2, False), (3, False), (0, False)])
def test_freshness_is_counted_in_the_shops_days(days: int, is_stale: bool, shop: Shop) -> None:
    assert kinds(shop.settings(freshness_days=days)) == [Kind.FRESHNESS_MISSED] * is_stale


def test_the_day_is_the_shops_and_not_the_clocks(shop: Shop) -> None:
    settings = shop.settings(freshness_days=2)
    before, after = dt.datetime(2025, 3, 2, 22, 59, tzinfo=dt.UTC), dt.datetime(2025, 3, 2, 23, 1, tzinfo=dt.UTC)
    assert kinds(settings, before) == []
    assert kinds(settings, after) == [Kind.FRESHNESS_MISSED]


def test_received_on_stands_for_the_end_of_that_day(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_RECEIVED_ON", "2025-03-01")
    assert kinds(shop.settings(due_hours={"orders": 23})) == []
    monkeypatch.setenv("RETENTION_RECEIVED_ON", "2025-03-02")
    assert kinds(shop.settings(due_hours={"orders": 23})) == [Kind.DELIVERY_LATE]


@pytest.mark.parametrize(("hour", "late"), [(10, True), (11, False)])
def test_yesterdays_file_is_late_from_its_hour_on(hour: int, late: bool, shop: Shop) -> None:
    settings = shop.settings(due_hours={"orders": hour})
    assert kinds(settings) == [Kind.DELIVERY_LATE] * late
    if late:
        assert "2025-03-01" in only(settings).title
        assert only(settings).severity == "warning"


def test_days_in_a_row_are_one_incident_and_keep_their_key_while_they_grow(shop: Shop) -> None:
    settings = shop.settings(due_hours={"orders": 6}, freshness_days=0)
    first, later = only(settings), only(settings, NOW + dt.timedelta(days=3))
    assert first.key == later.key == "delivery:orders:2025-03-01"
    assert "2025-03-01 to 2025-03-04" in later.title


def test_a_hole_is_missing_and_a_day_that_follows_does_not_rename_it(shop: Shop) -> None:
    shop.deliver("orders", dt.date(2025, 3, 2))
    incident = only(shop.settings(due_hours={"orders": 6}))
    assert (incident.kind, incident.key) == (Kind.DELIVERY_MISSING, "delivery:orders:2025-03-01")
    assert incident.severity == "error"


def test_holes_are_seen_without_any_due_hour(shop: Shop) -> None:
    shop.deliver("orders", dt.date(2025, 3, 2))
    assert kinds(shop.settings()) == [Kind.DELIVERY_MISSING]


def test_a_refused_file_is_named_with_its_reason_and_is_not_missing(shop: Shop) -> None:
    shop.deliver("orders", dt.date(2025, 2, 27), refusal="empty_file: it has zero bytes")
    incident = only(shop.settings())
    assert incident.kind is Kind.DELIVERY_REFUSED
    assert incident.where == "orders/2025-02-27.csv"
    assert incident.detail == "empty_file: it has zero bytes"


def test_while_a_writer_is_at_work_deliveries_are_not_judged(shop: Shop) -> None:
    shop.deliver("orders", dt.date(2025, 2, 27), refusal="empty_file: it has zero bytes")
    with writer_lock(shop.home, run="r"):
        result = found(shop.settings())
    assert not result.incidents
    assert Kind.DELIVERY_REFUSED in result.unexamined


def test_after_an_interrupt_no_database_is_opened_and_what_hangs_on_one_stays_as_it_is(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.deliver("orders", dt.date(2025, 2, 27), refusal="empty_file: it has zero bytes")
    settings = shop.settings()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a database was opened")

    monkeypatch.setattr("duckdb.connect", refuse)
    result = find_incidents(observe(settings, NOW, thorough=True, interrupted=True), (), settings.alerts)
    assert not result.incidents
    assert {Kind.DELIVERY_REFUSED, Kind.METRIC_OUT_OF_CONTROL} <= result.unexamined
    with pytest.raises(AssertionError, match="opened"):
        observe(settings, NOW, thorough=True)


def test_damage_names_what_is_wrong_and_hides_what_depends_on_it(shop: Shop) -> None:
    observe(shop.settings(), NOW, thorough=True)
    shop.flip_a_bit()
    result = found(shop.settings(freshness_days=1))
    (incident,) = result.incidents
    assert incident.kind is Kind.PUBLICATION_DAMAGED
    assert "facts.parquet" in incident.detail
    assert {Kind.FRESHNESS_MISSED, Kind.METRIC_OUT_OF_CONTROL} <= result.unexamined


def test_before_anything_is_published_nothing_is_wrong(tmp_path_factory: pytest.TempPathFactory) -> None:
    shop = Shop(tmp_path_factory.mktemp("empty"))
    assert kinds(shop.settings()) == []


@pytest.mark.parametrize(("verdict", "wrong"), [("above", 1), ("below", 1), ("in_control", 0), ("insufficient", 0)])
def test_a_metric_is_an_incident_outside_its_limits(verdict: str, wrong: int, shop: Shop) -> None:
    shop.publish(rows=[limits(verdict), {**limits("below", metric="old"), "is_latest": False}])
    result = found(shop.settings())
    assert [incident.kind for incident in result.incidents] == [Kind.METRIC_OUT_OF_CONTROL] * wrong
    assert bool(result.undecided) == (verdict == "insufficient")
    if wrong:
        (incident,) = result.incidents
        assert incident.title == f"customer_retention_rate.set_based is {verdict} its control limits"
        assert "0.5, expected between 0.75 and 0.85" in incident.detail


def test_segments_and_metrics_are_incidents_of_their_own(shop: Shop) -> None:
    shop.publish(rows=[limits("below"), limits("below", key="DE"), limits("above", metric="repeat_customer_rate")])
    assert len({incident.key for incident in found(shop.settings()).incidents}) == 3
