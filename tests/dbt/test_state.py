"""Which rows make up the state at ``as_of``: snapshots, superseded and refused deliveries, absent sources."""

from __future__ import annotations

import pytest

from tests.dbt.support import MARTS, Project, Rows, cells

STAGING = ("path:models/staging",)


def snapshots() -> Rows:
    rows = Rows()
    for day in ("2024-01-01", "2024-02-01", "2024-03-01"):
        rows.deliver("orders", day, kind="snapshot")
        rows.deliver("customers", day, kind="snapshot")
    for day in ("2024-01-01", "2024-02-01"):
        rows.order("kept", "anna", "2024-01-01", 10, known=day)
        rows.customer("anna", day, tier="basic" if day < "2024-02" else "gold")
        rows.customer("gone", day, tier="basic")
    rows.order("deleted", "gone", "2024-01-01", 20, known="2024-01-01")
    rows.order("kept", "anna", "2024-01-01", 11, known="2024-03-01", updated="2023-12-01 00:00:00")
    rows.customer("anna", "2024-03-01", tier="gold")
    return rows


def test_an_order_missing_from_the_latest_snapshot_is_deleted(project: Project) -> None:
    built = project.build(snapshots(), select=STAGING, as_of="2024-02-29")
    assert cells(built, "select order_id, revenue_gross as gross, known_date from staging.stg_orders") == [
        {"order_id": "kept", "gross": 10, "known_date": "2024-02-01"}
    ]
    assert built.execute("select count(*) from staging.stg_customers").fetchall() == [(2,)]


def test_the_snapshot_decides_and_earlier_ones_only_keep_the_history_of_attributes(project: Project) -> None:
    built = project.build(snapshots(), select=STAGING, as_of="2024-03-15")
    assert cells(built, "select order_id, revenue_gross as gross from staging.stg_orders") == [
        {"order_id": "kept", "gross": 11}  # although its updated_at is older than nothing at all
    ]
    assert built.execute("select customer_id from staging.stg_customers").fetchall() == [("anna",)]
    assert cells(built, "select * exclude (segment_set) from staging.stg_customer_attributes order by all") == [
        {"customer_id": "anna", "segment_key": "basic", "valid_from": "0001-01-01", "valid_to": "2024-02-01"},
        {"customer_id": "anna", "segment_key": "gold", "valid_from": "2024-02-01", "valid_to": "9999-12-31"},
        {"customer_id": "gone", "segment_key": "basic", "valid_from": "0001-01-01", "valid_to": "9999-12-31"},
    ]


def test_an_empty_snapshot_deletes_everything_and_superseded_or_refused_deliveries_never_count(
    project: Project,
) -> None:
    rows = snapshots()
    rows.deliver("orders", "2024-03-10", name="superseded", kind="snapshot", is_current=False)
    rows.deliver("orders", "2024-03-11", name="refused", kind="snapshot", status="refused")
    for delivery in ("superseded", "refused"):
        rows.order(delivery, "anna", "2024-03-10", 1, known="2024-03-10", delivery=delivery)
    rows.deliver("customers", "2024-03-12", kind="snapshot")
    built = project.build(rows, select=STAGING, as_of="2024-03-15")
    assert built.execute("select order_id from staging.stg_orders").fetchall() == [("kept",)]
    assert built.execute("select count(*) from staging.stg_customers").fetchall() == [(0,)]


def test_a_history_file_is_cut_at_as_of_by_the_known_date_of_its_rows(project: Project) -> None:
    rows = Rows()
    rows.deliver("orders", None, name="history")
    rows.order("early", "anna", "2024-01-01", 1, delivery="history")
    rows.order("late", "anna", "2024-03-01", 1, delivery="history")
    built = project.build(rows, select=STAGING, as_of="2024-02-29")
    assert built.execute("select order_id from staging.stg_orders").fetchall() == [("early",)]


@pytest.mark.long
def test_without_feedback_customers_and_segments_the_facts_of_orders_still_stand(project: Project) -> None:
    rows = Rows()
    rows.order("one", "anna", "2024-03-01", 10)
    built = project.build(rows, tests=True, segments=[], derived_segments=[])
    assert built.execute(
        "select distinct segment_set, segment_key, customers_ordering from marts.fct_period where grain = 'month'"
    ).fetchall() == [("all", "all", 1)]
    assert built.execute("select count(*) from marts.fct_feedback_period").fetchall() == [(0,)]


@pytest.mark.long
def test_nothing_delivered_gives_empty_tables(project: Project) -> None:
    built = project.build(Rows(), data_through=None, segments=[])
    assert [built.execute(f"select count(*) from marts.{name}").fetchall() for name in MARTS] == [[(0,)]] * len(MARTS)
